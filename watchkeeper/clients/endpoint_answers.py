"""One HTTP answer of an endpoint: what it held, and what is wrong with it."""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx

from watchkeeper.clients.endpoint_conditions import BODY_LIMIT, Body, Flaw, find_flaw
from watchkeeper.clients.endpoint_failures import ProbeError
from watchkeeper.domain.endpoints import Endpoint, ProbeFailure

_SHOWN_URL: Final = 200


@dataclass(slots=True)
class Answer:
    """What was seen of the last answer; kept when the probe goes wrong later."""

    status: int | None = None
    location: str = ""
    certificate_expires_at: datetime | None = None
    body: Body = Body(b"")  # noqa: RUF009 - frozen
    encoding: str = ""


def parse_url(text: str, base: httpx.URL | None = None) -> httpx.URL:
    try:
        url = base.join(text) if base is not None else httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        url = httpx.URL("")
    if url.scheme not in {"http", "https"} or not url.host:
        what = "its address" if base is None else "the address it redirects to"
        raise ProbeError(ProbeFailure.PROTOCOL, f"{what} is not a valid http or https URL")
    return url


def shown_url(location: str, base: httpx.URL) -> str:
    """Return where `location` points without what may be secret in it: user, password, query and fragment."""
    try:
        url = parse_url(location, base)
    except ProbeError:
        return ""
    port = f":{url.port}" if url.port else ""
    host = f"[{url.host}]" if ":" in url.host else url.host
    return f"{url.scheme}://{host}{port}{url.raw_path.decode('ascii').partition('?')[0]}"[:_SHOWN_URL]


def certificate_end(response: httpx.Response) -> datetime | None:
    connection = response.extensions["network_stream"].get_extra_info("ssl_object")
    if connection is None:
        return None
    seconds = ssl.cert_time_to_seconds(connection.getpeercert()["notAfter"])
    return datetime.fromtimestamp(seconds, UTC)


async def read_body(response: httpx.Response) -> Body:
    parts, size = [], 0
    async for part in response.aiter_raw():
        parts.append(part)
        size += len(part)
        if size > BODY_LIMIT:
            return Body(b"".join(parts)[:BODY_LIMIT], is_cut=True)
    return Body(b"".join(parts))


def judge_answer(endpoint: Endpoint, answer: Answer) -> Flaw | None:
    if answer.status not in endpoint.expected_status:
        wanted = " or ".join(map(str, endpoint.expected_status))
        to = f" to {answer.location}" if answer.location else ""
        return Flaw(ProbeFailure.STATUS, f"answered {answer.status}{to}, expected {wanted}")
    if not endpoint.body_contains and not endpoint.json_condition:
        return None
    body = answer.body.decoded(answer.encoding)
    return body if isinstance(body, Flaw) else find_flaw(endpoint, body)
