"""CircleCI: pipelines of an organization's default branches, their workflows, and the jobs that matter.

Pipelines are listed once for the whole organization, page by page. What is settled is not asked again.

Source: https://circleci.com/docs/api/v2/
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final, TypeVar
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import (
    Answer,
    Pages,
    Params,
    VendorClient,
    VendorUnavailable,
)
from watchkeeper.clients.circleci_parsing import read_job, read_pipeline, read_status, read_workflow, same_slug
from watchkeeper.clients.parsing import Record, readable, record_of
from watchkeeper.clients.patience import Patience
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.domain.builds import BuildReport, Job, Pipeline, Workflow
from watchkeeper.domain.verdicts import Gap, Missing

T = TypeVar("T")

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
_MOST_PIPELINE_PAGES: Final = 40
_MOST_INNER_PAGES: Final = 20
_RERUN_WITHIN: Final = timedelta(hours=12)
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
        listed, warnings = await self._listed(organization, since)
        for pipeline in (pipeline for pipeline in known.values() if pipeline.created_at < since):
            listed[same_slug(pipeline.project), pipeline.branch].append(pipeline)
        found: dict[str, tuple[Pipeline, ...] | Missing] = {
            project: _newest_first(listed[same_slug(project), branch]) for project, branch in branches.items()
        }
        quiet = _in_turn([project for project in branches if not found[project]], since)
        found |= await self._newest({project: branches[project] for project in quiet[:_MOST_QUIET]})
        complete = await self._complete(found, known, since)
        unseen = f"CircleCI: only {_MOST_QUIET} of {len(quiet)} projects without new pipelines were looked at"
        skipped = set(quiet[_MOST_QUIET:])
        return {
            project: _report(found[project], complete, (*warnings, unseen) if project in skipped else warnings)
            for project in branches
        }

    async def _listed(
        self, organization: str, since: datetime
    ) -> tuple[defaultdict[tuple[str, str], list[Pipeline]], tuple[str, ...]]:
        """Return the pipelines by project and branch, newest first, and what could not be read of them."""

        def next_page(answer: Answer) -> Params | None:
            created = [raw.moment_or_none("created_at") for raw in record_of(answer).records("items")]
            return None if any(moment and moment < since for moment in created) else _next_page(answer)

        about = f"the pipelines of organization {organization}"
        pages = await self.get_pages(
            "/pipeline", {"org-slug": organization}, next_page, most=_MOST_PIPELINE_PAGES, about=about
        )
        pipelines, warnings = readable(_items(pages), self._read_pipeline, "pipelines")
        if pages.is_cut:
            warnings.append(f"CircleCI: only the newest {len(pipelines)} of {about} were read")
        by_branch: defaultdict[tuple[str, str], list[Pipeline]] = defaultdict(list)
        for pipeline in sorted({pipeline.id: pipeline for pipeline in pipelines}.values(), key=_age):
            if pipeline.created_at >= since:
                by_branch[same_slug(pipeline.project), pipeline.branch].append(pipeline)
        return by_branch, tuple(warnings)

    async def _newest(self, branches: Mapping[str, str]) -> dict[str, tuple[Pipeline, ...] | Missing]:
        """Return the newest pipeline of each project's branch, however old it is."""
        patience = Patience()
        asked = (patience.spend(partial(self._newest_of, project, branch)) for project, branch in branches.items())
        return dict(zip(branches, await asyncio.gather(*asked), strict=True))

    async def _newest_of(self, project: str, branch: str) -> tuple[Pipeline, ...]:
        path = f"/project/{quote(project, safe='')}/pipeline"
        answer = await self.get(path, {"branch": branch}, about=f"project {project}")
        pipelines, _ = readable(record_of(answer).records("items"), self._read_pipeline, "pipelines")
        return tuple(sorted(pipelines, key=_age)[:1])

    async def _complete(
        self, found: Mapping[str, tuple[Pipeline, ...] | Missing], before: Mapping[str, Pipeline], since: datetime
    ) -> dict[str, Pipeline]:
        """Return all pipelines with their workflows, by id; the newest of every project are asked for first."""
        lists = [pipelines for pipelines in found.values() if not isinstance(pipelines, Missing)]
        ranked = sorted(
            ((place, pipeline) for pipelines in lists for place, pipeline in enumerate(pipelines)),
            key=lambda pair: (pair[0], _age(pair[1])),
        )
        known = {
            pipeline.id: before[pipeline.id]
            for place, pipeline in ranked
            if pipeline.id in before and _is_settled(before[pipeline.id], since, is_newest=place == 0)
        }
        open_ones = [pipeline for _, pipeline in ranked if pipeline.id not in known]
        patience = Patience()
        asked = (self._with_workflows(p, before.get(p.id), patience) for p in open_ones[:_MOST_PIPELINES])
        read = await asyncio.gather(*asked)
        rest = (replace(pipeline, workflows=_NOT_THIS_TIME) for pipeline in open_ones[_MOST_PIPELINES:])
        return known | {pipeline.id: pipeline for pipeline in (*read, *rest)}

    async def _with_workflows(self, pipeline: Pipeline, before: Pipeline | None, patience: Patience) -> Pipeline:
        """Return the pipeline with its workflows; `before` is what was read of it earlier."""
        if pipeline.state == "errored":  # its configuration was refused, so it has none
            return pipeline
        return replace(pipeline, workflows=await patience.spend(partial(self._workflows, pipeline, before)))

    async def _workflows(self, pipeline: Pipeline, before: Pipeline | None) -> tuple[Workflow, ...]:
        about = f"pipeline {pipeline.number} of {pipeline.project}"
        raws = await self._inner_items(f"/pipeline/{quote(pipeline.id, safe='')}/workflow", about)
        known = () if before is None or isinstance(before.workflows, Missing) else before.workflows
        by_id = {workflow.id: workflow for workflow in known}
        return tuple([await self._workflow(raw, pipeline, by_id.get(raw.text("id", ""))) for raw in raws])

    async def _workflow(self, raw: Record, pipeline: Pipeline, before: Workflow | None) -> Workflow:
        """Return a workflow, with its jobs where somebody will look at them; those of one that has ended stay."""
        status = read_status(raw)
        if before is not None and status.is_final and before.status is status:
            return read_workflow(raw, before.jobs, pipeline.url)
        jobs = await self._jobs(raw.text("id")) if status.is_broken or not status.is_final else ()
        return read_workflow(raw, jobs, pipeline.url)

    async def _jobs(self, workflow: str) -> tuple[Job, ...]:
        raws = await self._inner_items(f"/workflow/{quote(workflow, safe='')}/job", f"workflow {workflow}")
        return tuple(read_job(raw) for raw in raws)

    async def _inner_items(self, path: str, about: str) -> list[Record]:
        pages = await self.get_pages(path, {}, _next_page, most=_MOST_INNER_PAGES, about=about)
        if pages.is_cut:
            raise VendorUnavailable(self.vendor, f"has more than {_MOST_INNER_PAGES} pages about {about}")
        return _items(pages)

    def _read_pipeline(self, raw: Record) -> Pipeline:
        return read_pipeline(raw, self._web_url)


