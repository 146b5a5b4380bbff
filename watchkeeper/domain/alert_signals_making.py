"""Signals of what stands before production: pipelines of the default branch, production builds, and what it costs."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Final

from watchkeeper.domain.alert_facts import AlertFacts, cause_of, made_lately
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.builds import Outcome, Pipeline, Workflow, WorkflowStatus, failed_jobs, last_runs, outcome
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.costs import cost_report
from watchkeeper.domain.phrases import listed, money, percent
from watchkeeper.domain.production import DeploymentState, VercelDeployment
from watchkeeper.domain.verdicts import Component, Missing, Verdict
from watchkeeper.domain.windows import Period

MINUTE: Final = timedelta(minutes=1)
COSTS_KNOWN_AFTER: Final = timedelta(hours=3)  # the end of a day: the vendor tells credits an hour later
_IN_WORK: Final = frozenset(
    {DeploymentState.QUEUED, DeploymentState.INITIALIZING, DeploymentState.BUILDING, DeploymentState.BLOCKED}
)
_FINISHED: Final = frozenset({DeploymentState.READY, DeploymentState.ERROR})
_QUEUED_JOBS: Final = frozenset({"queued", "not_running"})


def failed_builds(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield how many pipelines of the default branch have failed in a row."""
    if Component.BUILDS not in facts.components:
        return
    ended = [p for p in _pipelines(facts, now) if outcome(p) in {Outcome.PASSED, Outcome.FAILED}]
    if not ended:
        yield Signal(facts.project, "failed_builds", None, now)
        return
    failed = list(takewhile(lambda p: outcome(p) is Outcome.FAILED, ended))
    value, last = float(len(failed)), ended[0]
    told = _broken(failed) if failed else f"pipeline {_named(last)} passed"
    yield Signal(facts.project, "failed_builds", value, now, details=(told,), url=last.url)


