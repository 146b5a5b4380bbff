"""One text that is out to do harm in every place where it is shown, and what must not be left of it."""

import json
from collections.abc import Iterator
from typing import Any, Final

from watchkeeper.domain.text import is_unseen

TOKEN: Final = "sntrys_" + "makebelieve" * 3
FORGED: Final = "FORGED"
HOSTILE: Final = (
    f"a\x1b[2J\x9b31m\r{FORGED}\r\n{FORGED}\x0b\x0c\x07\x08\x00\x7f\x85{FORGED}\u2028{FORGED}\u2029{FORGED} "
    "\u202eoverride\u202c \u2066isolate\u2069 \u200f\u061c z\u200bw\u200dj\u2060\ufeff\u00ad tag\U000e0041\U000e0101 "
    f"fill\u3164\u115f\u2800\u034f {TOKEN} [red]red[/red] :boom: <!channel> <@U1> @here <script>alert(1)</script> "
    "{{ 7 * 191 }} {% raw %} [link](javascript:alert(1)) ![i](https://evil.example/x) | `code` ${HOME}"
)


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text in a value."""
    match value:
        case str():
            yield value
        case dict():
            for name, each in value.items():
                yield from (name, *texts_of(each))
        case list() | tuple():
            for each in value:
                yield from texts_of(each)


def assert_harmless(shown: str, ours: str = "", *, is_wrapped: bool = False) -> None:
    """Assert that nothing hides or moves in a text, that no line of it is forged, and that it holds no token.

    Args:
        ours: characters that cannot be seen and that we put in, so that a vendor reads no mention.
        is_wrapped: a long line goes on in the next one, so that any word may begin one.
    """
    unseen = sorted({f"U+{ord(c):04X}" for c in shown if is_unseen(c) and c not in f"\n{ours}"})
    assert not unseen
    assert TOKEN[7:] not in shown
    assert "1337" not in shown, "a template was filled in"
    if is_wrapped:
        return
    forged = [line for line in shown.splitlines() if line.strip(" >-*•·│┃|").startswith(FORGED)]
    assert not forged


def assert_harmless_json(written: str) -> None:
    """Assert the same of JSON as it is written, where a line break within a text is an escape; and that it is JSON."""
    assert_harmless(written)
    json.loads(written)
