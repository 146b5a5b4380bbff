"""Single measurements: what one thing that happened adds to the metrics of the hour in which it happened."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from watchkeeper.domain.aggregation import aggregate, keys_of
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.errors import ErrorSample, judge_errors
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.history import ErrorHour
from watchkeeper.domain.issue_events import IssueChange, IssueEvent
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.metrics import METRICS, Kind
from watchkeeper.domain.windows import Window, floor

HOUR: Final = timedelta(hours=1)
ISSUE_METRICS: Final = {
    IssueChange.NEW: "new_issues",
    IssueChange.REGRESSED: "regressed_issues",
    IssueChange.RESOLVED: "resolved_issues",
}


@dataclass(frozen=True, slots=True)
class Sample:
    """What one thing adds to one metric.

    Attributes:
        hour: start of the hour that it belongs to.
        value: what is added to `total`: of a share, how many count.
        count: how many single ones it stands for: of a share, out of how many. Of what is only counted it is ignored.
    """

    metric: str
    label: str
    hour: datetime
    value: float
    count: int = 1


def sample_at(metric: str, label: str, at: datetime, value: float, count: int = 1) -> Sample:
    """Return the sample of something that happened at this moment."""
    return Sample(metric, label, floor(at, HOUR), value, count)


def aggregate_samples(samples: Iterable[tuple[str, Sample]]) -> BucketColumns:
    """Return the buckets of samples, each given with the project that it belongs to."""
    of_metric: defaultdict[str, list[tuple[str, Sample]]] = defaultdict(list)
    for project, sample in samples:
        of_metric[sample.metric].append((project, sample))
    return BucketColumns.joined([_aggregate(metric, several) for metric, several in sorted(of_metric.items())])


def _aggregate(metric: str, samples: Sequence[tuple[str, Sample]]) -> BucketColumns:
    keys = keys_of(
        [project for project, _ in samples],
        [sample.label for _, sample in samples],
        [sample.hour for _, sample in samples],
    )
    values = np.array([sample.value for _, sample in samples], np.float64)
    counts = np.array([sample.count for _, sample in samples], np.int64)
    return aggregate(metric, keys, values, None if METRICS[metric].kind is Kind.COUNT else counts)


def error_samples(hour: ErrorHour) -> list[Sample]:
    """Return failures by release, sessions without a crash, and people who met an error."""
    samples = [Sample("failures", c.release, hour.hour, c.failures, c.total) for c in hour.counts if c.total]
    if hour.sessions:
        samples.append(Sample("crash_free", "", hour.hour, hour.sessions - hour.crashed, hour.sessions))
    if hour.users is not None:
        samples.append(Sample("affected_users", "", hour.hour, hour.users))
    return samples


def issue_samples(events: Iterable[IssueEvent]) -> list[Sample]:
    return [sample_at(ISSUE_METRICS[event.kind], event.level.value, event.at, 1) for event in events]


def check_samples(checks: Iterable[HealthCheck]) -> list[Sample]:
    """Return score and verdict of each check, in the hour in which its window began."""
    samples = []
    for check in checks:
        samples.append(sample_at("checks", check.verdict.value, check.window.start, 1))
        if check.score is not None:
            samples.append(sample_at("score", "", check.window.start, check.score))
    return samples


def score_of_errors(hour: ErrorHour, limits: ErrorLimits) -> Sample | None:
    """Return the score that the errors of an hour alone give, where no check has looked; None when they say nothing."""
    window = Window(hour.hour, hour.hour + HOUR)
    judgement = judge_errors(ErrorSample(window, hour.denominator, hour.counts), (), limits, window)
    return None if judgement.score is None else Sample("score", "", hour.hour, judgement.score)
