"""CircleCI's Insights: figures of whole days, without the running one; durations in seconds."""

from itertools import takewhile
from statistics import fmean, median, pstdev

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.circleci_shapes import CREDITS_A_SECOND, WORKFLOW_NAME, Run, project_id, runs_of
from watchkeeper.sandbox.company import DAY, Project
from watchkeeper.sandbox.times import iso_seconds
from watchkeeper.sandbox.world import World

WINDOWS = {"last-7-days": 7, "last-30-days": 30, "last-60-days": 60, "last-90-days": 90, "last-24-hours": 1}
TESTS = (
    ("basket keeps its price after reload", "tests/basket.spec.ts"),
    ("login survives a slow network", "tests/login.spec.ts"),
    ("search <b>finds</b> the newest | product", "tests/search.spec.ts"),
    ("checkout shows `tax` for عربي", "tests/checkout.spec.ts"),
)


def _finished(world: World, project: Project, days: int) -> list[Run]:
    """Return the runs of the last whole days, newest first."""
    midnight = int(world.now() // DAY) * DAY
    since = midnight - days * DAY
    builds = takewhile(lambda build: build.pushed_at >= since, world.builds(project, midnight))
    return [run for build in builds for run in reversed(runs_of(build, world.now()))]


def workflow_metrics(world: World, project: Project, window: str) -> dict[str, object]:
    runs = _finished(world, project, WINDOWS[window])
    main = [run for run in runs if run.build.is_main]
    midnight = int(world.now() // DAY) * DAY
    item = {
        "name": WORKFLOW_NAME,
        "metrics": _metrics(main, WINDOWS[window]),
        "window_start": iso_seconds(midnight - WINDOWS[window] * DAY),
        "window_end": iso_seconds(midnight),
        "project_id": project_id(project),
    }
    return {"items": [item] if main else [], "next_page_token": None}


def _metrics(runs: list[Run], days: int) -> dict[str, object]:
    lengths = sorted(run.ends - run.starts for run in runs) or [0]
    failed = sum(bool(run.failing) for run in runs)
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
    return int((run.ends - run.starts) * CREDITS_A_SECOND * 2)


def workflow_runs(world: World, project: Project, branch: str) -> dict[str, object]:
    """Return the runs of a branch; of all branches when it is ""."""
    runs = [run for run in _finished(world, project, 30) if branch in {"", run.build.branch}]
    items = [
        {
            "id": run.id,
            "branch": run.build.branch,
            "duration": run.ends - run.starts,
            "created_at": iso_seconds(run.starts),
            "stopped_at": iso_seconds(run.ends),
            "credits_used": credits_of(run),
            "status": "failed" if run.failing else "success",
            "is_approval": False,
        }
        for run in runs
    ]
    return {"items": items, "next_page_token": None}


def flaky_tests(world: World, project: Project) -> dict[str, object]:
    """Return the tests that failed and passed on the same commit within 14 days."""
    found: dict[int, list[Build]] = {}
    for run in _finished(world, project, 14):
        if run.build.is_flaky and run.failing:
            found.setdefault(int(noise(run.build.sha, "test") * len(TESTS)), []).append(run.build)
    items = [_flaky(project, test, builds) for test, builds in sorted(found.items())]
    return {"flaky-tests": items, "total-flaky-tests": len(items)}


def _flaky(project: Project, test: int, builds: list[Build]) -> dict[str, object]:
    name, file = TESTS[test]
    newest = builds[0]
    run = runs_of(newest, newest.pipeline_ends)[0]
    return {
        "time-wasted": 240 * len(builds),
        "workflow-created-at": iso_seconds(run.starts),
        "workflow-id": run.id,
        "classname": project.slug,
        "pipeline-number": newest.serial,
        "workflow-name": WORKFLOW_NAME,
        "test-name": name,
        "job-name": "test",
        "job-number": newest.serial * 10 + 1,
        "times-flaked": len(builds),
        "source": "jest",
        "file": file,
    }
