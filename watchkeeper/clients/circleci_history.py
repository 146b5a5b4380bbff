"""CircleCI's past: the pipelines of a span with all their jobs, and what Insights tells of it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from watchkeeper.clients.circleci_insights import Insights, InsightsCalls
from watchkeeper.clients.circleci_pipelines import (
    RERUN_WITHIN,
    OfBranch,
    PipelineCalls,
    has_queued,
    ranked,
    with_workflows,
)
from watchkeeper.clients.patience import Patience
from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.history import BuildHistory
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window

_MOST_PIPELINES: Final = 1_000  # whose workflows are asked for in one call
_LISTED_WITHIN: Final = timedelta(days=3)  # what is older is asked for by project: the organization's list has no start


async def read_past(  # noqa: PLR0913, PLR0917 - who, what and when
    calls: PipelineCalls,
    organization: str,
    branches: Mapping[str, str],
    span: Window,
    known: Mapping[str, Pipeline],
    now: datetime,
) -> dict[str, BuildHistory | Missing]:
    """Read the past of each project.

    Raises:
        VendorError: the organization's pipelines could not be listed.
    """
    found = await _past(calls, organization, branches, span, now)
    insights = InsightsCalls(calls.client, span, now, Patience())
    pipelines = {project: read if isinstance(read, Missing) else read.pipelines for project, read in found.items()}
    complete, told = await asyncio.gather(
        _complete_past(calls, pipelines, known, now),
        asyncio.gather(*(insights.insights(project) for project in branches)),
    )
    return {
        project: _history(found[project], complete, insight, calls.unread)
        for project, insight in zip(branches, told, strict=True)
    }


async def _past(
    calls: PipelineCalls, organization: str, branches: Mapping[str, str], span: Window, now: datetime
) -> dict[str, OfBranch | Missing]:
    """Return the pipelines created in the span by project, newest first, and what could not be read of them.

    A project that the organization's list does not have whole is asked by itself: it may not be followed.
    """
    found: dict[str, OfBranch | Missing] = {}
    if now - span.start <= _LISTED_WITHIN:
        listed = await calls.listed(organization, span.start)
        found |= {
            project: OfBranch(tuple(listed.of(project, branch)), listed.warnings)
            for project, branch in branches.items()
            if listed.has_all_of(project)
        }
    alone = {project: branch for project, branch in branches.items() if project not in found}
    patience = Patience()
    asked = (patience.spend(partial(calls.of_branch, project, branch, span.start)) for project, branch in alone.items())
    found |= zip(alone, await asyncio.gather(*asked), strict=True)
    return {project: read if isinstance(read, Missing) else _within(read, span) for project, read in found.items()}


def _within(read: OfBranch, span: Window) -> OfBranch:
    inside = tuple(pipeline for pipeline in read.pipelines if span.contains(pipeline.created_at))
    return OfBranch(inside, read.warnings)


async def _complete_past(
    calls: PipelineCalls,
    found: Mapping[str, tuple[Pipeline, ...] | Missing],
    before: Mapping[str, Pipeline],
    now: datetime,
) -> dict[str, Pipeline]:
    pipelines = [pipeline for _, pipeline in ranked(found)]
    known = {p.id: before[p.id] for p in pipelines if p.id in before and _is_past(before[p.id], now)}
    open_ones = [pipeline for pipeline in pipelines if pipeline.id not in known]
    return known | await with_workflows(calls, open_ones, before, _MOST_PIPELINES)


def _is_past(pipeline: Pipeline, now: datetime) -> bool:
    """Return True when nothing of the pipeline changes any more and all is known of it."""
    if not pipeline.is_final or isinstance(pipeline.workflows, Missing) or now - pipeline.created_at < RERUN_WITHIN:
        return False
    return all(has_queued(workflow) for workflow in pipeline.workflows)


def _history(
    found: OfBranch | Missing,
    complete: Mapping[str, Pipeline],
    insights: Insights,
    unread: Mapping[str, tuple[str, ...]],
) -> BuildHistory | Missing:
    if isinstance(found, Missing):
        return found
    flaws = (flaw for pipeline in found.pipelines for flaw in unread.get(pipeline.id, ()))
    return BuildHistory(
        pipelines=tuple(complete[pipeline.id] for pipeline in found.pipelines),
        runs=insights.runs,
        flaky_tests=insights.flaky_tests,
        credits_until=insights.credits_until,
        warnings=(*found.warnings, *flaws, *insights.warnings),
    )
