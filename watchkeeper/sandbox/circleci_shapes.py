"""CircleCI's objects, complete as its document demands. Source: the official OpenAPI document of API v2, 2025-02-26."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from watchkeeper.sandbox.builds import BUILD_AND_DEPLOY, JOB, LOAD_TEST, PIPELINE, WORKFLOW, Build
from watchkeeper.sandbox.chance import as_uuid, digits, from_uuid, noise, seal, unseal
from watchkeeper.sandbox.company import HOUR, ORGANIZATION, Project
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.world import World

CREDITS_A_SECOND = 20 / 60  # a large machine
JOBS_A_PUSH = 16  # room for their numbers: at most three runs of four jobs
AGAIN_AFTER = 30  # seconds until somebody runs flaky tests again


@dataclass(frozen=True, slots=True)
class Step:
    """One job of a workflow: the shares of the workflow's time between which it runs, and on how many machines."""

    name: str
    start: float
    end: float
    machines: int = 1


STEPS = {
    BUILD_AND_DEPLOY: (
        Step("lint", 0.0, 0.24), Step("test", 0.0, 0.64, 4), Step("build", 0.01, 0.6), Step("deploy", 0.66, 1.0),
    ),
    LOAD_TEST: (Step("test", 0.0, 1.0, 2),),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the workflow of a push; a flaky push has several. `failing` names the job that fails, "" for none."""

    build: Build
    place: int
    starts: int
    ends: int
    failing: str

    @property
    def name(self) -> str:
        return self.build.workflow

    @property
    def queued(self) -> float:
        """Return the seconds until the first job has a machine: a few, and more when many people are at work."""
        busy = 40 if 12 <= self.starts // HOUR % 24 < 17 else 12
        return 2 + round(busy * noise(self.build.project, self.starts, "machine") ** 2, 1)

    @property
    def outcome(self) -> str:
        """Return how it ends."""
        return "canceled" if self.build.failing == "canceled" else "failed" if self.failing else "success"

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


_FAILING = {"tests": "test", "build": "build"}


def runs_of(build: Build, now: float) -> list[Run]:
    """Return the runs of a push that have begun by now, oldest first."""
    if build.failing == "config":
        return []
    begins, tries = build.pushed_at + 4, build.flakes + 1
    length = (build.pipeline_ends - begins - AGAIN_AFTER * build.flakes) // tries
    starts = [begins + (length + AGAIN_AFTER) * place for place in range(tries)]
    ends = [*(start - AGAIN_AFTER for start in starts[1:]), build.pipeline_ends]
    failing = [*["test"] * build.flakes, _FAILING.get(build.failing, "")]
    runs = [Run(build, place, *each) for place, each in enumerate(zip(starts, ends, failing, strict=True))]
    return [run for run in runs if run.place == 0 or run.starts <= now]


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
    return {
        "id": run.id,
        "pipeline_id": pipeline_id(run.build),
        "pipeline_number": run.build.serial,
        "project_slug": project.circleci_slug,
        "name": run.name,
        "status": run.outcome if finished else "running",
        "started_by": as_uuid(digits(16, run.build.author[1])),
        "created_at": iso(run.starts),
        "stopped_at": iso(run.ends) if finished else None,
    }


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a run, with when it runs; `is_reached` is false when an earlier one keeps it from running."""

    run: Run
    place: int
    step: Step
    starts: float
    ends: float
    is_reached: bool

    @property
    def number(self) -> int:
        return self.run.build.serial * JOBS_A_PUSH + self.run.place * len(STEPS[self.run.name]) + self.place

    @property
    def credits(self) -> float:
        return (self.ends - self.starts) * self.step.machines * CREDITS_A_SECOND if self.is_reached else 0.0

    def status(self, now: float) -> str:
        if not self.is_reached or now < self.starts:
            return "not_running" if now < self.ends and self.is_reached else "blocked"
        if now < self.ends:
            return "running"
        if self.run.outcome == "canceled" and self.ends >= self.run.ends:
            return "canceled"
        return "failed" if self.run.failing == self.step.name else "success"


def jobs_of(run: Run) -> Iterator[Job]:
    """Yield the jobs of a run, in the order in which they begin."""
    begins = run.starts + run.queued
    length = run.ends - begins
    for place, step in enumerate(STEPS[run.name]):
        if step.name == "deploy" and not run.build.is_main:
            continue
        reached = step.name != "deploy" or run.outcome == "success"
        ends = run.ends if run.outcome == "canceled" else begins + length * step.end
        yield Job(run, place, step, begins + length * step.start, ends, reached)


def job_body(project: Project, job: Job, now: float) -> dict[str, Any]:
    """Return a job as the list of a workflow shows it."""
    body: dict[str, Any] = {
        "id": _id(JOB, job.run.build, job.run.place * 16 + job.place),
        "job_number": job.number,
        "name": job.step.name,
        "status": job.status(now),
        "type": "build",
        "project_slug": project.circleci_slug,
        "dependencies": [],
        "started_at": iso(job.starts) if job.is_reached and job.starts <= now else None,
    }
    if job.is_reached and job.ends <= now:
        body["stopped_at"] = iso(job.ends)
    return body


def job_detail(project: Project, job: Job, base_url: str, now: float) -> dict[str, Any]:
    """Return a job as `GET /project/{slug}/job/{number}` shows it; its duration is in milliseconds."""
    run, body = job.run, job_body(project, job, now)
    length = max(min(job.ends, now) - job.starts, 0) if job.is_reached else 0
    machines = range(job.step.machines)
    return {
        "web_url": f"{base_url}/pipelines/{project.circleci_slug}/{run.build.serial}/workflows/{run.id}",
        "project": {
            "id": project_id(project), "slug": project.circleci_slug, "name": project.slug,
            "external_url": f"https://github.com/{project.repository}",
        },
        "parallel_runs": [{"index": index, "status": body["status"]} for index in machines],
        "latest_workflow": {"id": run.id, "name": run.name}, "name": body["name"], "started_at": body["started_at"],
        "executor": {"resource_class": "large", "type": "docker"}, "parallelism": len(machines),
        "number": job.number, "pipeline": {"id": pipeline_id(run.build)}, "duration": int(length * 1000),
        "created_at": iso(run.starts), "messages": [], "contexts": [], "organization": {"name": ORGANIZATION},
        "queued_at": iso(job.starts - run.queued), "stopped_at": body.get("stopped_at"), "status": body["status"],
    }  # fmt: skip
