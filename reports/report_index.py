"""The page that lists all reports, for a folder that is read as a website."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Final
from urllib.parse import quote

from markupsafe import Markup

from reports.figures import Shown, shown
from reports.pages import environment
from reports.period_words import TITLES, dates
from reports.sparkline import sparkline
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

_ORDER: Final = (ReportPeriod.DAILY, ReportPeriod.WEEKLY, ReportPeriod.MONTHLY, ReportPeriod.CUSTOM)
_PLURALS: Final = {
    ReportPeriod.DAILY: "Daily",
    ReportPeriod.WEEKLY: "Weekly",
    ReportPeriod.MONTHLY: "Monthly",
    ReportPeriod.CUSTOM: "Other",
}
_TREND: Final = 14  # reports in a small line


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One report of the list.

    Attributes:
        file: its path from the page, with `/` between folders; it is made safe for a link here.
        scores: mean health score of each project, 0..100; None when not known.
    """

    period: ReportPeriod
    window: Window
    zone: str
    file: str
    headline: str
    verdict: Verdict
    scores: Mapping[str, float | None]
    generated_at: datetime

    @property
    def score(self) -> float | None:
        """Mean over the projects of which something is known."""
        known = [score for score in self.scores.values() if score is not None]
        return fmean(known) if known else None


@dataclass(frozen=True, slots=True)
class Row:
    """A report as it stands in the list; `spark` is the score of the reports up to it."""

    entry: IndexEntry
    href: str
    dates: str
    score: Shown
    spark: Markup


@dataclass(frozen=True, slots=True)
class Group:
    """The reports of one kind, the newest first."""

    name: str
    title: str
    rows: tuple[Row, ...]


def render_index(entries: Iterable[IndexEntry]) -> str:
    """Return the page; links are relative to it, and nothing on it is fetched from elsewhere."""
    every = sorted(entries, key=lambda entry: (entry.window.start, entry.generated_at))
    groups = [_group(period, [e for e in every if e.period is period]) for period in _ORDER]
    newest = max(every, key=lambda entry: (entry.window.end, entry.generated_at), default=None)
    return environment().get_template("report_index.html").render(
        groups=[group for group in groups if group.rows],
        newest=_row(newest, [newest]) if newest else None,
        titles=TITLES,
    )  # fmt: skip


def _group(period: ReportPeriod, entries: Sequence[IndexEntry]) -> Group:
    rows = [_row(entry, entries[max(0, n + 1 - _TREND) : n + 1]) for n, entry in enumerate(entries)]
    return Group(period.value, _PLURALS[period], tuple(reversed(rows)))


def _row(entry: IndexEntry, before: Sequence[IndexEntry]) -> Row:
    scores = [earlier.score for earlier in before]
    label = f"Health score of the {len(scores)} reports up to this one"
    line = [*[None] * (_TREND - len(scores)), *scores]  # as wide for every report, so that the lines can be compared
    return Row(
        entry=entry,
        href=quote(entry.file, safe="/-_.~"),
        dates=dates(entry.window, entry.zone, entry.period),
        score=shown(entry.score and float(round(entry.score))),
        spark=sparkline(line, label, bounds=(0.0, 100.0), width=84),
    )
