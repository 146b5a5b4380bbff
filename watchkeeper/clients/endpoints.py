"""Probes of a project's own endpoints, as a visitor would meet them: no credentials, a fresh connection each time."""

import asyncio
import functools
import socket
import ssl
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from time import monotonic
from typing import Final, Self

import httpx

from watchkeeper.clients.endpoint_answers import (
    Answer,
    certificate_end,
    judge_answer,
    parse_url,
    read_body,
    shown_url,
)
from watchkeeper.clients.endpoint_conditions import Flaw
from watchkeeper.clients.endpoint_failures import ProbeError, lookup_failed, transport_flaw
from watchkeeper.clients.endpoint_inquiries import Inquiry
from watchkeeper.clients.endpoint_phases import Phase, Phases
from watchkeeper.domain.endpoints import Endpoint, Probe, ProbeFailure
from watchkeeper.domain.limits import EndpointLimits

_MAX_CONCURRENCY: Final = 50
_MAX_REDIRECTS: Final = 5
_MAX_TIMEOUT_MS: Final = 30_000
_OTHER_ADDRESS_AFTER: Final = 2.0  # seconds for one address when there is another to try
_HEADERS: Final = {
    "User-Agent": "watchkeeper (endpoint probe)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Cache-Control": "no-cache",
}


