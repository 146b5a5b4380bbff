"""Made-up incidents of a report's period."""

from dataclasses import replace
from datetime import timedelta

from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Draft, Incident, IncidentStatus
from watchkeeper.domain.period_reports import PeriodIncidents
from watchkeeper.domain.report_incidents import tell_incidents
from watchkeeper.domain.windows import Window

MINUTE = timedelta(minutes=1)
NAMES = {"shop": "Shop", "api": "API", "": "Watchkeeper itself"}


def incidents_of(window: Window) -> PeriodIncidents:
    """Return three incidents: one with a report, one that nobody took on, one that lasts, of the watch itself."""
    start = window.start + window.length / 3
    first = Incident(
        project="shop",
        cause="release:4f2a9c1",
        title="Shop: 12.4 % of requests failed",
        severity=Severity.CRITICAL,
        started_at=start,
        opened_at=start + 5 * MINUTE,
        status=IncidentStatus.RESOLVED,
        owner="Ada",
        acknowledged_at=start + 9 * MINUTE,
        resolved_at=start + 47 * MINUTE,
        number=12,
        draft=Draft.FINAL,
    )
    later = 6 * 60 * MINUTE
    second = replace(
        first,
        title="Shop: home is down",
        started_at=first.started_at + later,
        opened_at=first.opened_at + later,
        resolved_at=start + later + 13 * MINUTE,
        owner="",
        acknowledged_at=None,
        number=13,
        draft=Draft.NONE,
    )
    lasting = replace(
        second, project="", title="The watch is late", status=IncidentStatus.OPEN, resolved_at=None, number=14
    )
    return tell_incidents(
        [first, second, lasting], [], window, NAMES, {12: "https://reports.example/incidents/12.html"}
    )


def many(found: PeriodIncidents, text: str) -> PeriodIncidents:
    """Return as many incidents as a report shows, with this text wherever it comes from outside."""
    line = replace(found.lines[0], project=text, title=text, owner=text, report=text)
    times = replace(found.by_project[0], project=text)
    return replace(found, lines=(line,) * 30, more=7, by_project=(times,) * 20)
