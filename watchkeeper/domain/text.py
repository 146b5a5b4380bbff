"""Text from outside, fit to be looked at: nothing in it hides, moves or reorders what stands beside it.

Source: https://www.unicode.org/reports/tr36/ (security considerations), the property Default_Ignorable_Code_Point.
"""

import json
import re
import unicodedata
from typing import Final

REPLACED: Final = "\N{REPLACEMENT CHARACTER}"
# What is drawn as nothing and is no format character: fillers, joiners, variation selectors and tags beyond the first
# plane, the empty braille pattern.
_BLANK: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
_EMOJI_STYLE: Final = re.compile("[\ufe00-\ufe0f]")  # asks for a picture or a letter; harmless but in names
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def is_unseen(character: str) -> bool:
    """Return True for what moves the cursor, reorders text, breaks a line, or cannot be seen at all; not for spaces."""
    return unicodedata.category(character) in _UNSEEN or _BLANK.match(character) is not None


def one_line(text: str) -> str:
    """Return `text` without line breaks and without characters that hide, or turn around, what stands beside them."""
    if not text.isascii():
        text = "".join(c for c in _BLANK.sub("", text) if unicodedata.category(c) != "Cf")
    shown = text if text.isprintable() else "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())


def visible(text: str) -> str:
    """Return `text` with its lines and tabs, and a replacement character for everything else that cannot be seen."""
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(REPLACED if is_unseen(c) and c not in "\n\t" else c for c in text)


def unseen_in_name(name: str) -> str:
    """Return the first character that no name may hold, as `U+202E`; "" when there is none."""
    found = next((c for c in name if is_unseen(c) or _EMOJI_STYLE.match(c)), "")
    return f"U+{ord(found):04X}" if found else ""


def safe_json(value: object, *, indent: int | None = None) -> str:
    r"""Return JSON in which what cannot be seen is written as `\u202e`: the same value, fit for a terminal."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    if text.isprintable() and not _BLANK.search(text):
        return text
    return "".join(_escaped(c) if c != "\n" and is_unseen(c) else c for c in text)


def _escaped(character: str) -> str:
    return json.dumps(character)[1:-1] if ord(character) > 0x7F else f"\\u{ord(character):04x}"
