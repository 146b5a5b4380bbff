"""Text from outside, made fit for one line of anything that people read."""

from typing import Final

from watchkeeper.domain import text as domain_text
from watchkeeper.domain.redaction import redacted

_LONGEST_URL: Final = 1500


def one_line(text: str) -> str:
    """Return `text` without line breaks, tokens, and characters that hide, or turn around, what stands beside them."""
    return redacted(domain_text.one_line(text))


def sentence(text: str) -> str:
    """Return `text` with the capital letter and the full stop of a sentence; a name like `f657400` stays as it is."""
    text = text.strip()
    if not text:
        return ""
    is_name = any(character.isdigit() for character in text.split(maxsplit=1)[0])
    begun = text if is_name else f"{text[0].upper()}{text[1:]}"
    return begun if text[-1] in ".!?…" else f"{begun}."


def amount(value: float | str | None, unit: str = "") -> str:
    """Return `1,204 requests`, `0.31 %`, `–` for nothing."""
    match value:
        case None:
            shown = "–"
        case str():
            shown = value
        case int():
            shown = f"{value:,}"
        case _:
            shown = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{shown} {unit}".strip()


def is_web_url(url: str) -> bool:
    """Return True for an address that may stand as a link: nothing hides in it, and no token."""
    is_web = url.startswith(("https://", "http://")) and len(url) <= _LONGEST_URL
    return is_web and not any(map(domain_text.is_unseen, url)) and redacted(url) == url
