"""CircleCI: pipelines of an organization's default branches, their workflows, and the jobs that matter.

Pipelines are listed once for the whole organization, page by page. What is settled is not asked again.

Source: https://circleci.com/docs/api/v2/
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import httpx

from watchkeeper.clients.base import VendorClient
from watchkeeper.clients.circleci_history import read_past
from watchkeeper.clients.circleci_parsing import same_slug
from watchkeeper.clients.circleci_pipelines import (
    RERUN_WITHIN,
    PipelineCalls,
    late,
    newest_first,
    ranked,
    with_workflows,
)
from watchkeeper.clients.patience import Patience
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.domain.builds import BuildReport, Pipeline
from watchkeeper.domain.history import BuildHistory
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window

_UNITS: Final = ("second", "minute", "hour", "day")
_LIMITS: Final = LimitHeaders(
    pairs=(
        ("ratelimit-remaining", "ratelimit-reset"),
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
        *((f"x-ratelimit-remaining-{unit}", "ratelimit-reset") for unit in _UNITS),
        *((f"x-ratelimit-remaining-{unit}", f"x-ratelimit-reset-{unit}") for unit in _UNITS),
    ),
    reset_is_epoch=False,
    per_endpoint=False,
)
_WORKFLOWS_WITHIN: Final = timedelta(hours=1)
_MOST_QUIET: Final = 20  # projects that are looked at on their own, since the organization's list does not name them
_MOST_PIPELINES: Final = 200  # whose workflows are asked for in one call; the next call goes on with the rest


class CircleCIClient(VendorClient):
    """Reads the builds of organizations."""

    def __init__(
        self,
        token: str,
        base_url: str = "https://circleci.com/api/v2",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            vendor="CircleCI",
            base_url=base_url,
            headers={"Circle-Token": token},
            secrets=(token,),
            transport=transport,
            limits=_LIMITS,
            credential="CIRCLE_TOKEN",
        )
        # Where people look: app.circleci.com for the hosted API, else beside the API of the installation.
        site = base_url.rstrip("/").removesuffix("/api/v2")
        self._web_url = "https://app.circleci.com" if site == "https://circleci.com" else site

    async def build_reports(
        self, organization: str, branches: Mapping[str, str], since: datetime, known: Mapping[str, Pipeline]
    ) -> dict[str, BuildReport | Missing]:
        """Read the pipelines created since then on each project's default branch, and the known older ones.

        A project without any gets its newest older pipeline: a branch that broke last week is still broken.

        Args:
            organization: slug, as in `gh/acme`.
            branches: the default branch of each project, by its slug as in `gh/acme/shop`; they key the result.
            known: pipelines that were read before, by id. Final ones are used as they are, except the newest one of a
                project while it is broken and young, since a rerun adds workflows to it.

        Raises:
            VendorError: the organization's pipelines could not be listed.
        """
        calls = PipelineCalls(self, self._web_url)
        listed = await calls.listed(organization, since)
        for pipeline in (pipeline for pipeline in known.values() if pipeline.created_at < since):
            listed.by_branch[same_slug(pipeline.project), pipeline.branch].append(pipeline)
        found: dict[str, tuple[Pipeline, ...] | Missing] = {
            project: newest_first(listed.by_branch[same_slug(project), branch]) for project, branch in branches.items()
        }
        quiet = _in_turn([project for project in branches if not found[project]], since)
        found |= await _newest(calls, {project: branches[project] for project in quiet[:_MOST_QUIET]})
        complete = await _complete(calls, found, known, since)
        unseen = f"CircleCI: only {_MOST_QUIET} of {len(quiet)} projects without new pipelines were looked at"
        skipped = set(quiet[_MOST_QUIET:])
        return {
            project: _report(
                found[project], complete, (*listed.warnings, unseen) if project in skipped else listed.warnings
            )
            for project in branches
        }

    async def build_history(
        self,
        organization: str,
        branches: Mapping[str, str],
        span: Window,
        known: Mapping[str, Pipeline],
        now: datetime,
    ) -> dict[str, BuildHistory | Missing]:
        """Read the pipelines of each project's default branch that were created in the span, with all their jobs.

        Runs of all branches with their credits and flaky tests come from Insights, which are a day late; what cannot be
        had of them is a warning.

        Args:
            branches: the default branch of each project, by its slug as in `gh/acme/shop`; they key the result.
            known: pipelines that were read before, by id; settled ones are used as they are.

        Raises:
            VendorError: the organization's pipelines could not be listed.
        """
        return await read_past(
            PipelineCalls(self, self._web_url, every_job=True), organization, branches, span, known, now
        )


async def _newest(calls: PipelineCalls, branches: Mapping[str, str]) -> dict[str, tuple[Pipeline, ...] | Missing]:
    """Return the newest pipeline of each project's branch, however old it is."""
    patience = Patience()
    asked = (patience.spend(partial(calls.newest, project, branch)) for project, branch in branches.items())
    return dict(zip(branches, await asyncio.gather(*asked), strict=True))


async def _complete(
    calls: PipelineCalls,
    found: Mapping[str, tuple[Pipeline, ...] | Missing],
    before: Mapping[str, Pipeline],
    since: datetime,
) -> dict[str, Pipeline]:
    """Return all pipelines with their workflows, by id; the newest of every project are asked for first."""
    placed = ranked(found)
    known = {
        pipeline.id: before[pipeline.id]
        for place, pipeline in placed
        if pipeline.id in before and _is_settled(before[pipeline.id], since, is_newest=place == 0)
    }
    open_ones = [pipeline for _, pipeline in placed if pipeline.id not in known]
    return known | await with_workflows(calls, open_ones, before, _MOST_PIPELINES)


def _in_turn(projects: list[str], since: datetime) -> list[str]:
    """Return the projects from another one on each quarter hour, so that all have their turn before the bound."""
    turn = int(since.timestamp() // 900) * _MOST_QUIET % len(projects) if len(projects) > _MOST_QUIET else 0
    return projects[turn:] + projects[:turn]


def _report(
    pipelines: tuple[Pipeline, ...] | Missing, complete: Mapping[str, Pipeline], warnings: tuple[str, ...]
) -> BuildReport | Missing:
    if isinstance(pipelines, Missing):
        return pipelines
    read = tuple(complete[pipeline.id] for pipeline in pipelines)
    left = sum(pipeline.workflows == late(_MOST_PIPELINES) for pipeline in read)
    rest = (f"CircleCI: the workflows of {left} pipelines will be read next time",) if left else ()
    return BuildReport(read, (*warnings, *rest))


def _is_settled(pipeline: Pipeline, since: datetime, *, is_newest: bool) -> bool:
    """Return True when asking for its workflows again is not worth a call.

    The newest one of a project is asked again while it is broken and young, since a rerun adds workflows to it. One
    that has had no workflow for an hour gets none any more.
    """
    if is_newest and _is_broken(pipeline) and pipeline.created_at > since - RERUN_WITHIN:
        return False
    return pipeline.is_final or (pipeline.workflows == () and pipeline.created_at < since - _WORKFLOWS_WITHIN)


def _is_broken(pipeline: Pipeline) -> bool:
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    return any(workflow.status.is_broken for workflow in workflows)
