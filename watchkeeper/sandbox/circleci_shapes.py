"""CircleCI's objects, complete as its document demands. Source: the official OpenAPI document of API v2, 2025-02-26."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchkeeper.sandbox.builds import JOB, PIPELINE, WORKFLOW, Build
from watchkeeper.sandbox.chance import as_uuid, digits, from_uuid, seal, unseal
from watchkeeper.sandbox.company import ORGANIZATION, Project
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.world import World

WORKFLOW_NAME = "build-and-deploy"
CREDITS_A_SECOND = 10 / 60  # a medium machine


@dataclass(frozen=True, slots=True)
class Step:
    """One job of a workflow, with the shares of the workflow's time between which it runs."""

    name: str
    start: float
    end: float


_STEPS = (Step("lint", 0.02, 0.25), Step("test", 0.02, 0.65), Step("build", 0.02, 0.6), Step("deploy", 0.66, 1.0))


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workflow of a push; a flaky push has two. `failing` names the job that fails, "" for none."""

    build: Build
    place: int
    starts: int
    ends: int
    failing: str

    @property
    def id(self) -> str:
        return _id(WORKFLOW, self.build, self.place)


def _id(kind: int, build: Build, part: int = 0) -> str:
    return as_uuid(seal(kind, build.project, build.day, build.number, part))


def pipeline_id(build: Build) -> str:
    return _id(PIPELINE, build)


def project_id(project: Project) -> str:
    return as_uuid(digits(16, project.slug, "project"))


ORGANIZATION_ID = as_uuid(digits(16, ORGANIZATION))


def find(world: World, uuid: str, kind: int) -> tuple[Build, int] | None:
    """Return the push, and the part of it, that an id of `kind` names."""
    opened = unseal(from_uuid(uuid))
    if opened is None or opened[0] != kind:
        return None
    build = world.find(*opened[1:4])
    return None if build is None else (build, opened[4])


def runs_of(build: Build, now: float) -> list[Run]:
    """Return the runs of a push that have begun by now, oldest first."""
    if build.failing == "config":
        return []
    begins = build.pushed_at + 4
    if not build.is_flaky:
        return [Run(build, 0, begins, build.pipeline_ends, build.failing[:5])]
    middle = begins + (build.pipeline_ends - begins) // 2
    runs = [Run(build, 0, begins, middle, "test"), Run(build, 1, middle + 30, build.pipeline_ends, "")]
    return [run for run in runs if run.starts <= now]


def pipeline_body(project: Project, build: Build) -> dict[str, Any]:
    errors = (
        [{"type": "config", "message": "Unknown key `rsource_class` in job test"}] if build.failing == "config" else []
    )
    name, login, _ = build.author
    repository = f"https://github.com/{project.repository}"
    return {
        "id": pipeline_id(build),
        "errors": errors,
        "project_slug": project.circleci_slug,
        "updated_at": iso(build.pushed_at + 3),
        "number": build.serial,
        "state": "errored" if errors else "created",
        "created_at": iso(build.pushed_at + 2),
        "trigger": {
            "type": "webhook",
            "received_at": iso(build.pushed_at + 1),
            "actor": {"login": login, "avatar_url": f"https://avatars.acme.example/{login}.png"},
        },
        "vcs": {
            "provider_name": "GitHub",
            "target_repository_url": repository,
            "origin_repository_url": repository,
            "branch": build.branch,
            "revision": build.sha,
            "commit": {"subject": build.title, "body": f"Reviewed by {name}"},
        },
    }


def workflow_body(project: Project, run: Run, now: float) -> dict[str, Any]:
    finished = run.ends <= now
    status = ("failed" if run.failing else "success") if finished else "running"
    return {
        "id": run.id,
        "pipeline_id": pipeline_id(run.build),
        "pipeline_number": run.build.serial,
        "project_slug": project.circleci_slug,
        "name": WORKFLOW_NAME,
        "status": status,
        "started_by": as_uuid(digits(16, run.build.author[1])),
        "created_at": iso(run.starts),
        "stopped_at": iso(run.ends) if finished else None,
    }


def jobs_of(project: Project, run: Run, now: float) -> Iterator[dict[str, Any]]:
    """Yield the jobs of a run, in the order in which they begin."""
    length, failed = run.ends - run.starts, False
    for place, step in enumerate(_STEPS):
        if step.name == "deploy" and not run.build.is_main:
            continue
        starts, ends = run.starts + length * step.start, run.starts + length * step.end
        fails = run.failing == step.name
        reached = not (step.name == "deploy" and (failed or run.failing))
        status = _job_status(now, starts, ends, fails=fails, reached=reached)
        failed = failed or fails
        body: dict[str, Any] = {
            "id": _id(JOB, run.build, run.place * 16 + place),
            "job_number": run.build.serial * 10 + run.place * 4 + place,
            "name": step.name,
            "status": status,
            "type": "build",
            "project_slug": project.circleci_slug,
            "dependencies": [],
            "started_at": iso(starts) if reached and starts <= now else None,
        }
        if reached and ends <= now:
            body["stopped_at"] = iso(ends)
        yield body


def _job_status(now: float, starts: float, ends: float, *, fails: bool, reached: bool) -> str:
    if not reached or now < starts:
        return "not_running" if now < ends and reached else "blocked"
    if now < ends:
        return "running"
    return "failed" if fails else "success"


def job_detail(project: Project, run: Run, body: dict[str, Any], base_url: str) -> dict[str, Any]:
    """Return a job as `GET /project/{slug}/job/{number}` shows it; its duration is in milliseconds."""
    seconds = (run.ends - run.starts) / len(_STEPS)
    return {
        "web_url": f"{base_url}/pipelines/{project.circleci_slug}/{run.build.serial}/workflows/{run.id}",
        "project": {
            "id": project_id(project), "slug": project.circleci_slug, "name": project.slug,
            "external_url": f"https://github.com/{project.repository}",
        },
        "parallel_runs": [{"index": 0, "status": body["status"]}], "started_at": body["started_at"],
        "latest_workflow": {"id": run.id, "name": WORKFLOW_NAME}, "name": body["name"],
        "executor": {"resource_class": "medium", "type": "docker"}, "parallelism": 1, "status": body["status"],
        "number": body["job_number"], "pipeline": {"id": pipeline_id(run.build)}, "duration": int(seconds * 1000),
        "created_at": iso(run.starts), "messages": [], "contexts": [], "organization": {"name": ORGANIZATION},
        "queued_at": iso(run.starts + 1), "stopped_at": body.get("stopped_at"),
    }  # fmt: skip
