"""A made-up list of reports."""

from datetime import UTC, datetime, timedelta

from reports.report_index import IndexEntry
from tests.reports.tales import HOSTILE, LONG
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

FIRST = datetime(2026, 10, 22, tzinfo=UTC)
VERDICTS = (Verdict.HEALTHY, Verdict.HEALTHY, Verdict.WARNING, Verdict.CRITICAL, Verdict.UNKNOWN)


def index_entries() -> list[IndexEntry]:
    """Return thirty days, four hostile weeks and a month with a long headline."""
    days = [_day(number) for number in range(30)]
    weeks = [
        _entry(ReportPeriod.WEEKLY, FIRST + n * timedelta(days=7), 7, f"weekly/{HOSTILE}{n}.html", HOSTILE)
        for n in range(4)
    ]
    return [*days, *weeks, _entry(ReportPeriod.MONTHLY, FIRST.replace(day=1), 31, "monthly/2026-10.html", LONG[:200])]


def _day(number: int) -> IndexEntry:
    start = FIRST + number * timedelta(days=1)
    verdict = VERDICTS[number % len(VERDICTS)]
    score = None if verdict is Verdict.UNKNOWN else 60.0 + number
    return _entry(
        ReportPeriod.DAILY, start, 1, f"daily/{start:%Y-%m-%d}.html", f"Day {number} was {verdict}", verdict, score
    )


def _entry(  # noqa: PLR0917 - a maker for tests
    period: ReportPeriod,
    start: datetime,
    days: int,
    file: str,
    headline: str,
    verdict: Verdict = Verdict.HEALTHY,
    score: float | None = 90.0,
) -> IndexEntry:
    window = Window(start, start + timedelta(days=days))
    return IndexEntry(period, window, "UTC", file, headline, verdict, {"shop": score, "api": None}, window.end)
