"""The console: what is told is printed where the process runs."""

import sys
from typing import Final

from rich.console import Console
from rich.text import Text

from watchkeeper.clients.vendor_errors import VendorUnavailable
from watchkeeper.domain.redaction import redacted
from watchkeeper.domain.text import visible

VENDOR: Final = "The console"


def print_lines(head: str, lines: tuple[str, ...], style: str) -> None:
    """Print a headline in a style of rich, and lines below it. No text is read as markup.

    Raises:
        VendorUnavailable: nobody reads the output any more.
    """
    encoding = sys.stdout.encoding or "utf-8"
    console = Console(file=sys.stdout, soft_wrap=True, highlight=False)
    try:
        console.print(Text(_fitting(head, encoding), style=style))
        for line in lines:
            console.print(Text(f"  {_fitting(line, encoding)}"))
        sys.stdout.flush()
    except (OSError, ValueError) as error:  # the latter for an output that is closed
        raise VendorUnavailable(VENDOR, f"cannot be written to ({type(error).__name__})") from None


def _fitting(text: str, encoding: str) -> str:
    """Return text as one line that an output of this encoding takes, and that does nothing to a terminal."""
    text = visible(redacted(text).replace("\n", " "))
    return text.encode(encoding, "replace").decode(encoding)
