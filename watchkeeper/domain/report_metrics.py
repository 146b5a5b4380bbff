"""The figures of a report: each with its source, its sample, its bounds and what it is held against."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.hours import source_of
from watchkeeper.domain.issues import IssueLevel
from watchkeeper.domain.metrics import METRICS, Bucket, Kind, Metric
from watchkeeper.domain.period_reports import Figure
from watchkeeper.domain.report_facts import ProjectFacts, SourceState
from watchkeeper.domain.report_spans import Span
from watchkeeper.domain.trends import MEDIAN, Direction, Trend, trend, value_of

COMPARED: Final = ("previous", "week", "compare_to")
# What stands first: of each line the first that is known, and then whatever there is of the last line.
KEY_FIGURES: Final = (
    ("score",),
    ("failures", "crash_free"),
    ("availability", "latency_p95_ms"),
    ("releases", "vercel_deployments"),
    ("cost", "credits"),
)
OTHER_KEYS: Final = ("builds", "latency_p95_ms", "new_issues", "build_time_p95_s", "crash_free")
KEYS: Final = 5
KNOWN: Final = 0.9  # of a span, below which its counts are too low to be held against others
ENOUGH: Final = 20  # samples below which a quantile has no bounds
Z: Final = 1.96
VENDORS: Final = {
    "sentry": "Sentry",
    "endpoints": "probes of the endpoints",
    "circleci": "CircleCI",
    "credits": "CircleCI Insights",
    "vercel": "Vercel",
    "github": "GitHub and Vercel",
    "watchkeeper": "health checks",
}
LEVELS: Final = {"affected_users": "in the worst hour", "certificate_days": "of the one that ends first"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """One figure of a metric: of a distribution one of its quantiles."""

    name: str
    metric: str
    quantile: float = MEDIAN
    suffix: str = ""


def _quantiles(metric: str, *percents: int) -> tuple[_Shown, ...]:
    stem, _, unit = metric.rpartition("_")
    return tuple(_Shown(f"{stem}_p{n}_{unit}", metric, n / 100, f", p{n}") for n in percents)


# In the order in which they are read.
_SHOWN: Final = (
    _Shown("score", "score"),
    _Shown("failures", "failures"),
    _Shown("crash_free", "crash_free"),
    _Shown("affected_users", "affected_users"),
    _Shown("new_issues", "new_issues"),
    _Shown("regressed_issues", "regressed_issues"),
    _Shown("resolved_issues", "resolved_issues"),
    _Shown("availability", "availability"),
    *_quantiles("latency_ms", 50, 95, 99),
    *_quantiles("first_byte_ms", 95),
    _Shown("certificate_days", "certificate_days"),
    _Shown("releases", "releases"),
    _Shown("rollbacks", "rollbacks"),
    _Shown("promotions", "promotions"),
    _Shown("vercel_deployments", "vercel_deployments"),
    *_quantiles("vercel_build_time_s", 50, 95),
    *_quantiles("vercel_queue_s", 95),
    _Shown("builds", "builds"),
    *_quantiles("build_time_s", 50, 95),
    *_quantiles("build_queue_s", 95),
    _Shown("build_reruns", "build_reruns"),
    _Shown("flaky_tests", "flaky_tests"),
    _Shown("branch_recovery_s", "branch_recovery_s"),
    _Shown("credits", "credits"),
    _Shown("cost", "cost"),
)


def figures_of(facts: ProjectFacts, spans: Mapping[str, Span]) -> dict[str, Figure]:
    """Return the figures of everything that the project has a source for, in the order in which they are read."""
    sources = set(facts.states) | {source for span in spans.values() for source in span.sources}
    return {s.name: _figure(s, facts, spans) for s in _SHOWN if source_of(s.metric) in sources}


def key_figures(figures: Mapping[str, Figure]) -> tuple[str, ...]:
    """Return the names of the five figures that stand first; one that is not known only where there are no five."""
    slots = [[name for name in names if name in figures] for names in (*KEY_FIGURES, *((n,) for n in OTHER_KEYS))]
    chosen = [next(filter(lambda name: _is_known(figures[name]), names), names[0]) for names in slots if names]
    ordered = list(dict.fromkeys(chosen))
    first = sorted(ordered, key=lambda name: not _is_known(figures[name]))[:KEYS]
    return tuple(name for name in ordered if name in first)


def _is_known(figure: Figure) -> bool:
    return figure.value is not None


def trend_between(metric: Metric, now: Span, then: Span, quantile: float = MEDIAN) -> Trend:
    """Return where a metric has gone from one span to another.

    What was counted in only a part of a span is not held against what was counted in all of another.
    """
    current, previous = now.whole(metric.name), then.whole(metric.name)
    if metric.kind is Kind.COUNT and min(now.known_share(metric.name), then.known_share(metric.name)) < KNOWN:
        values = value_of(metric, previous), value_of(metric, current)
        return Trend(Direction.UNKNOWN, None, *values, None, None)
    return trend(metric, current, previous, quantile, (now.hours, then.hours))


def hours_note(state: SourceState | None) -> str:
    """Return `18 of 24 hours complete (Sentry did not answer)`; "" when all of them are."""
    if state is None or state.complete >= state.expected:
        return ""
    why = f" ({state.reasons[0]})" if state.reasons else ""
    return f"{state.complete:,} of {state.expected:,} hours complete{why}"


def source_line(source: str, states: Mapping[str, SourceState]) -> str:
    """Return where numbers come from, as `Sentry, 24 of 24 hours`."""
    state = states.get(source)
    vendor = VENDORS.get(source, source)
    return vendor if state is None else f"{vendor}, {state.complete:,} of {state.expected:,} hours"


def _figure(shown: _Shown, facts: ProjectFacts, spans: Mapping[str, Span]) -> Figure:
    metric, span = METRICS[shown.metric], spans["window"]
    source, bucket = source_of(metric.name), span.whole(metric.name)
    value = value_of(metric, bucket, shown.quantile)
    numerator, denominator = _parts(metric, bucket)
    return Figure(
        shown.name,
        f"{metric.title}{shown.suffix}",
        value,
        _unit(metric, facts),
        interval=_interval(metric, bucket, shown.quantile),
        numerator=numerator,
        denominator=denominator,
        sample=_sample(metric, bucket),
        source=source_line(source, facts.states),
        trends={name: trend_between(metric, span, spans[name], shown.quantile) for name in COMPARED if name in spans},
        note="; ".join(filter(None, _notes(metric, bucket, span, facts.states.get(source)))),
        url=facts.links.get(metric.source, ""),
    )


def _unit(metric: Metric, facts: ProjectFacts) -> str:
    if metric.kind is Kind.SHARE:
        return "%"
    return facts.prices.currency if metric.unit == "money" else metric.unit


def _parts(metric: Metric, bucket: Bucket | None) -> tuple[float | None, float | None]:
    """Return what a share is made of."""
    if metric.kind is not Kind.SHARE or bucket is None:
        return None, None
    return bucket.total, bucket.count


def _sample(metric: Metric, bucket: Bucket | None) -> int:
    if bucket is None:
        return 0
    return round(bucket.total) if metric.kind is Kind.COUNT and not metric.unit else bucket.count


def _interval(metric: Metric, bucket: Bucket | None, quantile: float) -> tuple[float, float] | None:
    if bucket is None or not bucket.count:
        return None
    if metric.kind is Kind.SHARE:
        return wilson_interval(round(bucket.total), bucket.count)
    if metric.kind is not Kind.DISTRIBUTION or bucket.sketch is None:
        return None
    return _quantile_bounds(bucket, quantile)


def _quantile_bounds(bucket: Bucket, quantile: float) -> tuple[float, float] | None:
    """Return the bounds of a quantile by the ranks that it lies between, 95 % of the time; None for few samples.

    Source: W. J. Conover, Practical Nonparametric Statistics, 3rd edition, 1999, section 3.2.
    """
    number = bucket.count
    reach = Z * math.sqrt(quantile * (1 - quantile) / number)
    if bucket.sketch is None or number < ENOUGH or quantile + reach >= 1:
        return None
    low, high = (bucket.sketch.quantile(share) for share in (max(0.0, quantile - reach), quantile + reach))
    return None if low is None or high is None else (low, high)


def _notes(metric: Metric, bucket: Bucket | None, span: Span, state: SourceState | None) -> Sequence[str]:
    """Return what is special about a number: what it is of, and what of it is not known."""
    if value_of(metric, bucket) is None:
        return (_why_unknown(metric, span, state),)
    told = [hours_note(state)]
    if metric.label == "level":
        told.insert(0, _by_level(span.by_label(metric.name)))
    if metric.name in LEVELS:
        told.insert(0, LEVELS[metric.name])
    return told


def _why_unknown(metric: Metric, span: Span, state: SourceState | None) -> str:
    if state is not None and not state.complete:
        return f"not known: {state.reasons[0] if state.reasons else 'no hour is complete'}"
    builds = span.whole("builds")
    if metric.name == "branch_recovery_s" and builds is not None:
        return "no broken default branch was repaired in the period"
    return "; ".join(filter(None, ["none was measured in the period", hours_note(state)]))


def _by_level(buckets: Mapping[str, Bucket]) -> str:
    """Return `1 fatal, 3 error`, the gravest first."""
    ranks = [level.value for level in IssueLevel]
    ordered = sorted(buckets.items(), key=lambda item: ranks.index(item[0]) if item[0] in ranks else len(ranks))
    return ", ".join(f"{bucket.total:,.0f} {level}" for level, bucket in ordered if bucket.total)