def running_build(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the minutes that the oldest unfinished workflow of the default branch is running."""
    running = [(p, w) for p, w in _unfinished(facts, now) if not _queued_since(w)]
    return _longest(facts, "running_build", [(p, w, w.created_at) for p, w in running], "is running", now)


def build_queue(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the minutes that the oldest queued job of the default branch waits for a machine."""
    waiting = [(p, w, since) for p, w in _unfinished(facts, now) if (since := _queued_since(w))]
    return _longest(facts, "build_queue", waiting, "waits for a machine", now)


def failed_deployments(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield how many production builds have failed in a row."""
    if Component.DELIVERY not in facts.components:
        return
    finished = [d for d in _deployments(facts, now) if d.state in _FINISHED]
    if not finished:
        yield Signal(facts.project, "failed_deployments", None, now)
        return
    failed = list(takewhile(lambda d: d.state is DeploymentState.ERROR, finished))
    last, name, value = finished[0], "failed_deployments", float(len(failed))
    one = f"the production build {_built(last)} failed"
    told = one if len(failed) < 2 else f"the last {len(failed)} production builds failed, the newest is {_built(last)}"
    told += f": {last.error}" if last.error else ""
    cause = cause_of(facts.check_at(now))
    cause = cause if cause.startswith("platform:") else ""  # a build that failed is no fault of what serves
    yield Signal(facts.project, name, value, now, details=(told,), cause=cause, url=last.inspector_url)


def waiting_deployment(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the minutes that the oldest production build is in work, unless a newer one has finished since."""
    if Component.DELIVERY not in facts.components:
        return
    newest = takewhile(lambda d: d.state not in _FINISHED, _deployments(facts, now))
    working = [d for d in newest if d.state in _IN_WORK]
    if not working:
        yield Signal(facts.project, "waiting_deployment", 0.0, now)
        return
    oldest = min(working, key=lambda d: d.created_at)
    waited = now - oldest.created_at
    told = f"the production build {_built(oldest)} does not get on"
    value, url = waited / MINUTE, oldest.inspector_url
    yield Signal(facts.project, "waiting_deployment", value, now, details=(told,), url=url)


def cost_over(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield by how many percent the last finished day was dearer than such days are; 0 within what is usual."""
    if not facts.costs:
        return
    day = Period.DAY.previous(Period.DAY.around(now - COSTS_KNOWN_AFTER, facts.zone), facts.zone)
    date = day.start.astimezone(facts.zone).date()
    spent = {"all": facts.costs[date]} if date in facts.costs else None
    report = cost_report(spent, facts.costs, {date: 1.0}, facts.prices, releases=0, is_complete=True)
    if report.variance is None or report.actual is None or report.expected is None:
        yield Signal(facts.project, "cost_over", None, min(day.end, now))
        return
    told = f"{money(report.actual, report.currency)} on {date:%Y-%m-%d}, "
    told += f"expected {money(report.expected, report.currency)}"
    told += f" ({percent(abs(report.variance))} {'more' if report.variance > 0 else 'less'})"
    value = 0.0 if report.verdict is Verdict.HEALTHY else 100 * max(0.0, report.variance)
    yield Signal(facts.project, "cost_over", value, min(day.end, now), details=(told,))


def _pipelines(facts: AlertFacts, now: datetime) -> Sequence[Pipeline]:
    """Return the pipelines as they stood, newest first."""
    if not facts.is_past:
        return facts.pipelines
    return [_as_it_was(p, now) for p in made_lately(facts.pipelines, now)]


def _as_it_was(pipeline: Pipeline, now: datetime) -> Pipeline:
    """Return a pipeline without what happened later; what has stopped since was running then."""
    if isinstance(pipeline.workflows, Missing):
        return pipeline
    begun = (w for w in pipeline.workflows if w.created_at <= now)
    return replace(pipeline, workflows=tuple(_unstopped(w) if (w.stopped_at or now) > now else w for w in begun))


def _unstopped(workflow: Workflow) -> Workflow:
    return replace(workflow, status=WorkflowStatus.RUNNING, stopped_at=None, jobs=())


def _unfinished(facts: AlertFacts, now: datetime) -> list[tuple[Pipeline, Workflow]]:
    running = {WorkflowStatus.RUNNING, WorkflowStatus.FAILING}
    found = ((p, w) for p in _pipelines(facts, now) if not p.is_final for w in last_runs(p))
    return [(pipeline, workflow) for pipeline, workflow in found if workflow.status in running]


def _queued_since(workflow: Workflow) -> datetime | None:
    """Return since when a job of it can have waited for a machine: since those before it have stopped."""
    if not any(job.status in _QUEUED_JOBS for job in workflow.jobs):
        return None
    return max([workflow.created_at, *(job.stopped_at for job in workflow.jobs if job.stopped_at)])


def _longest(
    facts: AlertFacts, name: str, several: Sequence[tuple[Pipeline, Workflow, datetime]], what: str, now: datetime
) -> Iterator[Signal]:
    if Component.BUILDS not in facts.components:
        return
    if not several:
        yield Signal(facts.project, name, 0.0, now)
        return
    pipeline, workflow, since = min(several, key=lambda each: (each[2], each[1].id))
    told = f"{workflow.name} of {_named(pipeline)} {what} since {since:%H:%M} UTC"
    yield Signal(facts.project, name, (now - since) / MINUTE, now, details=(told,), url=workflow.url or pipeline.url)


def _broken(failed: Sequence[Pipeline]) -> str:
    newest = failed[0]
    if newest.state == "errored":
        why = f": its configuration was refused: {listed(list(newest.errors))}" if newest.errors else ""
    else:
        broken = [workflow for workflow in last_runs(newest) if workflow.status.is_broken]
        names = sorted({job for workflow in broken for job in failed_jobs(workflow)}) or [w.name for w in broken]
        why = f" in {listed(names)}" if names else ""
    if len(failed) == 1:
        return f"the default branch is broken: pipeline {_named(newest)} failed{why}"
    return f"the last {len(failed)} pipelines of the default branch failed: {_named(newest)}{why}"


def _named(pipeline: Pipeline) -> str:
    return f"#{pipeline.number} ({short_name(pipeline.sha)})" if pipeline.sha else f"#{pipeline.number}"


def _deployments(facts: AlertFacts, now: datetime) -> Sequence[VercelDeployment]:
    """Return the production builds as they stood, newest first; of a failed one it is not known when it failed."""
    if not facts.is_past:
        return [d for d in facts.deployments if d.target == "production"]
    return [_as_built_then(d, now) for d in made_lately(facts.deployments, now) if d.target == "production"]


def _as_built_then(deployment: VercelDeployment, now: datetime) -> VercelDeployment:
    is_later = deployment.ready_at is not None and deployment.ready_at > now
    return replace(deployment, state=DeploymentState.BUILDING, ready_at=None) if is_later else deployment


def _built(deployment: VercelDeployment) -> str:
    return short_name(deployment.sha) or deployment.id
