"""What a report says: every figure with its source, its sample and its trends, made from what was loaded."""

from collections.abc import Sequence

from watchkeeper.domain.period_reports import PeriodReport, ProjectReport, SentLine
from watchkeeper.domain.report_calendar import ReportCalendar, calendar_of
from watchkeeper.domain.report_facts import CHART_METRICS, LONG_METRICS, ProjectFacts, SourceState

__all__ = [
    "CHART_METRICS",
    "LONG_METRICS",
    "ProjectFacts",
    "ReportCalendar",
    "SourceState",
    "calendar_of",
    "summarise",
    "summarise_project",
]


def summarise_project(facts: ProjectFacts, calendar: ReportCalendar) -> ProjectReport:
    raise NotImplementedError


def summarise(
    projects: Sequence[ProjectFacts], calendar: ReportCalendar, sent: Sequence[SentLine] = ()
) -> PeriodReport:
    """Return the whole report, the projects in the order in which they were given."""
    raise NotImplementedError
