"""The drafts of post-incident reports: written once when an incident is over, and again only when somebody asks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from prefect import get_run_logger, task
from prefect.artifacts import acreate_link_artifact
from prefect.cache_policies import NO_CACHE
from prefect.utilities.annotations import quote

from reports.incident import incident_markdown, incident_page
from tasks.incidents import story_of
from tasks.outcomes import outcome
from tasks.report_files import private_address_of, report_files
from tasks.store import database
from watchkeeper.config import Configuration, Reports
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.incidents import Draft, Entry, EntryKind, Incident
from watchkeeper.domain.post_incident import PostIncident, draft_report
from watchkeeper.domain.report_incidents import OURSELVES
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store import health, incidents
from watchkeeper.store.database import reading, transaction

AROUND: Final = timedelta(minutes=15)  # health checks before and after it are looked at as well
MOST_A_PASS: Final = 5  # the others get theirs by the next one
SECONDS: Final = 10  # for one draft


async def draft_reports(configuration: Configuration, now: datetime) -> None:
    """Write the draft for each incident that is over and has none, a few a pass.

    What cannot be written is in the log, and tried again by the next pass.
    """
    with reading(database()) as session:
        numbers = incidents.undrafted_incidents(session, MOST_A_PASS)
    for number in numbers:
        done = await outcome(draft_when_over(quote(configuration), number, now, return_state=True))
        if isinstance(done, Missing):
            get_run_logger().warning("No report of incident %d was drafted: %s", number, done.reason)


@task(name="draft-incident", timeout_seconds=SECONDS, cache_policy=NO_CACHE, persist_result=False)
async def draft_when_over(configuration: Configuration, number: int, now: datetime) -> bool:
    """Write the draft unless there is one, whoever wrote it; return True when it was written.

    Nobody knows of a file before it is in the timeline, so no work is lost where a pass died between the two.
    """
    draft = draft_of(number, configuration.names, now)
    match draft.incident.draft:
        case Draft.NONE:
            await _publish(configuration, draft, Draft.FINAL, now)
            return True
        case Draft.EARLY:
            again = f"`watchkeeper incidents report {number}` writes it anew"
            _note(draft.incident, Draft.FINAL, f"its report was drafted before it was over, and is left: {again}", now)
    return False


async def publish_draft(configuration: Configuration, number: int, now: datetime) -> str:
    """Write the draft as a page and as Markdown where reports are kept, over one that is there; return where it is.

    Raises:
        UnknownIncident: there is none with this number.
        VendorError: the files could not be written.
    """
    draft = draft_of(number, configuration.names, now)
    return await _publish(configuration, draft, Draft.FINAL if draft.incident.is_over else Draft.EARLY, now)


def draft_of(number: int, names: Mapping[str, str], now: datetime) -> PostIncident:
    """Return the draft of a post-incident report.

    Args:
        names: names of the projects for people, by slug.

    Raises:
        UnknownIncident: there is none with this number.
    """
    story = story_of(number)
    incident = story.incident
    span = Window(incident.started_at - AROUND, (incident.resolved_at or now) + AROUND)
    with reading(database()) as session:
        checks = health.checks(session, [incident.project], span, CheckType.FULL)[incident.project]
    name = names.get(incident.project, incident.project) or OURSELVES
    return draft_report(incident, name, story.timeline, checks[::-1], now)


def draft_place(reports: Reports, number: int) -> str:
    """Return the address of a draft; where people can reach it by none, its name in the storage of reports."""
    return private_address_of(reports, _page(number)) or _page(number)


async def _publish(configuration: Configuration, draft: PostIncident, state: Draft, now: datetime) -> str:
    """Write the files, then tell of them in the timeline and by a link in the Prefect UI; return where they are."""
    number = draft.incident.number
    files = await report_files(configuration)
    await files.write(f"incidents/{number}.md", incident_markdown(draft).encode())
    await files.write(_page(number), incident_page(draft).encode())
    address = private_address_of(configuration.reports, _page(number))
    place = address or f"{files.place}/{_page(number)}"
    if _note(draft.incident, state, f"its report is drafted: {place}", now) and address:
        title = draft.incident.title
        await acreate_link_artifact(address, f"Incident {number}", key=f"incident-{number}", description=title)
    return place


def _note(known: Incident, draft: Draft, told: str, now: datetime) -> bool:
    """Record that there is a draft; return False, and tell nothing, when another pass was quicker."""
    with transaction(database()) as session:
        is_first = incidents.mark_draft(session, known, draft)
        if is_first:
            incidents.add_entries(session, known.number, [Entry(now, EntryKind.REPORT, told)])
    return is_first


def _page(number: int) -> str:
    return f"incidents/{number}.html"
