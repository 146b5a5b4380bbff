"""CircleCI: pipelines of an organization's default branches, their workflows, and the jobs that matter.

Pipelines are listed once for the whole organization, page by page; projects that the list does not have, since the
token's user does not follow them, are asked for by themselves. What is settled is not asked again.

Source: https://circleci.com/docs/api/v2/
"""

import asyncio
from collections import defaultdict
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
    Listed,
    OfBranch,
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
_MAX_ALONE: Final = 50  # projects that are asked for by themselves, since the organization's list does not have them
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

        A project without any gets its newest older pipeline: a branch that broke last week is still broken. What the
        organization's list does not name is asked for by itself: the token's user may not follow it.

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
        earlier: defaultdict[tuple[str, str], list[Pipeline]] = defaultdict(list)
        for pipeline in (pipeline for pipeline in known.values() if pipeline.created_at < since):
            earlier[same_slug(pipeline.project), pipeline.branch].append(pipeline)
        found: dict[str, OfBranch | Missing] = {
            project: OfBranch(
                newest_first([*listed.of(project, branch), *earlier[same_slug(project), branch]]), listed.warnings
            )
            for project, branch in branches.items()
        }
        unsure = _unsure(listed, branches, found, known, since)
        alone = {project: branches[project] for project in unsure[:_MAX_ALONE]}
        for project, read in (await _asked_alone(calls, alone, since)).items():
            found[project] = read if isinstance(read, Missing) else _merged(read, found[project])
        unseen = f"CircleCI: {len(unsure)} projects are not in the organization's list; {_MAX_ALONE} are asked in turn"
        skipped = set(unsure[_MAX_ALONE:])
        complete = await _complete(calls, found, known, since)
        return {
            project: _report(read, complete, calls.unread, (unseen,) if project in skipped else ())
            for project, read in found.items()
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


def _unsure(
    listed: Listed,
    branches: Mapping[str, str],
    found: Mapping[str, OfBranch | Missing],
    known: Mapping[str, Pipeline],
    since: datetime,
) -> list[str]:
    """Return the projects to ask for by themselves, in turn.

    Those that the list does not have whole may have pipelines all the same; those that it has without any on the
    branch want their newest older one. First come those that are sure to lack in the list: we know of pipelines that
    it should have.
    """
    unsure = [p for p in branches if not (listed.has_all_of(p) and _pipelines(found[p]))]
    lacking = {same_slug(pipeline.project) for pipeline in known.values() if pipeline.created_at >= since}
    turn = int(since.timestamp() // 900) * _MAX_ALONE % len(unsure) if len(unsure) > _MAX_ALONE else 0
    return sorted(unsure[turn:] + unsure[:turn], key=lambda project: same_slug(project) not in lacking)


async def _asked_alone(
    calls: PipelineCalls, branches: Mapping[str, str], since: datetime
) -> dict[str, OfBranch | Missing]:
    """Return the pipelines of each project's branch since then, or its newest one however old it is."""
    patience = Patience()
    asked = (patience.spend(partial(calls.of_branch, project, branch, since)) for project, branch in branches.items())
    found = zip(branches, await asyncio.gather(*asked), strict=True)
    return {project: read if isinstance(read, Missing) else _recent(read, since) for project, read in found}


def _recent(read: OfBranch, since: datetime) -> OfBranch:
    return OfBranch(read.since(since) or read.pipelines[:1], read.warnings)


def _merged(read: OfBranch, listed: OfBranch | Missing) -> OfBranch:
    """Return what was read of a project alone, with what else is known of it."""
    warnings = () if isinstance(listed, Missing) else listed.warnings
    return OfBranch(newest_first([*read.pipelines, *_pipelines(listed)]), (*warnings, *read.warnings))


def _pipelines(read: OfBranch | Missing) -> tuple[Pipeline, ...]:
    return () if isinstance(read, Missing) else read.pipelines


async def _complete(
    calls: PipelineCalls,
    found: Mapping[str, OfBranch | Missing],
    before: Mapping[str, Pipeline],
    since: datetime,
) -> dict[str, Pipeline]:
    """Return all pipelines with their workflows, by id; the newest of every project are asked for first."""
    placed = ranked({project: _pipelines(read) for project, read in found.items()})
    known = {
        pipeline.id: before[pipeline.id]
        for place, pipeline in placed
        if pipeline.id in before and _is_settled(before[pipeline.id], since, is_newest=place == 0)
    }
    open_ones = [pipeline for _, pipeline in placed if pipeline.id not in known]
    return known | await with_workflows(calls, open_ones, before, _MOST_PIPELINES)


def _report(
    read: OfBranch | Missing,
    complete: Mapping[str, Pipeline],
    unread: Mapping[str, tuple[str, ...]],
    warnings: tuple[str, ...],
) -> BuildReport | Missing:
    if isinstance(read, Missing):
        return read
    pipelines = tuple(complete[pipeline.id] for pipeline in read.pipelines)
    flaws = (flaw for pipeline in pipelines for flaw in unread.get(pipeline.id, ()))
    left = sum(pipeline.workflows == late(_MOST_PIPELINES) for pipeline in pipelines)
    rest = (f"CircleCI: the workflows of {left} pipelines will be read next time",) if left else ()
    return BuildReport(pipelines, (*read.warnings, *flaws, *warnings, *rest))


def _is_settled(pipeline: Pipeline, since: datetime, *, is_newest: bool) -> bool:
    """Return True when asking for its workflows again is not worth a call.

    The newest one of a project is asked again while it is broken and young, since a rerun adds workflows to it. One
    that has had no workflow for an hour gets none any more, and one whose state nobody can name is not waited for.
    """
    if is_newest and _is_broken(pipeline) and pipeline.created_at > since - RERUN_WITHIN:
        return False
    if pipeline.is_final or (pipeline.workflows == () and pipeline.created_at < since - _WORKFLOWS_WITHIN):
        return True
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    has_ended = all(workflow.is_final or workflow.status.is_unknown for workflow in workflows)
    return bool(workflows) and has_ended and pipeline.created_at < since - RERUN_WITHIN


def _is_broken(pipeline: Pipeline) -> bool:
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    return any(workflow.status.is_broken for workflow in workflows)
