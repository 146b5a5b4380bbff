"""The single calls to CircleCI about pipelines, their workflows and the jobs that matter."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import Answer, Pages, Params, VendorClient, VendorUnavailable
from watchkeeper.clients.circleci_parsing import (
    read_job,
    read_pipeline,
    read_workflow,
    same_slug,
    unreadable_workflow,
)
from watchkeeper.clients.parsing import Record, readable, record_of
from watchkeeper.clients.patience import Patience
from watchkeeper.domain.builds import Job, Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.verdicts import Gap, Missing

RERUN_WITHIN: Final = timedelta(hours=12)
_MOST_PIPELINE_PAGES: Final = 40
_MOST_PROJECT_PAGES: Final = 150
_MOST_INNER_PAGES: Final = 20
_NEVER_RAN: Final = frozenset({WorkflowStatus.NOT_RUN, WorkflowStatus.UNAUTHORIZED})


@dataclass(frozen=True, slots=True)
class Listed:
    """What CircleCI lists of an organization: the projects that the token's user follows, at most 250 of them.

    Attributes:
        by_branch: the pipelines by project and branch, newest first.
        whole: the projects of which the list has all pipelines. A project that is not named may have some: nothing
            tells whether it is quiet, or not followed.
    """

    by_branch: defaultdict[tuple[str, str], list[Pipeline]]
    warnings: tuple[str, ...]
    whole: frozenset[str]

    def of(self, project: str, branch: str) -> list[Pipeline]:
        return self.by_branch[same_slug(project), branch]

    def has_all_of(self, project: str) -> bool:
        return same_slug(project) in self.whole


@dataclass(frozen=True, slots=True)
class OfBranch:
    """The pipelines of a branch, newest first, and what of them could not be read."""

    pipelines: tuple[Pipeline, ...]
    warnings: tuple[str, ...] = ()

    def since(self, moment: datetime) -> tuple[Pipeline, ...]:
        return tuple(pipeline for pipeline in self.pipelines if pipeline.created_at >= moment)


@dataclass(frozen=True, slots=True)
class PipelineCalls:
    """Asks for pipelines.

    Attributes:
        web_url: where people look.
        every_job: True to read the jobs of all workflows, which tell how long they queued; else only of those that
            somebody will look at.
        unread: what could not be read of a pipeline's workflows and jobs, by its id.
    """

    client: VendorClient
    web_url: str
    every_job: bool = False
    unread: dict[str, tuple[str, ...]] = field(default_factory=dict)

    async def listed(self, organization: str, since: datetime) -> Listed:
        """List the organization's pipelines created since then."""
        about = f"the pipelines of organization {organization}"
        pages = await self.client.get_pages(
            "/pipeline", {"org-slug": organization}, _page_since(since), most=_MOST_PIPELINE_PAGES, about=about
        )
        pipelines, warnings = readable(items_of(pages), self._read, "pipelines")
        if pages.is_cut:
            warnings.append(f"CircleCI: only the newest {len(pipelines)} of {about} were read")
        by_branch: defaultdict[tuple[str, str], list[Pipeline]] = defaultdict(list)
        for pipeline in newest_first(pipelines):
            if pipeline.created_at >= since:
                by_branch[same_slug(pipeline.project), pipeline.branch].append(pipeline)
        named = {same_slug(pipeline.project) for pipeline in pipelines}
        unplaced = {same_slug(pipeline.project) for pipeline in pipelines if not pipeline.branch}
        return Listed(by_branch, tuple(warnings), frozenset() if pages.is_cut else frozenset(named - unplaced))

    async def of_branch(self, project: str, branch: str, since: datetime) -> OfBranch:
        """Return the pipelines of the branch created since then, with older ones of the same page.

        Raises:
            VendorUnavailable: there are more than can be read.
        """
        pages = await self.client.get_pages(
            _path(project),
            {"branch": branch},
            _page_since(since),
            most=_MOST_PROJECT_PAGES,
            about=f"project {project}",
        )
        self._check_whole(pages, _MOST_PROJECT_PAGES, f"the pipelines of {project}")
        pipelines, warnings = readable(items_of(pages), self._read, "pipelines")
        placed = (pipeline if pipeline.branch else replace(pipeline, branch=branch) for pipeline in pipelines)
        return OfBranch(newest_first(placed), tuple(warnings))

    async def with_workflows(self, pipeline: Pipeline, before: Pipeline | None, patience: Patience) -> Pipeline:
        """Return the pipeline with its workflows; `before` is what was read of it earlier."""
        if pipeline.state == "errored":  # its configuration was refused, so it has none
            return pipeline
        return replace(pipeline, workflows=await patience.spend(partial(self._workflows, pipeline, before)))

    async def _workflows(self, pipeline: Pipeline, before: Pipeline | None) -> tuple[Workflow, ...]:
        about = f"pipeline {pipeline.number} of {pipeline.project}"
        raws = await self._inner_items(f"/pipeline/{quote(pipeline.id, safe='')}/workflow", about)
        known = () if before is None or isinstance(before.workflows, Missing) else before.workflows
        by_id = {workflow.id: workflow for workflow in known}
        read = [await self._workflow(raw, pipeline, by_id.get(raw.text("id", ""))) for raw in raws]
        flaws = [workflow for workflow in read if isinstance(workflow, VendorUnavailable)]
        if flaws:
            self._note_unread(pipeline, [f"{len(flaws)} of {len(read)} workflows could not be read: {flaws[0]}"])
        return tuple(
            unreadable_workflow(pipeline, place) if isinstance(workflow, VendorUnavailable) else workflow
            for place, workflow in enumerate(read)
        )

    async def _workflow(self, raw: Record, pipeline: Pipeline, before: Workflow | None) -> Workflow | VendorUnavailable:
        """Return a workflow, with its jobs where somebody will look at them; those of one that has ended stay.

        One that cannot be read does not hide the others: what is wrong with it is returned.
        """
        try:
            found = read_workflow(raw, (), pipeline)
        except VendorUnavailable as flaw:
            return flaw
        status = found.status
        if before is not None and before.is_final and before.status is status and self._is_enough(before):
            return read_workflow(raw, before.jobs, pipeline, before.queued)
        wanted = status.is_broken or not status.is_final or (self.every_job and status not in _NEVER_RAN)
        return read_workflow(raw, await self._jobs(found, pipeline), pipeline) if wanted else found

    def _is_enough(self, workflow: Workflow) -> bool:
        return not self.every_job or has_queued(workflow)

    async def _jobs(self, workflow: Workflow, pipeline: Pipeline) -> tuple[Job, ...]:
        raws = await self._inner_items(f"/workflow/{quote(workflow.id, safe='')}/job", f"workflow {workflow.id}")
        try:
            jobs, warnings = readable(raws, read_job, "jobs")
        except VendorUnavailable as flaw:
            jobs, warnings = [], [f"{len(raws)} of {len(raws)} jobs could not be read: {flaw}"]
        self._note_unread(pipeline, warnings)
        return tuple(jobs)

    def _note_unread(self, pipeline: Pipeline, warnings: Sequence[str]) -> None:
        told = tuple(f"pipeline #{pipeline.number}: {warning}" for warning in warnings)
        self.unread[pipeline.id] = (*self.unread.get(pipeline.id, ()), *told)

    async def _inner_items(self, path: str, about: str) -> list[Record]:
        pages = await self.client.get_pages(path, {}, next_page, most=_MOST_INNER_PAGES, about=about)
        self._check_whole(pages, _MOST_INNER_PAGES, about)
        return items_of(pages)

    def _check_whole(self, pages: Pages, most: int, about: str) -> None:
        if pages.is_cut:
            raise VendorUnavailable(self.client.vendor, f"has more than {most} pages about {about}")

    def _read(self, raw: Record) -> Pipeline:
        return read_pipeline(raw, self.web_url)


