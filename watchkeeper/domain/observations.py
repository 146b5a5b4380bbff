"""A measured value, in the one form that every source shares."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from statistics import fmean, median

from watchkeeper.domain.builds import Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.delivery import VercelDeployment
from watchkeeper.domain.endpoints import Probe
from watchkeeper.domain.errors import Denominator, ErrorCount, ErrorSample
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window


@dataclass(frozen=True, slots=True)
class Observation:
    """One measured value of one project; unique by project, source, metric, window start and end, and release.

    Attributes:
        source: sentry, vercel, circleci or endpoints.
        metric: what was measured, with its unit in the name where it has one (`latency_ms/home`).
        sample_size: how many single measurements are in `value`; 0 when it is not a sample.
        release: as the source names it; "" when the value does not belong to one.
    """

    project: str
    source: str
    metric: str
    window: Window
    value: float
    sample_size: int = 0
    release: str = ""


def observations_of(  # noqa: PLR0913 - one argument a source
    project: str,
    window: Window,
    *,
    sample: ErrorSample | Missing | None = None,
    probes: Iterable[Probe] = (),
    deployments: Iterable[VercelDeployment] = (),
    pipelines: Iterable[Pipeline] = (),
) -> tuple[Observation, ...]:
    """Return what was measured of a project in a window, in a fixed order; builds that ended outside are left out.

    Metrics, rates being fractions 0..1: `requests` or `sessions` and `failed_...` of each (by release),
    `crash_free_rate`; `availability/<endpoint>` and `latency_ms/<endpoint>` (median); `build_time_s` of what became
    ready; `workflow_time_s/<workflow>` and `workflow_success/<workflow>` of what stopped.

    Args:
        probes: those of the check itself: they may be taken a little after the end of the window, and belong to it.
    """
    found = [
        *(_errors(project, sample) if isinstance(sample, ErrorSample) else ()),
        *_endpoints(project, window, tuple(probes)),
        *_deliveries(project, window, deployments),
        *_builds(project, window, pipelines),
    ]
    return tuple(sorted(found, key=lambda o: (o.source, o.metric, o.window, o.release)))


def counts_before(
    observations: Iterable[Observation], denominator: Denominator, end: datetime
) -> tuple[ErrorCount, ...]:
    """Return failures and totals by release that were observed before `end`; windows that overlap count once."""
    sums: dict[str, tuple[int, int]] = {}
    covered: dict[str, datetime] = {}
    metric = f"failed_{denominator.noun}s"
    failed = {(o.window, o.release): o for o in observations if o.source == "sentry" and o.metric == metric}
    for (window, release), observation in sorted(failed.items(), key=lambda item: item[0]):
        if window.end > end or window.start < covered.get(release, window.start):
            continue
        covered[release] = window.end
        failures, total = sums.get(release, (0, 0))
        sums[release] = (failures + round(observation.value), total + observation.sample_size)
    return tuple(ErrorCount(release, *sums[release]) for release in sorted(sums))


def _errors(project: str, sample: ErrorSample) -> list[Observation]:
    nouns = f"{sample.denominator.noun}s"
    found = []
    for count in sample.counts:
        common = (sample.window, count.failures, count.total, count.release)
        found.append(Observation(project, "sentry", f"failed_{nouns}", *common))
        found.append(replace(found[-1], metric=nouns, value=count.total))
    if sample.crash_free_rate is not None:
        found.append(Observation(project, "sentry", "crash_free_rate", sample.window, sample.crash_free_rate))
    return found


def _endpoints(project: str, window: Window, probes: Sequence[Probe]) -> list[Observation]:
    found = []
    for name in sorted({probe.endpoint for probe in probes}):
        own = [probe for probe in probes if probe.endpoint == name]
        times = [probe.total_ms for probe in own if probe.ok and probe.total_ms is not None]
        share = sum(probe.ok for probe in own) / len(own)
        found.append(Observation(project, "endpoints", f"availability/{name}", window, share, len(own)))
        if times:
            found.append(Observation(project, "endpoints", f"latency_ms/{name}", window, median(times), len(times)))
    return found


def _deliveries(project: str, window: Window, deployments: Iterable[VercelDeployment]) -> list[Observation]:
    ready = [d.build_time for d in deployments if d.build_time and d.ready_at and window.contains(d.ready_at)]
    if not ready:
        return []
    seconds = fmean(sorted(time.total_seconds() for time in ready))
    return [Observation(project, "vercel", "build_time_s", window, seconds, len(ready))]


def _builds(project: str, window: Window, pipelines: Iterable[Pipeline]) -> list[Observation]:
    stopped: dict[str, list[Workflow]] = {}
    for pipeline in pipelines:
        for workflow in () if isinstance(pipeline.workflows, Missing) else pipeline.workflows:
            if workflow.stopped_at is not None and window.contains(workflow.stopped_at) and workflow.status in _DECIDED:
                stopped.setdefault(workflow.name, []).append(workflow)
    found = []
    for name, workflows in stopped.items():
        times = sorted(w.duration.total_seconds() for w in workflows if w.duration is not None)
        share = sum(w.status is WorkflowStatus.SUCCESS for w in workflows) / len(workflows)
        number = len(workflows)
        found.append(Observation(project, "circleci", f"workflow_time_s/{name}", window, fmean(times), number))
        found.append(Observation(project, "circleci", f"workflow_success/{name}", window, share, number))
    return found


_DECIDED = frozenset({WorkflowStatus.SUCCESS, WorkflowStatus.FAILED, WorkflowStatus.ERROR})
