"""What CircleCI tells of finished runs: their credits, their queues, and the tests not to be trusted."""

from datetime import datetime
from typing import Any

import pytest

from tests.sandbox.clock import NOON
from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.company import DAY

INSIGHTS = "/circleci/api/v2/insights/gh%2Facme%2F"


async def _runs(visitor: Visitor, project: str = "shop", name: str = "build-and-deploy", **asked: str) -> list[Any]:
    found: list[Any] = []
    more: dict[str, str] = {}
    while True:
        page = await visitor.get(f"{INSIGHTS}{project}/workflows/{name}", **asked, **more)
        found += page["items"]
        if page["next_page_token"] is None:
            return found
        more = {"page-token": page["next_page_token"]}


async def test_runs_of_all_branches_go_back_90_days(visitor: Visitor) -> None:
    runs = await _runs(visitor, **{"all-branches": "true"})
    main = await _runs(visitor)
    assert len({run["id"] for run in runs}) == len(runs) > 250
    assert {run["id"] for run in main} < {run["id"] for run in runs}
    assert {run["branch"] for run in main} == {"main"}
    created = [datetime.fromisoformat(run["created_at"]).timestamp() for run in runs]
    assert created == sorted(created, reverse=True)
    assert NOON - 91 * DAY < created[-1] < NOON - 87 * DAY
    assert all(run["credits_used"] > 0 for run in runs if run["status"] != "canceled")
    assert {run["status"] for run in runs} == {"success", "failed", "canceled"}


async def test_runs_of_today_are_not_known_yet(visitor: Visitor) -> None:
    runs = await _runs(visitor, **{"all-branches": "true"})
    stopped = [datetime.fromisoformat(run["stopped_at"]).timestamp() for run in runs]
    assert max(stopped) <= NOON // DAY * DAY


async def test_runs_can_be_asked_for_by_when_they_began(visitor: Visitor) -> None:
    span = {"start-date": "2026-03-01T00:00:00Z", "end-date": "2026-03-04T00:00:00Z"}
    runs = await _runs(visitor, **{"all-branches": "true"}, **span)
    assert runs
    assert all("2026-03-01" <= run["created_at"] < "2026-03-04" for run in runs)


@pytest.mark.parametrize("asked", [{"start-date": "soon"}, {"page-token": "x"}], ids=str)
async def test_what_makes_no_sense_is_refused(asked: dict[str, str], visitor: Visitor) -> None:
    answer = await visitor.ask("GET", f"{INSIGHTS}shop/workflows/build-and-deploy", params=asked)
    assert answer.status_code == 400


async def test_the_workflow_that_cost_most_is_named(visitor: Visitor) -> None:
    asked = {"all-branches": "true", "reporting-window": "last-7-days"}
    metrics = await visitor.get(f"{INSIGHTS}shop/workflows", **asked)
    credits_ = {item["name"]: item["metrics"]["total_credits_used"] for item in metrics["items"]}
    assert credits_.keys() == {"build-and-deploy", "load-test"}
    (runaway,) = await _runs(visitor, name="load-test", **{"all-branches": "true"})
    assert runaway["credits_used"] == credits_["load-test"]


async def test_a_flaky_test_says_what_it_cost(visitor: Visitor) -> None:
    found = await visitor.get(f"{INSIGHTS}portal/flaky-tests")
    worst = max(found["flaky-tests"], key=lambda test: test["times-flaked"])
    assert worst["test-name"] == "login survives a slow network"
    assert worst["time-wasted"] > 300
    assert found["total-flaky-tests"] == len(found["flaky-tests"])


async def test_jobs_wait_for_a_machine_and_say_how_long(visitor: Visitor) -> None:
    waits = []
    page = await visitor.get("/circleci/api/v2/pipeline", **{"org-slug": "gh/acme"})
    for pipeline in page["items"]:
        for workflow in (await visitor.get(f"/circleci/api/v2/pipeline/{pipeline['id']}/workflow"))["items"]:
            jobs = (await visitor.get(f"/circleci/api/v2/workflow/{workflow['id']}/job"))["items"]
            started = [datetime.fromisoformat(job["started_at"]) for job in jobs if job["started_at"]]
            waits.append((min(started) - datetime.fromisoformat(workflow["created_at"])).total_seconds())
    assert len(set(waits)) > 5
    assert all(2 <= wait <= 42 for wait in waits)


async def test_a_job_tells_when_it_was_queued_and_how_long_it_ran(visitor: Visitor) -> None:
    pipelines = await visitor.get("/circleci/api/v2/project/gh%2Facme%2Fshop/pipeline", branch="main")
    workflows = await visitor.get(f"/circleci/api/v2/pipeline/{pipelines['items'][0]['id']}/workflow")
    jobs = await visitor.get(f"/circleci/api/v2/workflow/{workflows['items'][0]['id']}/job")
    for job in jobs["items"]:
        detail = await visitor.get(f"/circleci/api/v2/project/gh%2Facme%2Fshop/job/{job['job_number']}")
        assert detail["name"] == job["name"]
        ran = datetime.fromisoformat(job["stopped_at"]) - datetime.fromisoformat(job["started_at"])
        assert detail["duration"] == pytest.approx(ran.total_seconds() * 1000, abs=2)
        assert detail["queued_at"] < detail["started_at"]


async def test_vercel_builds_wait_and_are_canceled_now_and_then(visitor: Visitor) -> None:
    page = await visitor.get("/vercel/v6/deployments", limit=100)
    waits = {deployment["buildingAt"] - deployment["created"] for deployment in page["deployments"]}
    assert len(waits) > 5
    assert max(waits) < 60_000
    canceled = await visitor.get("/vercel/v6/deployments", state="CANCELED", limit=100)
    assert {deployment["target"] for deployment in canceled["deployments"]} == {None, "production"}
    assert all(not deployment["isRollbackCandidate"] for deployment in canceled["deployments"])
