"""Make outside text fit for a database: PostgreSQL refuses NUL, no encoding takes half a character."""

import json
import math
from hashlib import sha256
from typing import Any

# PostgreSQL's indexes hold 2,700 bytes a row; a key has several texts, and a character up to four bytes.
LONGEST_KEY = 250
BIGGEST = 2**63 - 1


def clean(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value with what no database takes replaced: NUL, half characters, infinite numbers."""
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {clean(key): clean(inner) for key, inner in value.items()}
    return [clean(inner) for inner in value] if isinstance(value, list | tuple) else value


def write_json(value: object) -> str:
    """Return compact JSON that both engines accept."""
    try:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    except ValueError:
        return json.dumps(clean(value), separators=(",", ":"))
    if "\\u0000" in text or "\\ud" in text:
        return json.dumps(clean(value), separators=(",", ":"))
    return text


def is_plain(row: dict[str, Any]) -> bool:
    """Return True when a row can be stored as it is, as nearly always: asking is cheap, cleaning is not."""
    for value in row.values():
        if type(value) is str:
            if len(value) > LONGEST_KEY or not value.isascii() or "\x00" in value:
                return False
        elif type(value) is int and not -BIGGEST <= value <= BIGGEST:
            return False
    return True


def storable(value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """Return a column's value as both engines take it: clean text, whole numbers within 64 bits."""
    if isinstance(value, str):
        return value if value.isascii() and "\x00" not in value else clean(value)
    if isinstance(value, int) and not -BIGGEST <= value <= BIGGEST:
        return BIGGEST if value > 0 else -BIGGEST
    return value


def storable_key(value: Any) -> Any:  # noqa: ANN401 - any value of a column
    """Return a part of a key as both engines take it: a very long text is cut and stays distinct by its digest."""
    if not isinstance(value, str) or len(value) <= LONGEST_KEY:
        return storable(value)
    text = str(clean(value))
    return f"{text[: LONGEST_KEY - 17]}~{sha256(text.encode()).hexdigest()[:16]}"
