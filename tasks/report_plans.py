"""A report that is kept, and the places that it is delivered to, with all that a later run needs to do it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from reports.period_message import report_message, report_text, report_title
from watchkeeper.config import Configuration, Destination, Reports
from watchkeeper.domain.deliveries import ChannelKind
from watchkeeper.domain.period_reports import PeriodReport
from watchkeeper.store.report_deliveries import DeliveryPlan

INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class Kept:
    """A report that is stored.

    Attributes:
        number: of its row.
        scope: the slugs that were asked for, with commas between them; "" for all projects.
        file, chart: names in the storage of reports.
        place: where the file lies; `link`: its address for people, "" when they can reach it by none.
        digest: of what it says, whenever it was made.
        files: content by name.
    """

    report: PeriodReport
    number: int
    scope: str
    file: str
    chart: str
    place: str
    link: str
    digest: str
    files: Mapping[str, bytes]


def plans_of(configuration: Configuration, kept: Kept) -> tuple[DeliveryPlan, ...]:
    """Return the places of a report, the pages first: the messages link to them."""
    destinations = configuration.report_destinations(kept.report.period)
    return (*_pages(configuration.reports, kept), *(_message(each, kept) for each in destinations))


def _pages(reports: Reports, kept: Kept) -> Iterator[DeliveryPlan]:
    if reports.publish == "github_pages" and reports.pages:
        pages = reports.pages
        content = {"repository": pages.repository, "branch": pages.branch, "carries": [kept.file, INDEX]}
        place = f"{pages.repository} ({pages.branch})"
        yield _plan(kept, ChannelKind.GITHUB_PAGES, pages.credentials, place, content)


def _message(destination: Destination, kept: Kept) -> DeliveryPlan:
    """Return what is told at one place; an Apprise block is known by its name."""
    if destination.kind is ChannelKind.APPRISE:
        content = _plain_message(destination, kept)
        return _plan(kept, destination.kind, destination.credentials, destination.credentials, content)
    return _plan(kept, destination.kind, destination.credentials, destination.channel, _slack(destination, kept))


def _plain_message(destination: Destination, kept: Kept) -> dict[str, Any]:
    plain = report_text(kept.report, kept.link, destination.projects)
    return {"title": plain.title, "text": plain.text, "file": kept.file, "carries": [kept.file]}


def _slack(destination: Destination, kept: Kept) -> dict[str, Any]:
    message, title = report_message(kept.report, kept.link, destination.projects), report_title(kept.report)
    chart = {"name": kept.chart, "title": f"{title}: health score", "alt": f"Health score of each project. {title}."}
    page = {"name": kept.file, "title": title, "alt": ""}
    carries = [kept.chart, kept.file]
    return {"text": message.text, "blocks": message.blocks, "files": [chart, page], "carries": carries}


def _plan(kept: Kept, kind: ChannelKind, credentials: str, place: str, content: Mapping[str, Any]) -> DeliveryPlan:
    """Return the plan; its digest changes with what is told and with what the report says."""
    window = kept.report.window
    mark = f"{kept.report.period} {window.start.isoformat()} {window.end.isoformat()} {kept.scope}"
    whole = {"mark": mark, "title": report_title(kept.report), **content}
    said = json.dumps([whole, kept.digest], sort_keys=True)
    return DeliveryPlan(kind, credentials, place, whole, sha256(said.encode()).hexdigest())
