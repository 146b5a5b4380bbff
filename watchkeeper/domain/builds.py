"""Builds and tests of the default branch (source: CircleCI)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.limits import BuildLimits
from watchkeeper.domain.phrases import listed, span
from watchkeeper.domain.verdicts import Evidence, Finding, Gap, Judgement, Missing, Verdict, conclude, unknown


class WorkflowStatus(StrEnum):
    SUCCESS = "success"
    RUNNING = "running"
    NOT_RUN = "not_run"
    FAILED = "failed"
    ERROR = "error"
    FAILING = "failing"
    ON_HOLD = "on_hold"
    CANCELED = "canceled"
    UNAUTHORIZED = "unauthorized"
    TERMINATED_UNKNOWN = "terminated-unknown"
    NEEDS_SETUP = "needs_setup"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self not in {self.RUNNING, self.FAILING, self.ON_HOLD, self.UNKNOWN}

    @property
    def is_broken(self) -> bool:
        return self in {self.FAILED, self.ERROR, self.FAILING, self.UNAUTHORIZED}

    @property
    def is_unknown(self) -> bool:
        """True where nobody can say how it went: neither a success nor a failure, whether it has ended or not."""
        return self in {self.UNKNOWN, self.TERMINATED_UNKNOWN, self.NEEDS_SETUP}


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a workflow; `status` in the vendor's words or `unknown`; `kind` build, approval or unknown."""

    id: str
    name: str
    status: str
    kind: str
    started_at: datetime | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow of a pipeline.

    Attributes:
        jobs: read only where they matter: of unfinished or broken workflows.
        queued: from its creation to the start of its first job; None when that is not known.
    """

    id: str
    name: str
    status: WorkflowStatus
    created_at: datetime
    stopped_at: datetime | None = None
    jobs: tuple[Job, ...] = ()
    url: str = ""
    queued: timedelta | None = None

    @property
    def is_final(self) -> bool:
        """True when it has ended, however that is called."""
        return self.status.is_final or (self.status.is_unknown and self.stopped_at is not None)

    @property
    def duration(self) -> timedelta | None:
        """Return how long it took; None while that is not known, and where the vendor's two moments contradict."""
        if self.stopped_at is None or self.stopped_at < self.created_at:
            return None
        return self.stopped_at - self.created_at


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with its workflows, or why they are not known.

    Attributes:
        state: created, errored, setup-pending, setup, pending or unknown; errored means the configuration was refused.
    """

    id: str
    number: int
    project: str
    branch: str
    sha: str
    state: str
    created_at: datetime
    errors: tuple[str, ...] = ()
    workflows: tuple[Workflow, ...] | Missing = ()
    url: str = ""

    @property
    def is_final(self) -> bool:
        """True when asking again cannot change anything."""
        if isinstance(self.workflows, Missing):
            return False
        return self.state == "errored" or (bool(self.workflows) and all(w.is_final for w in self.workflows))


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The pipelines of one project's default branch, newest first."""

    pipelines: tuple[Pipeline, ...]
    warnings: tuple[str, ...] = ()


class Outcome(StrEnum):
    """How a pipeline ended, all its workflows together."""

    PASSED = "passed"
    FAILED = "failed"
    UNFINISHED = "unfinished"
    NOTHING = "nothing"  # canceled, or nothing had to run
    UNKNOWN = "unknown"


def outcome(pipeline: Pipeline) -> Outcome:
    """Return how it ended. Of a workflow that was run again only the last run counts."""
    if pipeline.state == "errored":
        return Outcome.FAILED
    if isinstance(pipeline.workflows, Missing):
        return Outcome.UNKNOWN
    states = {workflow.status for workflow in last_runs(pipeline)}
    if any(state.is_broken for state in states):
        return Outcome.FAILED
    if any(state.is_unknown for state in states):
        return Outcome.UNKNOWN
    if not states or any(not state.is_final for state in states):
        return Outcome.UNFINISHED
    return Outcome.PASSED if states <= {WorkflowStatus.SUCCESS, WorkflowStatus.NOT_RUN} else Outcome.NOTHING


def last_runs(pipeline: Pipeline) -> tuple[Workflow, ...]:
    """Return the newest run of each workflow, by name; empty when they are not known."""
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    newest = {w.name: w for w in sorted(workflows, key=lambda w: (w.created_at, w.id))}
    return tuple(newest[name] for name in sorted(newest))


def failed_jobs(workflow: Workflow) -> tuple[str, ...]:
    """Return the names of the jobs that a workflow failed in, sorted; empty when its jobs were not read."""
    return tuple(sorted({job.name for job in workflow.jobs if job.status in _BROKEN_JOBS}))


