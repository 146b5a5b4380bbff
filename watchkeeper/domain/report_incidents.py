"""The incidents of a report's period, and how fast they were taken on and ended."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incident_times import ResponseTimes, response_times
from watchkeeper.domain.incidents import Incident, IncidentStatus
from watchkeeper.domain.windows import Window

MOST_LINES: Final = 30
MOST_PROJECTS: Final = 20
OURSELVES: Final = "Watchkeeper itself"


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident. `length`: to its end, or to the end of the period; `report`: where its report is, "" for none."""

    number: int
    project: str
    title: str
    severity: Severity
    status: IncidentStatus
    owner: str
    started_at: datetime
    length: timedelta
    report: str


@dataclass(frozen=True, slots=True)
class ProjectTimes:
    """How fast the incidents of one project were taken on and ended. `opened`: how many were opened in the period."""

    project: str
    opened: int
    times: ResponseTimes


@dataclass(frozen=True, slots=True)
class PeriodIncidents:
    """The incidents of a period.

    Attributes:
        lines: those that were open at any moment of it, the newest first; `more`: how many are left out.
        opened: how many were opened in it; `times` are over those, and over the pairs whose later one is among them.
        by_project: of those projects that had one, most incidents first; empty with a single project.
    """

    lines: tuple[IncidentLine, ...]
    more: int
    opened: int
    times: ResponseTimes
    by_project: tuple[ProjectTimes, ...]


def tell_incidents(
    incidents: Iterable[Incident],
    before: Iterable[Incident],
    window: Window,
    names: Mapping[str, str],
    reports: Mapping[int, str],
) -> PeriodIncidents:
    """Return what a report says of the incidents of its period.

    Args:
        incidents: those that were open in the window, of any project, in any order.
        before: the last one of each project that was opened before the window.
        names: for people, by slug; incidents of other projects are left out.
        reports: where the post-incident report of an incident is, by its number.
    """
    known = sorted((i for i in incidents if i.project in names), key=lambda i: (i.started_at, i.number), reverse=True)
    opened = [incident for incident in known if window.contains(incident.opened_at)]
    earlier = [incident for incident in before if incident.project in names]
    return PeriodIncidents(
        lines=tuple(_line(incident, window, names, reports) for incident in known[:MOST_LINES]),
        more=max(len(known) - MOST_LINES, 0),
        opened=len(opened),
        times=response_times(opened, earlier),
        by_project=_by_project(opened, earlier, names),
    )


def _line(incident: Incident, window: Window, names: Mapping[str, str], reports: Mapping[int, str]) -> IncidentLine:
    return IncidentLine(
        number=incident.number,
        project=names[incident.project],
        title=incident.title,
        severity=incident.severity,
        status=incident.status,
        owner=incident.owner,
        started_at=incident.started_at,
        length=max((incident.resolved_at or window.end) - incident.started_at, timedelta()),
        report=reports.get(incident.number, ""),
    )


def _by_project(
    opened: Sequence[Incident], earlier: Sequence[Incident], names: Mapping[str, str]
) -> tuple[ProjectTimes, ...]:
    own: dict[str, list[Incident]] = defaultdict(list)
    for incident in opened:
        own[incident.project].append(incident)
    if len(own) < 2:  # of one project all is said already
        return ()
    most = sorted(own, key=lambda slug: (-len(own[slug]), names[slug], slug))[:MOST_PROJECTS]
    return tuple(ProjectTimes(names[slug], len(own[slug]), response_times(own[slug], earlier)) for slug in most)
