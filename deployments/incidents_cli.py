"""`watchkeeper incidents ...`: what people work on together.

Exit codes: 0 as asked, 2 an incident is open, 4 wrong usage or configuration.
"""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from deployments.command import (
    client_environment,
    configuration_of,
    fail,
    output,
    plain_line,
    print_json,
    settings_of,
    store_environment,
)
from deployments.rollback_app import As, Json, name_or_account, readable_name

if TYPE_CHECKING:
    from watchkeeper.config import Configuration

OPEN: Final = 2

incidents_app = App(
    name="incidents",
    help="Incidents: what people work on together, with a timeline.\n\n"
    "Exit codes: 0 as asked, 2 an incident is open (list), 4 wrong usage or configuration.",
)


@incidents_app.command(name="list")
def list_incidents(*, project: str | None = None, days: int = 30, as_json: Json = False) -> int:
    """Show the incidents of the last days and what is still open, with MTTA, MTTR and MTBF.

    Parameters
    ----------
    project
        Slug; all projects when left out.
    days
        How far back.
    """
    with _store():
        from reports.incident_terminal import incident_as_json, incident_table  # noqa: PLC0415
        from reports.incident_words import response_line  # noqa: PLC0415
        from tasks.incidents import incidents_between, unfinished_incidents  # noqa: PLC0415
        from watchkeeper.domain.incident_times import response_times  # noqa: PLC0415
        from watchkeeper.domain.windows import Window  # noqa: PLC0415

        now = datetime.now(UTC)
        lately = incidents_between(Window(now - timedelta(days=days), now + timedelta(minutes=1)), project)
        older = [each for each in unfinished_incidents() if project in {None, each.project} and each not in lately]
        found = [*older, *lately]
    if as_json:
        print_json([incident_as_json(each) for each in found])
    elif found:
        output.print(incident_table(found[::-1], now))
        output.print(f"\n{response_line(response_times(lately))}", highlight=False)
    else:
        output.print(f"No incident in the last {days} days.")
    return OPEN if any(not each.is_over for each in found) else 0


@incidents_app.command
def show(number: int, *, as_json: Json = False) -> int:
    """Show an incident with its whole timeline."""
    with _store():
        from reports.incident_terminal import incident_as_json, incident_view  # noqa: PLC0415
        from tasks.incidents import story_of  # noqa: PLC0415

        story = story_of(number)
    if as_json:
        print_json(incident_as_json(story.incident, story.timeline))
    else:
        output.print(incident_view(story.incident, story.timeline, datetime.now(UTC)))
    return 0


@incidents_app.command
def note(number: int, text: str, *, who: As = "") -> int:
    """Write a line into the timeline."""
    if not text.strip():
        fail("the note is empty: put what you saw or did into quotes")
    with _store():
        from tasks.incidents import write_note  # noqa: PLC0415

        write_note(number, _named(who), text.strip(), datetime.now(UTC))
    output.print(f"Written into the timeline of incident {number}.")
    return 0


@incidents_app.command
def own(number: int, *, who: As = "", to: Annotated[str, Parameter(help="Whose it is from now on.")] = "") -> int:
    """Take an incident, or give it to somebody."""
    with _store():
        from tasks.incidents import give_to  # noqa: PLC0415

        name = _named(who)
        owned = give_to(number, name, readable_name(to, "--to") if to else name, datetime.now(UTC))
    output.print(f"Incident {number} is with {plain_line(owned.owner)}.")
    return 0


@incidents_app.command
def report(number: int) -> int:
    """Draft the post-incident report: a page and Markdown, beside the other reports.

    It is drafted by itself once the incident is over; this writes it anew, over what people have changed in it.
    """
    settings = settings_of()
    configuration = configuration_of(settings)
    os.environ.update(client_environment(settings))
    with _errors():
        from tasks.incident_reports import publish_draft  # noqa: PLC0415

        place = asyncio.run(publish_draft(configuration, number, datetime.now(UTC)))
    output.print(f"{place}\nThe same as Markdown: incidents/{number}.md", highlight=False, soft_wrap=True)
    return 0


def _named(who: str) -> str:
    return name_or_account(who) or fail("who are you? Give your name with --as")


@contextmanager
def _store() -> Iterator["Configuration"]:
    settings = settings_of()
    configuration = configuration_of(settings)
    os.environ.update(store_environment(settings))
    with _errors():
        yield configuration


@contextmanager
def _errors() -> Iterator[None]:
    from tasks.incidents import UnknownIncident  # noqa: PLC0415 - imports Prefect
    from watchkeeper.clients.vendor_errors import VendorError  # noqa: PLC0415
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    try:
        yield
    except (UnknownIncident, StoreError, VendorError, ValueError) as error:
        fail(plain_line(str(error)))
