"""What a person reads when a vendor did not answer as it should."""

from collections.abc import Iterable

import httpx


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
    """Return text from outside as one short printable line without the secrets."""
    for secret in secrets:
        text = text.replace(secret, "***")
    printable = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(printable.split())[:200]


def block_name(vendor: str) -> str:
    return f"the block Watchkeeper {vendor}"