def _in_turn(projects: list[str], since: datetime) -> list[str]:
    """Return the projects from another one on each quarter hour, so that all have their turn before the bound."""
    turn = int(since.timestamp() // 900) * _MOST_QUIET % len(projects) if len(projects) > _MOST_QUIET else 0
    return projects[turn:] + projects[:turn]


def _newest_first(pipelines: Iterable[Pipeline]) -> tuple[Pipeline, ...]:
    """Return each pipeline once, as it was read first."""
    return tuple(sorted({pipeline.id: pipeline for pipeline in reversed(list(pipelines))}.values(), key=_age))


_NOT_THIS_TIME: Final = Missing(
    Gap.UNAVAILABLE, f"CircleCI: the {_MOST_PIPELINES} newest pipelines were asked for first"
)


def _report(
    pipelines: tuple[Pipeline, ...] | Missing, complete: Mapping[str, Pipeline], warnings: tuple[str, ...]
) -> BuildReport | Missing:
    if isinstance(pipelines, Missing):
        return pipelines
    read = tuple(complete[pipeline.id] for pipeline in pipelines)
    left = sum(pipeline.workflows is _NOT_THIS_TIME for pipeline in read)
    late = (f"CircleCI: the workflows of {left} pipelines will be read next time",) if left else ()
    return BuildReport(read, (*warnings, *late))


def _age(pipeline: Pipeline) -> tuple[float, int]:
    """Sort the newest first."""
    return -pipeline.created_at.timestamp(), -pipeline.number


def _is_settled(pipeline: Pipeline, since: datetime, *, is_newest: bool) -> bool:
    """Return True when asking for its workflows again is not worth a call.

    The newest one of a project is asked again while it is broken and young, since a rerun adds workflows to it. One
    that has had no workflow for an hour gets none any more.
    """
    if is_newest and _is_broken(pipeline) and pipeline.created_at > since - _RERUN_WITHIN:
        return False
    return pipeline.is_final or (pipeline.workflows == () and pipeline.created_at < since - _WORKFLOWS_WITHIN)


def _is_broken(pipeline: Pipeline) -> bool:
    workflows = () if isinstance(pipeline.workflows, Missing) else pipeline.workflows
    return any(workflow.status.is_broken for workflow in workflows)


def _items(pages: Pages) -> list[Record]:
    return [raw for answer in pages.answers for raw in record_of(answer).records("items")]


def _next_page(answer: Answer) -> Params | None:
    token = record_of(answer).text("next_page_token", "")
    return {"page-token": token} if token else None
