"""What is known of each window of a report, put together from its buckets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from watchkeeper.domain.hours import source_of
from watchkeeper.domain.metrics import METRICS, Bucket, Kind, merge
from watchkeeper.domain.report_calendar import ReportCalendar
from watchkeeper.domain.report_facts import ProjectFacts, SourceState
from watchkeeper.domain.windows import Window

HOUR_SECONDS: Final = 3_600


@dataclass(frozen=True, slots=True)
class Span:
    """The buckets of one window of one project.

    Attributes:
        buckets: by metric, then by label; the ones of a label merged.
        sources: of which something is known in the window: what they counted none of is 0, and not unknown.
        shares: how much of the window each source knows, 0..1, where that is not all of it.
    """

    project: str
    window: Window
    buckets: Mapping[str, Mapping[str, Bucket]]
    sources: frozenset[str]
    shares: Mapping[str, float] = field(default_factory=dict)

    @property
    def hours(self) -> float:
        return self.window.length.total_seconds() / HOUR_SECONDS

    def known_share(self, metric: str) -> float:
        """Return how much of the window is known of a metric, 0..1."""
        return self.shares.get(source_of(metric), 1.0)

    def whole(self, metric: str) -> Bucket | None:
        """Return a metric over all its labels; of a count that nobody saw 0; None when nothing is known."""
        found = merge(self.buckets.get(metric, {}).values(), label="", start=self.window.start)
        if found is None and METRICS[metric].kind is Kind.COUNT and source_of(metric) in self.sources:
            return Bucket(self.project, metric, "", self.window.start, 0, 0.0)
        return found

    def total(self, metric: str) -> float:
        """Return how much was counted; 0 also when nothing is known."""
        found = self.whole(metric)
        return found.total if found else 0.0

    def by_label(self, metric: str) -> Mapping[str, Bucket]:
        return self.buckets.get(metric, {})


def spans_of(facts: ProjectFacts, calendar: ReportCalendar) -> dict[str, Span]:
    """Return what is known of each window of the calendar, by the window's name."""
    spans = {name: span_of(facts.slug, window, facts.totals) for name, window in calendar.windows.items()}
    states = {**facts.states_before, "window": facts.states}
    return {name: _with_states(span, states.get(name, {})) for name, span in spans.items()}


def _with_states(span: Span, states: Mapping[str, SourceState]) -> Span:
    known = frozenset(source for source, state in states.items() if state.complete)
    shares = {source: state.complete / state.expected for source, state in states.items() if state.expected}
    return replace(span, sources=span.sources | known, shares=shares)


def span_of(project: str, window: Window, buckets: Iterable[Bucket]) -> Span:
    """Return the buckets that start in the window, put together by metric and label."""
    grouped: dict[str, dict[str, list[Bucket]]] = {}
    for bucket in buckets:
        if window.contains(bucket.start):
            grouped.setdefault(bucket.metric, {}).setdefault(bucket.label, []).append(bucket)
    merged = {
        metric: {label: found for label, several in labels.items() if (found := _one(several))}
        for metric, labels in grouped.items()
    }
    return Span(project, window, merged, frozenset(source_of(metric) for metric in merged))


def _one(buckets: list[Bucket]) -> Bucket | None:
    """Return the buckets as one; a single one as it is, which is the common case and saves a copy of its sketch."""
    return buckets[0] if len(buckets) == 1 else merge(buckets)
