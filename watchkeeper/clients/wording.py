"""What a person reads when a vendor did not answer as it should."""

import base64
import html
import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.domain.redaction import HIDDEN, redacted
from watchkeeper.domain.text import one_line

LONGEST_SAID: Final = 200  # characters of the vendor's own words
_TELLING: Final = 6  # characters: the beginning of a secret that is cut off behind it, and is hidden


def refusal(vendor: str, status: int, about: str, scope: str, said: str) -> str:
    """Return what was refused, why, and what to do; `said` are the vendor's own words, made fit to show."""
    needs = f" with scope {scope}" if scope else ""
    match status:
        case httpx.codes.UNAUTHORIZED:
            return f"does not accept the token (401): put a valid one{needs} into {block_name(vendor)}"
        case httpx.codes.FORBIDDEN:
            return f"the token has no access to {about} (403): put one that has{needs} into {block_name(vendor)}"
        case httpx.codes.NOT_FOUND:
            name = f"check the name, and that the token in {block_name(vendor)} may see it"
            return f"does not know {about}, or hides it (404): {name}"
        case _:
            return f"refused {about} ({status}): {said}"


def redirection(vendor: str, elsewhere: str) -> str:
    return f"redirects to {elsewhere}, where the token is not sent: correct the base URL in {block_name(vendor)}"


def nonsense(response: httpx.Response, body: bytearray) -> str:
    """Return what came instead of JSON."""
    if not body.strip():
        return f"answered with an empty body ({response.status_code})"
    if body.lstrip()[:1] == b"<" or "html" in response.headers.get("content-type", ""):
        return f"answered with a web page instead of JSON ({response.status_code})"
    return f"answered with broken JSON ({response.status_code}, {len(body)} bytes)"


def fit_to_show(text: str, secrets: Iterable[str]) -> str:
    """Return text from outside as one short printable line without the secrets, nor what looks like one.

    A vendor may quote them as it got them or encoded, and whoever has cut the text may have cut through one.
    """
    shown = one_line(text)
    for written in {form for secret in secrets for form in _forms(secret)}:
        shown = shown.replace(written, HIDDEN)
        part = next((n for n in range(len(written) - 1, _TELLING - 1, -1) if shown.endswith(written[:n])), 0)
        shown = f"{shown[:-part]}{HIDDEN}" if part else shown
    return redacted(shown)[:LONGEST_SAID]


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it stands, and as it is written in an address, in JSON, in HTML and in a header."""
    quoted = json.dumps(secret)[1:-1]
    encoded = base64.b64encode(secret.encode()).decode()
    yield from (secret, quote(secret, safe=""), quoted, quoted.replace("/", "\\/"), html.escape(secret), encoded)


def block_name(vendor: str) -> str:
    return f"the block Watchkeeper {vendor}"
