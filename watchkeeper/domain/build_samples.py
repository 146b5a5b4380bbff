"""What builds add to the metrics of an hour: all of a run in the hour in which it stopped."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from watchkeeper.domain.builds import Outcome, Pipeline, Workflow, WorkflowStatus, last_runs, outcome
from watchkeeper.domain.costs import CIRCLECI, Prices, cost_of_credits
from watchkeeper.domain.history import BuildRun
from watchkeeper.domain.samples import Sample, sample_at
from watchkeeper.domain.verdicts import Missing

FLAKY_FOR: Final = timedelta(days=14)  # after it flaked last a test still counts as flaky: as the vendor counts
DECIDED: Final = frozenset({WorkflowStatus.SUCCESS, WorkflowStatus.FAILED, WorkflowStatus.ERROR})


def build_samples(pipelines: Iterable[Pipeline]) -> list[Sample]:
    """Return outcome, duration and time in the queue of each workflow that stopped, and which were run again."""
    samples = []
    for pipeline in pipelines:
        for workflow, is_rerun in _runs(pipeline):
            samples += _of_workflow(workflow)
            if is_rerun and workflow.stopped_at:
                samples.append(sample_at("build_reruns", workflow.name, workflow.stopped_at, 1))
    return samples


def recovery_samples(pipelines: Iterable[Pipeline]) -> list[Sample]:
    """Return how long the default branch was broken, each time in the hour in which it passed again.

    It is broken from the end of the first pipeline that failed to the end of the next one that passed, in the order in
    which they were begun. What neither passed nor failed says nothing.

    Args:
        pipelines: of the default branch of one project, in any order.
    """
    samples = []
    broken_since: datetime | None = None
    for pipeline in sorted(pipelines, key=lambda p: (p.created_at, p.number, p.id)):
        result, ended = outcome(pipeline), ended_at(pipeline)
        if result is Outcome.FAILED:
            broken_since = broken_since or ended
        elif result is Outcome.PASSED and broken_since is not None:
            seconds = max(0.0, (ended - broken_since).total_seconds())
            samples.append(sample_at("branch_recovery_s", "", ended, seconds))
            broken_since = None
    return samples


def ended_at(pipeline: Pipeline) -> datetime:
    """Return when the last of its workflows stopped; when it was created where none ran."""
    return max([pipeline.created_at, *(run.stopped_at for run in last_runs(pipeline) if run.stopped_at)])


def run_samples(runs: Iterable[BuildRun], prices: Prices) -> list[Sample]:
    """Return the credits of each run by workflow, and what they cost."""
    samples = []
    for run in runs:
        if run.stopped_at is not None:
            samples.append(sample_at("credits", run.workflow, run.stopped_at, run.credits))
            samples.append(sample_at("cost", CIRCLECI, run.stopped_at, cost_of_credits(run.credits, prices)))
    return samples


def flaky_samples(times: Sequence[tuple[datetime, datetime]], hours: Iterable[datetime]) -> list[Sample]:
    """Return how many tests counted as flaky in each hour; nothing for hours before the first was noticed.

    Args:
        times: when each test was noticed first, and when it flaked last.
    """
    if not times:
        return []
    first = min(noticed for noticed, _ in times)
    hour_long = timedelta(hours=1)
    return [
        Sample("flaky_tests", "", hour, sum(n < hour + hour_long and last >= hour - FLAKY_FOR for n, last in times))
        for hour in hours
        if first < hour + hour_long
    ]


def _runs(pipeline: Pipeline) -> list[tuple[Workflow, bool]]:
    """Return each run of each workflow, and whether it was run again."""
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    ordered = sorted(workflows, key=lambda w: (w.name, w.created_at, w.id))
    return [(run, n > 0) for _, runs in groupby(ordered, key=lambda w: w.name) for n, run in enumerate(runs)]


def _of_workflow(workflow: Workflow) -> list[Sample]:
    if workflow.stopped_at is None or workflow.status not in DECIDED:
        return []
    name, at = workflow.name, workflow.stopped_at
    samples = [sample_at("builds", name, at, workflow.status is WorkflowStatus.SUCCESS)]
    if workflow.duration is not None:
        samples.append(sample_at("build_time_s", name, at, max(0.0, workflow.duration.total_seconds())))
    if workflow.queued is not None:
        samples.append(sample_at("build_queue_s", name, at, max(0.0, workflow.queued.total_seconds())))
    return samples
