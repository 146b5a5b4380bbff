"""The lists of a report: releases, issues, builds, flaky tests, endpoints and workflows, the weightiest first."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.builds import Outcome, Pipeline, Workflow, failed_jobs, last_runs, outcome
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.issue_events import IssueChange
from watchkeeper.domain.issues import Issue, IssueLevel, weight
from watchkeeper.domain.metrics import METRICS, Bucket
from watchkeeper.domain.period_reports import (
    BuildLine,
    EndpointLine,
    FlakyTestLine,
    IssueLine,
    ReleaseLine,
    WorkflowLine,
)
from watchkeeper.domain.phrases import amount, listed
from watchkeeper.domain.release_outcomes import live_at, live_releases, rolled_back
from watchkeeper.domain.releases import Release, counts_of
from watchkeeper.domain.report_facts import ProjectFacts
from watchkeeper.domain.report_spans import Span
from watchkeeper.domain.trends import Trend, trend, value_of
from watchkeeper.domain.windows import Window

MOST: Final = {"releases": 40, "issues": 12, "builds": 12, "flaky_tests": 8, "endpoints": 20, "workflows": 10}
MOST_TOP: Final = 5  # issues told for their events alone
KINDS: Final = ("new", "regressed", "top")


def cut(**sizes: int) -> dict[str, int]:
    """Return how many lie beyond what is shown of each list, by its name; only of those that are too long."""
    return {name: size - MOST[name] for name, size in sizes.items() if size > MOST[name]}


# --- releases


def release_lines(facts: ProjectFacts, window: Window, span: Span, failed: Mapping[str, str]) -> list[ReleaseLine]:
    """Return the releases that went live in the window, newest first.

    Args:
        failed: why releases failed, by their names.
    """
    counts: dict[str, list[ErrorCount]] = {}
    for name, bucket in span.by_label("failures").items():
        counts.setdefault(short_name(name), []).append(ErrorCount(name, round(bucket.total), bucket.count))
    taken_back = rolled_back(facts.releases, facts.alias_requests)
    urls = {deployment.id: deployment.inspector_url for deployment in facts.deployments}
    live = reversed(live_releases(facts.releases, window))
    return [_release_line(release, counts, failed, release.name in taken_back, facts, urls) for release in live]


def _release_line(  # noqa: PLR0913, PLR0917 - all that is known of one release
    release: Release,
    counts: Mapping[str, Sequence[ErrorCount]],
    failed: Mapping[str, str],
    taken_back: bool,  # noqa: FBT001 - a fact among facts
    facts: ProjectFacts,
    urls: Mapping[str, str],
) -> ReleaseLine:
    # Only what begins alike can be the same commit: a month has many releases, each with its own name.
    alike = {short_name(name) for name in (release.sha, *release.sentry_versions)}
    own = counts_of(release, [count for name in alike for count in counts.get(name, ())])
    reason = failed.get(release.name, "")
    word = "failed" if reason else "well" if own.total >= max(1, facts.limits.errors.min_total) else "not known"
    if not reason and word == "not known":
        reason = f"Sentry counted {amount(own.total, 'request')} under its name" if "sentry" in facts.states else ""
    return ReleaseLine(
        name=short_name(release.name),
        sha=release.sha,
        live_at=live_at(release),
        outcome="rolled back" if taken_back else word,
        failures=own.failures,
        total=own.total,
        reason=reason,
        url=next((urls[d] for d in release.vercel_deployments if urls.get(d)), ""),
    )


def release_calendar(lines: Iterable[ReleaseLine], zone: str) -> dict[date, tuple[int, int]]:
    """Return releases by local day: (releases, failed ones)."""
    place, found = ZoneInfo(zone), dict[date, tuple[int, int]]()
    for line in lines:
        day = line.live_at.astimezone(place).date()
        released, failed = found.get(day, (0, 0))
        found[day] = released + 1, failed + (line.outcome in {"failed", "rolled back"})
    return dict(sorted(found.items()))


# --- issues


def issue_lines(facts: ProjectFacts, window: Window) -> list[IssueLine]:
    """Return the issues that were new in the window, that came back in it, and else those with most events."""
    changes = {(event.issue, event.kind) for event in facts.issue_events if window.contains(event.at)}
    seen = {issue.id: issue for issue in facts.issues}.values()
    kinds = {issue.id: _kind(issue, changes, window) for issue in seen}
    lines = [_issue_line(issue, kinds[issue.id]) for issue in sorted(seen, key=lambda i: _issue_key(i, kinds[i.id]))]
    top = [line for line in lines if line.kind == "top"][:MOST_TOP]
    return [line for line in lines if line.kind != "top"] + top


def _kind(issue: Issue, changes: set[tuple[str, IssueChange]], window: Window) -> str:
    if (issue.id, IssueChange.NEW) in changes or (issue.first_seen and window.contains(issue.first_seen)):
        return "new"
    return "regressed" if (issue.id, IssueChange.REGRESSED) in changes else "top"


def _issue_key(issue: Issue, kind: str) -> tuple[int, int, int, int, str]:
    return KINDS.index(kind), list(IssueLevel).index(issue.level), *weight(issue), issue.id


def _issue_line(issue: Issue, kind: str) -> IssueLine:
    return IssueLine(
        kind,
        issue.level.value,
        issue.short_id or issue.id,
        issue.title,
        issue.culprit,
        issue.count,
        issue.users,
        issue.first_seen,
        issue.last_seen,
        issue.url,
    )


# --- builds


def build_lines(facts: ProjectFacts, window: Window) -> list[BuildLine]:
    """Return the builds of the default branch that failed in the window and were not repaired by a rerun, newest first.

    A pipeline whose configuration was refused has no workflow, and stands for itself.
    """
    failed = [pipeline for pipeline in facts.pipelines if outcome(pipeline) is Outcome.FAILED]
    lines = [line for pipeline in failed for line in _broken(pipeline) if window.contains(line.at)]
    return sorted(lines, key=lambda line: (line.at, line.number, line.name), reverse=True)


def _broken(pipeline: Pipeline) -> list[BuildLine]:
    if pipeline.state == "errored":
        reason = f"its configuration was refused: {listed(list(pipeline.errors))}".removesuffix(": ")
        number, sha, at = pipeline.number, pipeline.sha, pipeline.created_at
        return [BuildLine("configuration", number, sha, at, (), reason, pipeline.url)]
    return [_build_line(pipeline, workflow) for workflow in last_runs(pipeline) if workflow.status.is_broken]


def _build_line(pipeline: Pipeline, workflow: Workflow) -> BuildLine:
    jobs = failed_jobs(workflow)
    reason = f"{workflow.status.value} in {listed(list(jobs))}" if jobs else f"the workflow {workflow.status.value}"
    at = workflow.stopped_at or workflow.created_at
    return BuildLine(workflow.name, pipeline.number, pipeline.sha, at, jobs, reason, workflow.url or pipeline.url)


def flaky_lines(facts: ProjectFacts, window: Window) -> list[FlakyTestLine]:
    """Return the flaky tests that were seen in the window or since, those that cost most time first.

    CircleCI counts them over the last 14 days, whatever the window is.
    """
    seen = [test for test in facts.flaky_tests if test.last_seen_at >= window.start]
    ordered = sorted(seen, key=lambda test: (-test.time_lost, -test.times, test.name))
    url = facts.links.get("circleci", "")
    return [FlakyTestLine(test.name, test.job, test.times, test.time_lost, url) for test in ordered]


def workflow_lines(span: Span, before: Span, usual: Span) -> list[WorkflowLine]:
    """Return what is known of each workflow, those that cost most credits first.

    Args:
        usual: what the credits are held against: of a day, the same weekday of the week before.
    """
    metrics = ("builds", "build_time_s", "build_queue_s", "build_reruns", "credits")
    names = {name for metric in metrics for name in span.by_label(metric) if name}
    lines = [_workflow_line(name, span, before, usual) for name in names]
    return sorted(lines, key=lambda line: (-line.credits, -line.runs, line.name))


def _workflow_line(name: str, span: Span, before: Span, usual: Span) -> WorkflowLine:
    builds, used = span.by_label("builds").get(name), span.by_label("credits").get(name)
    reruns, earlier = span.by_label("build_reruns").get(name), usual.by_label("credits").get(name)
    is_known = bool(usual.by_label("credits"))
    return WorkflowLine(
        name=name,
        runs=builds.count if builds else 0,
        passed=round(builds.total) if builds else 0,
        p95_s=_quantile(span, "build_time_s", name, 0.95),
        queue_s=_quantile(span, "build_queue_s", name, 0.95),
        reruns=round(reruns.total) if reruns else 0,
        credits=used.total if used else 0.0,
        credits_before=(earlier.total if earlier else 0.0) if is_known else None,
        trend=_trend(span, before, "build_time_s", name),
    )


# --- endpoints


def endpoint_lines(facts: ProjectFacts, span: Span, before: Span) -> list[EndpointLine]:
    """Return how each endpoint did, the slowest first; one that is configured and was never probed stands last."""
    names = {endpoint.name for endpoint in facts.endpoints} | set(span.by_label("availability"))
    lines = [_endpoint_line(name, facts, span, before) for name in names]
    return sorted(lines, key=lambda line: (not line.probes, not line.is_slow, -(line.p95_ms or 0), line.name))


def _endpoint_line(name: str, facts: ProjectFacts, span: Span, before: Span) -> EndpointLine:
    own = next((endpoint for endpoint in facts.endpoints if endpoint.name == name), None)
    limit = facts.limits.endpoints.latency_warning_ms
    if own is not None and own.latency_warning_ms is not None:
        limit = own.latency_warning_ms
    probes = span.by_label("availability").get(name)
    certificate = span.by_label("certificate_days").get(name)
    p50, p95, p99 = (_quantile(span, "latency_ms", name, share) for share in (0.5, 0.95, 0.99))
    return EndpointLine(
        name=name,
        probes=probes.count if probes else 0,
        availability=probes.mean if probes else None,
        p50_ms=p50,
        p95_ms=p95,
        p99_ms=p99,
        is_slow=p95 is not None and p95 > limit,
        certificate_days=certificate.least if certificate else None,
        limit_ms=limit,
        trend=_trend(span, before, "latency_ms", name),
        url=own.url if own else "",
    )


def _quantile(span: Span, metric: str, label: str, quantile: float) -> float | None:
    return value_of(METRICS[metric], span.by_label(metric).get(label), quantile)


def _trend(span: Span, before: Span, metric: str, label: str) -> Trend | None:
    now: Bucket | None = span.by_label(metric).get(label)
    then = before.by_label(metric).get(label)
    return trend(METRICS[metric], now, then, 0.95) if now and then else None
