"""Pages of services that people look at to see what arrived there, with buttons for what they would do about it."""

from dataclasses import dataclass
from datetime import UTC, datetime

from starlette.responses import HTMLResponse, Response

from watchkeeper.sandbox.slack_page import templates


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on a desk. `buttons`: label and the address, below the page, that is posted to."""

    title: str
    state: str
    is_open: bool
    lines: tuple[str, ...] = ()
    buttons: tuple[tuple[str, str], ...] = ()


def desk_page(vendor: str, entries: list[Entry]) -> Response:
    """Return the page, the newest entry first as given."""
    return HTMLResponse(templates.get_template("desk.html").render(vendor=vendor, entries=entries))


def clock(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S} UTC"