async def with_workflows(
    calls: PipelineCalls, pipelines: Sequence[Pipeline], before: Mapping[str, Pipeline], most: int
) -> dict[str, Pipeline]:
    """Return the pipelines with their workflows, by id; after the first `most` of them they are not asked for."""
    patience = Patience()
    asked = (calls.with_workflows(pipeline, before.get(pipeline.id), patience) for pipeline in pipelines[:most])
    read = await asyncio.gather(*asked)
    rest = (replace(pipeline, workflows=late(most)) for pipeline in pipelines[most:])
    return {pipeline.id: pipeline for pipeline in (*read, *rest)}


def late(most: int) -> Missing:
    """Return why the workflows of a pipeline have not been asked for."""
    return Missing(Gap.UNAVAILABLE, f"CircleCI: the {most} newest pipelines were asked for first")


def ranked(found: Mapping[str, tuple[Pipeline, ...] | Missing]) -> list[tuple[int, Pipeline]]:
    """Return the pipelines with their place within the project: first the newest of every project, then the second."""
    lists = [pipelines for pipelines in found.values() if not isinstance(pipelines, Missing)]
    places = ((place, pipeline) for pipelines in lists for place, pipeline in enumerate(pipelines))
    return sorted(places, key=lambda pair: (pair[0], age(pair[1])))


def newest_first(pipelines: Iterable[Pipeline]) -> tuple[Pipeline, ...]:
    """Return each pipeline once, as it was read first."""
    return tuple(sorted({pipeline.id: pipeline for pipeline in reversed(list(pipelines))}.values(), key=age))


def age(pipeline: Pipeline) -> tuple[float, int]:
    """Sort the newest first."""
    return -pipeline.created_at.timestamp(), -pipeline.number


def has_queued(workflow: Workflow) -> bool:
    """Return True when it is known how long the workflow queued, or that it never ran."""
    return workflow.queued is not None or workflow.status in _NEVER_RAN


def items_of(pages: Pages) -> list[Record]:
    return [raw for answer in pages.answers for raw in record_of(answer).records("items")]


def next_page(answer: Answer) -> Params | None:
    token = record_of(answer).text("next_page_token", "")
    return {"page-token": token} if token else None


def _page_since(since: datetime) -> Callable[[Answer], Params | None]:
    """Return what names the next page until one has pipelines from before then."""

    def following(answer: Answer) -> Params | None:
        created = [raw.moment_or_none("created_at") for raw in record_of(answer).records("items")]
        return None if any(moment and moment < since for moment in created) else next_page(answer)

    return following


def _path(project: str) -> str:
    return f"/project/{quote(project, safe='')}/pipeline"
