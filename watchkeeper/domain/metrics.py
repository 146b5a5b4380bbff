"""What is measured of a project over time, and the buckets that it is put together in.

A bucket holds what can be merged without loss: counts, sums, extremes and a sketch of the distribution. A day is the
merge of its hours, a week of its days, all endpoints of all releases the merge of each; so a percentile is never an
average of percentiles, and a rate never an average of rates.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from watchkeeper.domain.sketches import Sketch, merge_sketches


class Kind(StrEnum):
    """How a metric is put together, and what its value is."""

    COUNT = "count"  # things that happened: `total` of them
    SHARE = "share"  # `total` of `count`, as a fraction 0..1
    DISTRIBUTION = "distribution"  # `count` samples, with sum, extremes and sketch
    LEVEL = "level"  # what stands at some height: looked at `count` times, between `least` and `greatest`


class Better(StrEnum):
    """Which way is good."""

    MORE = "more"
    LESS = "less"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is measured.

    Attributes:
        label: what its buckets are told apart by (release, endpoint, workflow, level, verdict, source); "" for nothing.
        unit: ms, s, days, points, credits, money or "".
        source: sentry, endpoints, circleci, vercel or watchkeeper (our own judgements).
    """

    name: str
    title: str
    kind: Kind
    source: str
    better: Better
    unit: str = ""
    label: str = ""


def _metrics(*metrics: Metric) -> Mapping[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: Final = _metrics(
    Metric("failures", "Failed requests or sessions", Kind.SHARE, "sentry", Better.LESS, label="release"),
    Metric("crash_free", "Sessions without a crash", Kind.SHARE, "sentry", Better.MORE),
    Metric("affected_users", "Users who met an error", Kind.LEVEL, "sentry", Better.LESS),
    Metric("new_issues", "New issues", Kind.COUNT, "sentry", Better.LESS, label="level"),
    Metric("regressed_issues", "Regressed issues", Kind.COUNT, "sentry", Better.LESS, label="level"),
    Metric("resolved_issues", "Resolved issues", Kind.COUNT, "sentry", Better.MORE, label="level"),
    Metric("availability", "Successful probes", Kind.SHARE, "endpoints", Better.MORE, label="endpoint"),
    Metric("latency_ms", "Time to answer", Kind.DISTRIBUTION, "endpoints", Better.LESS, "ms", "endpoint"),
    Metric("first_byte_ms", "Time to first byte", Kind.DISTRIBUTION, "endpoints", Better.LESS, "ms", "endpoint"),
    Metric("certificate_days", "Certificate days left", Kind.LEVEL, "endpoints", Better.MORE, "days", "endpoint"),
    Metric("builds", "Successful builds", Kind.SHARE, "circleci", Better.MORE, label="workflow"),
    Metric("build_time_s", "Build time", Kind.DISTRIBUTION, "circleci", Better.LESS, "s", "workflow"),
    Metric("build_queue_s", "Time in the build queue", Kind.DISTRIBUTION, "circleci", Better.LESS, "s", "workflow"),
    Metric("build_reruns", "Builds run again", Kind.COUNT, "circleci", Better.LESS, label="workflow"),
    Metric("flaky_tests", "Flaky tests", Kind.LEVEL, "circleci", Better.LESS),
    Metric("branch_recovery_s", "Default branch broken for", Kind.DISTRIBUTION, "circleci", Better.LESS, "s"),
    Metric("credits", "CircleCI credits", Kind.COUNT, "circleci", Better.LESS, "credits", "workflow"),
    Metric("vercel_deployments", "Successful production builds", Kind.SHARE, "vercel", Better.MORE),
    Metric("vercel_build_time_s", "Production build time", Kind.DISTRIBUTION, "vercel", Better.LESS, "s"),
    Metric("vercel_queue_s", "Production build queued", Kind.DISTRIBUTION, "vercel", Better.LESS, "s"),
    Metric("releases", "Releases in production", Kind.COUNT, "vercel", Better.MORE),
    Metric("lead_time_s", "Commit to production", Kind.DISTRIBUTION, "vercel", Better.LESS, "s"),
    Metric("promotions", "Promotions", Kind.COUNT, "vercel", Better.NEITHER),
    Metric("rollbacks", "Rollbacks", Kind.COUNT, "vercel", Better.LESS),
    Metric("cost", "Cost", Kind.COUNT, "watchkeeper", Better.LESS, "money", "source"),
    Metric("failed_releases", "Releases that failed", Kind.SHARE, "watchkeeper", Better.LESS),
    Metric("restore_time_s", "Time to restore", Kind.DISTRIBUTION, "watchkeeper", Better.LESS, "s"),
    Metric("score", "Health score", Kind.LEVEL, "watchkeeper", Better.MORE, "points"),
    Metric("checks", "Health checks", Kind.COUNT, "watchkeeper", Better.NEITHER, label="verdict"),
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """One metric of one project over one span.

    Attributes:
        label: which release, endpoint, workflow ...; "" for a metric without labels.
        start: of the hour, day, week or month, aware UTC.
        count: samples or times looked at; of a share, what it is a share of; of a count, always 0.
        total: sum of the samples; of a share, how many it is; of a count, how many (or how much).
        least, greatest: None when there is no sample.
        sketch: of a distribution; None for every other kind.
    """

    project: str
    metric: str
    label: str
    start: datetime
    count: int
    total: float
    least: float | None = None
    greatest: float | None = None
    sketch: Sketch | None = None

    @property
    def mean(self) -> float | None:
        """Mean of the samples; of a share, the share itself as a fraction 0..1; None for nothing and for a count."""
        return self.total / self.count if self.count else None


def merge(buckets: Iterable[Bucket], label: str | None = None, start: datetime | None = None) -> Bucket | None:
    """Return buckets of one metric and project as one; None for none.

    Args:
        label, start: of the result; those of the first bucket when left out.
    """
    several = list(buckets)
    if not several:
        return None
    first = several[0]
    sketches = [bucket.sketch for bucket in several if bucket.sketch is not None]
    return Bucket(
        project=first.project,
        metric=first.metric,
        label=first.label if label is None else label,
        start=first.start if start is None else start,
        count=sum(bucket.count for bucket in several),
        total=sum(bucket.total for bucket in several),
        least=min((bucket.least for bucket in several if bucket.least is not None), default=None),
        greatest=max((bucket.greatest for bucket in several if bucket.greatest is not None), default=None),
        sketch=merge_sketches(sketches) if sketches else None,
    )
