"""The numbers of a report: a figure that can be traced to its source, and the lines of a chart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from watchkeeper.domain.trends import Trend


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a report that can be traced to its source.

    Attributes:
        name: of the metric, or one of `cost_per_deployment`, `deployment_frequency`, `change_failure_rate`, ...
        value: in `unit`; None when it is not known, and `note` says why.
        unit: "%" (value is then a fraction 0..1), ms, s, days, points, credits, the currency's code, "per day" or "".
        interval: bounds of the true value, 95 %; None where that makes no sense.
        numerator, denominator: what a share is made of, `3 of 1,204`; None for what is no share.
        sample: how many single measurements it rests on.
        source: where it comes from, a short sentence: `Sentry, spans, 24 of 24 hours`.
        trends: by what it is held against, in this order: `previous` (the period before), `week` (the same day, week or
            month one week, four weeks or a year ago, as far as that makes sense), `compare_to` (asked for by hand);
            of the cost also `expected`.
        note: a sentence about what is special; "" for nothing.
    """

    name: str
    title: str
    value: float | None
    unit: str = ""
    interval: tuple[float, float] | None = None
    numerator: float | None = None
    denominator: float | None = None
    sample: int = 0
    source: str = ""
    trends: Mapping[str, Trend] = field(default_factory=dict)
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a line: `value` None is a gap. `low`, `high`: bounds or a band around it; None for none."""

    at: datetime
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Lines of one chart, by name, all with points at the same moments, oldest first.

    Names: `score` {score}; `failures` {rate}; `latency_ms` {p50, p95, p99}; `builds` {passed, failed};
    `cost` {actual, expected}; `releases` {released, failed}. `step` is the span of a point. The cost of a day is shown
    among the four weeks before it. A monthly report also has `score_by_week`, `failures_by_week`, `latency_ms_by_week`,
    `builds_by_week` and `cost_by_week` {actual}, of the last thirteen weeks.
    """

    name: str
    title: str
    unit: str
    step: timedelta
    lines: Mapping[str, tuple[Point, ...]]
