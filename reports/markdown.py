"""Markdown for the artifacts in Prefect's UI, safe for text from outside."""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from urllib.parse import quote

from reports.text import is_web_url, one_line

# A backslash takes the meaning from each of these, in a table, too; Prefect's UI does not read character references.
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&#!@$]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_URL_SAFE: Final = "%/:=&?~#+,;@"


def escape(text: str, most: int = 500) -> str:
    """Return text from outside as one line that is shown as it stands: no HTML, no links, no table cells."""
    line = one_line(text)
    if len(line) > most:
        line = line[: most - 1] + "…"
    return _MARKUP.sub(r"\\\g<0>", line)


def link(url: str, label: str) -> str:
    """Return `label`, escaped here, as a link; without the link where `url` is no http(s) URL."""
    return f"[{escape(label)}]({quote(url, safe=_URL_SAFE)})" if is_web_url(url) else escape(label)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return a table; its cells are Markdown already.

    Args:
        right: titles of the columns that are aligned to the right.
    """
    rule = ["---:" if title in right else "---" for title in head]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))