def judge_builds(report: BuildReport | Missing, limits: BuildLimits, now: datetime) -> Judgement:
    """Return whether the default branch builds: its newest finished pipeline, and work that does not get on."""
    if isinstance(report, Missing):
        return unknown(report.gap, report.reason)
    pipelines = sorted(report.pipelines, key=lambda p: (p.created_at, p.number, p.id), reverse=True)
    newest = next((p for p in pipelines if outcome(p) is not Outcome.NOTHING), None)
    findings = [*_failed(pipelines, limits, now), *_waiting(pipelines, newest, limits, now)]
    findings += [Finding(Verdict.HEALTHY, warning) for warning in report.warnings]
    gap, reason = _gap(pipelines, newest)
    evidence = _evidence(pipelines)
    if reason and all(finding.verdict is Verdict.HEALTHY for finding in findings):
        return unknown(gap, reason, evidence)
    return conclude([*findings, *([Finding(Verdict.HEALTHY, reason)] if reason else [])], evidence)


def _gap(pipelines: Sequence[Pipeline], newest: Pipeline | None) -> tuple[Gap, str]:
    """Return why the newest state is not known; an empty reason when it is."""
    if newest is None:
        return Gap.NO_EVIDENCE, "not enough evidence: no pipeline has run on the default branch"
    if isinstance(newest.workflows, Missing) and outcome(newest) is Outcome.UNKNOWN:
        return newest.workflows.gap, f"pipeline {_named(newest)} is not known: {newest.workflows.reason}"
    if outcome(newest) is Outcome.UNKNOWN:
        return Gap.UNAVAILABLE, f"pipeline {_named(newest)} is in a state that is not known"
    if not any(map(_has_ended, pipelines)):
        return Gap.NO_EVIDENCE, "not enough evidence: no pipeline of the default branch has finished"
    return Gap.NO_EVIDENCE, ""


def _failed(pipelines: Sequence[Pipeline], limits: BuildLimits, now: datetime) -> list[Finding]:
    last = next((p for p in pipelines if _has_ended(p)), None)
    if last is None:
        return []
    if outcome(last) is Outcome.PASSED:
        return [Finding(Verdict.HEALTHY, f"pipeline {_named(last)}, {span(now - last.created_at)} ago, passed")]
    failed = list(takewhile(lambda p: outcome(p) is Outcome.FAILED, filter(_has_ended, pipelines)))
    newest, since = failed[0], span(now - failed[-1].created_at)
    reason = f"pipeline {_named(newest)} of the default branch failed{_why(newest)}"
    if len(failed) > 1:
        reason = f"the last {len(failed)} pipelines of the default branch failed, for {since}: {_named(newest)}"
        reason += _why(newest)
    if len(failed) >= limits.failures_critical:
        return [Finding(Verdict.CRITICAL, reason, 54 - 2 * len(failed))]
    return [Finding(Verdict.WARNING, reason, 66 - 2 * len(failed))]


def _has_ended(pipeline: Pipeline) -> bool:
    return outcome(pipeline) in {Outcome.PASSED, Outcome.FAILED}


def _why(pipeline: Pipeline) -> str:
    if pipeline.state == "errored":
        return f": its configuration was refused: {listed(list(pipeline.errors))}" if pipeline.errors else ""
    broken = [workflow for workflow in last_runs(pipeline) if workflow.status.is_broken]
    jobs = {job for workflow in broken for job in failed_jobs(workflow)}
    names = listed(sorted(jobs) or [workflow.name for workflow in broken])
    return f" in {names}" if names else ""


_BROKEN_JOBS = frozenset({"failed", "infrastructure_fail", "timedout", "unauthorized", "terminated-unknown"})
_QUEUED_JOBS = frozenset({"queued", "not_running"})


def _waiting(
    pipelines: Sequence[Pipeline], newest: Pipeline | None, limits: BuildLimits, now: datetime
) -> list[Finding]:
    findings = []
    for pipeline in (p for p in pipelines if not p.is_final):
        for workflow in last_runs(pipeline):
            found = _stuck(workflow, limits, now)
            if not found and pipeline is newest and workflow.status is WorkflowStatus.ON_HOLD:
                found = _over("waits for an approval", now - _last_step(workflow), limits.on_hold_after)
            if found:
                findings.append(Finding(Verdict.WARNING, f"{workflow.name} of {_named(pipeline)} {found}", 64))
    return findings


def _stuck(workflow: Workflow, limits: BuildLimits, now: datetime) -> str:
    if workflow.status not in {WorkflowStatus.RUNNING, WorkflowStatus.FAILING}:
        return ""
    if any(job.status in _QUEUED_JOBS for job in workflow.jobs):
        found = _over("waits for a machine", now - _last_step(workflow), limits.queued_after)
        if found:
            return found
    return _over("is running", now - workflow.created_at, limits.stuck_after)


def _over(what: str, waited: timedelta, limit: timedelta) -> str:
    return f"{what} for {span(waited)}, limit {span(limit)}" if waited > limit else ""


def _last_step(workflow: Workflow) -> datetime:
    """Return since when a queued job can have waited: jobs queue when the ones before them have stopped."""
    return max([workflow.created_at, *(job.stopped_at for job in workflow.jobs if job.stopped_at)])


def _named(pipeline: Pipeline) -> str:
    return f"#{pipeline.number} ({short_name(pipeline.sha)})" if pipeline.sha else f"#{pipeline.number}"


def _evidence(pipelines: Sequence[Pipeline]) -> list[Evidence]:
    return [Evidence(f"pipeline {_named(p)}", outcome(p).value, "", p.url) for p in pipelines[:3]]
