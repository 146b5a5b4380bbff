"""CircleCI's Insights: figures of whole days, without the running one; durations in seconds."""

from collections import defaultdict
from dataclasses import dataclass
from itertools import takewhile
from statistics import fmean, median, pstdev

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.circleci_shapes import STEPS, Run, jobs_of, project_id, runs_of
from watchkeeper.sandbox.company import DAY, Project
from watchkeeper.sandbox.times import iso_seconds
from watchkeeper.sandbox.world import World

WINDOWS = {"last-7-days": 7, "last-30-days": 30, "last-60-days": 60, "last-90-days": 90, "last-24-hours": 1}
MOST_DAYS, FLAKY_DAYS = 90, 14
PAGE = 100  # the document has no parameter for it
TESTS = (
    ("basket keeps its price after reload", "tests/basket.spec.ts"),
    ("login survives a slow network", "tests/login.spec.ts"),
    ("search <b>finds</b> the newest | product", "tests/search.spec.ts"),
    ("checkout shows `tax` for عربي", "tests/checkout.spec.ts"),
)


@dataclass(frozen=True, slots=True)
class RunsAsked:
    """Which runs are asked for: of a workflow and a branch ("" for all), created in `[since, until)`, from the nth."""

    name: str
    branch: str
    since: float
    until: float
    first: int


def _finished(world: World, project: Project, days: int) -> list[Run]:
    """Return the runs that ended within the last whole days, newest first."""
    midnight = int(world.now() // DAY) * DAY
    since = midnight - days * DAY
    builds = takewhile(lambda build: build.pushed_at >= since, world.builds(project, midnight))
    return [run for build in builds for run in reversed(runs_of(build, world.now())) if run.ends <= midnight]


def workflow_metrics(world: World, project: Project, window: str, branch: str) -> dict[str, object]:
    """Return the figures of every workflow that ran on a branch; on any when it is ""."""
    runs: dict[str, list[Run]] = defaultdict(list)
    for run in _finished(world, project, WINDOWS[window]):
        if branch in {"", run.build.branch}:
            runs[run.name].append(run)
    midnight = int(world.now() // DAY) * DAY
    items = [
        {
            "name": name,
            "metrics": _metrics(runs[name], WINDOWS[window]),
            "window_start": iso_seconds(midnight - WINDOWS[window] * DAY),
            "window_end": iso_seconds(midnight),
            "project_id": project_id(project),
        }
        for name in STEPS
        if name in runs
    ]
    return {"items": items, "next_page_token": None}


def _metrics(runs: list[Run], days: int) -> dict[str, object]:
    lengths = sorted(run.ends - run.starts for run in runs) or [0]
    failed = sum(run.outcome == "failed" for run in runs)
    return {
        "total_runs": len(runs),
        "successful_runs": len(runs) - failed,
        "failed_runs": failed,
        "mttr": 1500 if failed else 0,
        "total_credits_used": sum(credits_of(run) for run in runs),
        "success_rate": (len(runs) - failed) / max(len(runs), 1),
        "duration_metrics": {
            "min": lengths[0],
            "mean": int(fmean(lengths)),
            "median": int(median(lengths)),
            "p95": lengths[int(len(lengths) * 0.95)] if len(lengths) > 1 else lengths[0],
            "max": lengths[-1],
            "standard_deviation": pstdev(lengths),
        },
        "total_recoveries": failed,
        "throughput": len(runs) / days,
    }


def credits_of(run: Run) -> int:
    return int(sum(job.credits for job in jobs_of(run)))


def workflow_runs(world: World, project: Project, asked: RunsAsked) -> dict[str, object]:
    """Return one page of the runs asked for, newest first."""
    runs = [
        run
        for run in _finished(world, project, MOST_DAYS)
        if run.name == asked.name and asked.branch in {"", run.build.branch} and asked.since <= run.starts < asked.until
    ]
    following = asked.first + PAGE
    items = [_run_body(run) for run in runs[asked.first : following]]
    return {"items": items, "next_page_token": str(following) if following < len(runs) else None}


def _run_body(run: Run) -> dict[str, object]:
    return {
        "id": run.id,
        "branch": run.build.branch,
        "duration": run.ends - run.starts,
        "created_at": iso_seconds(run.starts),
        "stopped_at": iso_seconds(run.ends),
        "credits_used": credits_of(run),
        "status": run.outcome,
        "is_approval": False,
    }


def flaky_tests(world: World, project: Project) -> dict[str, object]:
    """Return the tests that failed and passed on the same commit within two weeks."""
    found: dict[int, list[Build]] = defaultdict(list)
    for run in _finished(world, project, FLAKY_DAYS):
        if run.place < run.build.flakes:
            found[run.build.flaky_test].append(run.build)
    items = [_flaky(project, test, builds) for test, builds in sorted(found.items())]
    return {"flaky-tests": items, "total-flaky-tests": len(items)}


def _flaky(project: Project, test: int, builds: list[Build]) -> dict[str, object]:
    """Return one test with its newest failure; `builds` has the push of each, newest first."""
    name, file = TESTS[test]
    wasted = [run for build in set(builds) for run in runs_of(build, build.pipeline_ends) if run.failing]
    newest = runs_of(builds[0], builds[0].pipeline_ends)[builds[0].flakes - 1]
    job = next(job for job in jobs_of(newest) if job.step.name == "test")
    return {
        "time-wasted": sum(run.ends - run.starts for run in wasted),
        "workflow-created-at": iso_seconds(newest.starts),
        "workflow-id": newest.id,
        "classname": project.slug,
        "pipeline-number": newest.build.serial,
        "workflow-name": newest.name,
        "test-name": name,
        "job-name": job.step.name,
        "job-number": job.number,
        "times-flaked": len(builds),
        "source": "jest",
        "file": file,
    }