class EndpointClient:
    """Asks endpoints, at most `max_concurrency` at once.

    Args:
        ssl_context: what certificates are held against; the system's well-known authorities by default.
        pause: time between two probes of the same endpoint.
        budget: after this time no further probe is begun, so that a run always ends.
    """

    def __init__(
        self,
        *,
        ssl_context: ssl.SSLContext | None = None,
        max_concurrency: int = _MAX_CONCURRENCY,
        pause: timedelta = timedelta(seconds=2),
        budget: timedelta = timedelta(seconds=75),
    ) -> None:
        # A connection that is already open would hide DNS, TLS and a server that takes no new ones.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._transport = httpx.AsyncHTTPTransport(verify=ssl_context or _ssl_context(), limits=limits)
        self._lookups = ThreadPoolExecutor(max_concurrency, thread_name_prefix="lookup")
        self._slots = asyncio.Semaphore(max_concurrency)
        self._pause = pause.total_seconds()
        self._budget = budget.total_seconds()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._lookups.shutdown(wait=False, cancel_futures=True)
        await self._transport.aclose()

    async def probe_all(
        self,
        endpoints: Mapping[str, tuple[Endpoint, ...]],
        was_down: Collection[tuple[str, str]] = (),
        limits: Mapping[str, EndpointLimits] | None = None,
    ) -> dict[str, tuple[Probe, ...]]:
        """Probe every endpoint until it is clear how it is: see `Inquiry.is_settled`.

        Args:
            endpoints: by project.
            was_down: project and name of the endpoints that were down.
            limits: by project, how many probes in a row are enough; the defaults of the house where there are none.

        Returns:
            By project, the probes of all its endpoints, oldest first. An endpoint without one was not reached in time.
        """
        inquiries = [
            Inquiry(
                project, endpoint, (project, endpoint.name) in was_down, (limits or {}).get(project, EndpointLimits())
            )
            for project, its in endpoints.items()
            for endpoint in its
        ]
        await self._settle(inquiries)
        probes: dict[str, list[Probe]] = {project: [] for project in endpoints}
        for inquiry in inquiries:
            probes[inquiry.project].extend(inquiry.probes)
        return {project: tuple(sorted(its, key=lambda probe: probe.at)) for project, its in probes.items()}

    async def is_online(self, references: Sequence[str]) -> bool:
        """Return True if any of the `references` (URLs) answers at all, or if there is none to ask."""
        asked = [asyncio.create_task(self.probe(Endpoint("reference", url, timeout_ms=5_000))) for url in references]
        try:
            for answered in asyncio.as_completed(asked):
                if (await answered).status is not None:
                    return True
        finally:
            for task in asked:
                task.cancel()
        return not references

    async def probe(self, endpoint: Endpoint) -> Probe:
        """Ask `endpoint` once. Whatever it does, the outcome is a probe."""
        at, phases, answer = datetime.now(UTC), Phases(), Answer()
        flaw = await self._ask(endpoint, phases, answer)
        return Probe(
            endpoint=endpoint.name,
            at=at,
            failure=flaw.failure if flaw else None,
            detail=flaw.detail if flaw else "",
            status=answer.status,
            dns_ms=phases.milliseconds(Phase.DNS),
            connect_ms=phases.milliseconds(Phase.CONNECT),
            tls_ms=phases.milliseconds(Phase.TLS),
            first_byte_ms=phases.milliseconds(Phase.FIRST_BYTE),
            total_ms=phases.total_ms,
            certificate_expires_at=answer.certificate_expires_at,
            redirected_to=answer.location,
        )

    async def _settle(self, inquiries: list[Inquiry]) -> None:
        until = monotonic() + self._budget
        while inquiries:
            await asyncio.gather(*(self._inquire(inquiry, until) for inquiry in inquiries))
            inquiries = [inquiry for inquiry in inquiries if not inquiry.is_settled]
            if monotonic() + self._pause >= until:
                return
            if inquiries:
                await asyncio.sleep(self._pause)

    async def _inquire(self, inquiry: Inquiry, until: float) -> None:
        async with self._slots:
            if monotonic() < until:
                inquiry.probes.append(await self.probe(inquiry.endpoint))

    async def _ask(self, endpoint: Endpoint, phases: Phases, answer: Answer) -> Flaw | None:
        seconds = min(endpoint.timeout_ms, _MAX_TIMEOUT_MS) / 1000
        try:
            async with asyncio.timeout(seconds):
                await self._visit(endpoint, phases, answer)
        except TimeoutError:
            return Flaw(ProbeFailure.TIMEOUT, f"not done within {seconds:g} s: given up while {phases.current}")
        except ProbeError as failed:
            return failed.flaw
        except httpx.TransportError as error:
            return transport_flaw(error, phases.current)
        return judge_answer(endpoint, answer)

    async def _visit(self, endpoint: Endpoint, phases: Phases, answer: Answer) -> None:
        method, url = endpoint.method, parse_url(endpoint.url)
        for _ in range(_MAX_REDIRECTS + 1):
            location = await self._fetch(method, url, phases, answer)
            if location is None or not endpoint.follow_redirects:
                phases.stop()
                return
            url = parse_url(location, base=url)
            method = method if answer.status in {307, 308} or method == "HEAD" else "GET"
        raise ProbeError(ProbeFailure.STATUS, f"more than {_MAX_REDIRECTS} redirects")

    async def _fetch(self, method: str, url: httpx.URL, phases: Phases, answer: Answer) -> str | None:
        """Fill `answer`, and return where it points if it is a redirect."""
        async with self._response(method, url, phases) as response:
            answer.status = response.status_code
            answer.certificate_expires_at = certificate_end(response)
            answer.encoding = response.headers.get("content-encoding", "")
            answer.body = await read_body(response)
            if not response.has_redirect_location:
                return None
            location: str = response.headers["location"]
            answer.location = shown_url(location, base=url)
            return location

    @asynccontextmanager
    async def _response(self, method: str, url: httpx.URL, phases: Phases) -> AsyncIterator[httpx.Response]:
        addresses = await self._look_up(url, phases)
        for address in addresses:
            is_last = address == addresses[-1]
            request = httpx.Request(
                method,
                url.copy_with(host=address),
                headers={**_HEADERS, "Host": url.netloc.decode("ascii")},
                extensions={
                    "trace": phases.trace,
                    "sni_hostname": url.raw_host.decode("ascii"),
                    "timeout": {} if is_last else {"connect": _OTHER_ADDRESS_AFTER},
                },
            )
            try:
                response = await self._transport.handle_async_request(request)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if is_last or phases.current is not Phase.CONNECT:
                    raise
            else:
                break
        try:
            yield response
        finally:
            await response.aclose()

    async def _look_up(self, url: httpx.URL, phases: Phases) -> tuple[str, ...]:
        """Return at most one address of each family, in the system's order of preference."""
        host = url.raw_host.decode("ascii")
        if _is_address(host):
            return (host,)
        ask = functools.partial(socket.getaddrinfo, host, None, type=socket.SOCK_STREAM)
        try:
            with phases.timing(Phase.DNS):
                found = await asyncio.get_running_loop().run_in_executor(self._lookups, ask)
        except (OSError, UnicodeError) as error:
            raise lookup_failed(url.host, error) from None
        first: dict[int, str] = {}
        for family, *_, (address, *_) in found:
            first.setdefault(family, str(address))
        return tuple(first.values())


@functools.cache
def _ssl_context() -> ssl.SSLContext:
    """Return the one context that all probes share: reading the authorities takes tens of milliseconds."""
    return httpx.create_ssl_context()


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
