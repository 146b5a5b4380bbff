import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clients.circleci_answers import API, SHOP, SINCE, job, pipeline, workflow
from tests.clients.garbage import shaped
from watchkeeper.clients.base import VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.circleci import CircleCIClient
from watchkeeper.domain.builds import Pipeline, Workflow, WorkflowStatus
from watchkeeper.domain.history import BuildHistory, BuildRun, FlakyTest
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

TOKEN = "make-believe-token"
SPAN = Window(SINCE, SINCE + timedelta(hours=24))
NOW = SPAN.end + timedelta(hours=20)
LONG_AFTER = NOW + timedelta(days=30)


def run(number: int = 1, **more: Any) -> dict[str, Any]:
    """A run that was created `number` minutes after the start of the span."""
    created = SINCE + timedelta(minutes=number)
    return {
        "id": f"run-{number}",
        "branch": "idea",
        "duration": 60,
        "created_at": created.isoformat(),
        "stopped_at": (created + timedelta(minutes=1)).isoformat(),
        "credits_used": 120,
        "status": "success",
        "is_approval": False,
        **more,
    }


def flaky(**more: Any) -> dict[str, Any]:
    return {
        "test-name": "keeps <b>its</b> price",
        "file": None,
        "job-name": "test",
        "workflow-name": "build",
        "times-flaked": 7,
        "time-wasted": 480,
        "workflow-created-at": "2026-03-01T10:00:00Z",
        **more,
    }


class CircleCI:
    """Answers as CircleCI does, in pages of `page_size`; what it holds may be a response."""

    def __init__(self, *pipelines: dict[str, Any], page_size: int = 20) -> None:
        self.pipelines: Any = sorted(pipelines, key=lambda body: body["created_at"], reverse=True)
        self.by_project: dict[str, Any] = {}
        self.workflows: dict[str, Any] = {}
        self.jobs: dict[str, Any] = {}
        self.named: Any = [{"name": "build", "window_end": "2026-03-02T00:00:00Z"}]
        self.runs: dict[str, Any] = {}
        self.flaky: Any = {"flaky-tests": [], "total-flaky-tests": 0}
        self.page_size = page_size
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["circle-token"] == TOKEN
        self.requests.append(request)
        held = self._held(request)
        if isinstance(held, httpx.Response):
            return held
        if isinstance(held, dict):
            return httpx.Response(200, json=held)
        start = int(request.url.params.get("page-token", "0"))
        following = start + self.page_size
        token = str(following) if following < len(held) else None
        return httpx.Response(200, json={"items": held[start:following], "next_page_token": token})

    def _held(self, request: httpx.Request) -> Any:
        match request.url.raw_path.decode().split("?")[0].removeprefix("/api/v2").split("/")[1:]:
            case ["pipeline"]:
                return self.pipelines
            case ["pipeline", name, "workflow"]:
                return self.workflows.get(name, [workflow()])
            case ["workflow", name, "job"]:
                return self.jobs.get(name, [job("success", started_at="2026-03-01T10:00:12Z")])
            case ["project", slug, "pipeline"]:
                return self.by_project.get(unquote(slug), [])
            case ["insights", _, *rest]:
                return self._insights(rest)
        return httpx.Response(404)

    def _insights(self, rest: list[str]) -> Any:
        match rest:
            case ["workflows"]:
                return self.named
            case ["workflows", name]:
                return self.runs.get(unquote(name), [])
        return self.flaky

    def asked(self, end: str) -> list[str]:
        return [request.url.path for request in self.requests if request.url.path.endswith(end)]


async def histories(
    circleci: Any, *, known: dict[str, Pipeline] | None = None, projects: tuple[str, ...] = (SHOP,), now: datetime = NOW
) -> dict[str, BuildHistory | Missing]:
    async with CircleCIClient(TOKEN, transport=httpx.MockTransport(circleci)) as client:
        return await client.build_history("gh/acme", dict.fromkeys(projects, "main"), SPAN, known or {}, now)


async def history(circleci: CircleCI, *, known: dict[str, Pipeline] | None = None, now: datetime = NOW) -> BuildHistory:
    found = (await histories(circleci, known=known, now=now))[SHOP]
    assert isinstance(found, BuildHistory), found
    return found


def workflows_of(found: Pipeline) -> tuple[Workflow, ...]:
    assert isinstance(found.workflows, tuple), found.workflows
    return found.workflows


async def test_pipelines_of_the_span_come_newest_first() -> None:
    before, after = pipeline(99), pipeline(100 + 24 * 60)
    circleci = CircleCI(before, pipeline(101), pipeline(103), pipeline(102, branch="idea"), after, pipeline(104, API))
    assert [one.number for one in (await history(circleci)).pipelines] == [103, 101]


@pytest.mark.parametrize(
    ("jobs", "queued"),
    [
        pytest.param([job("success", started_at="2026-03-01T10:00:12Z")], timedelta(seconds=12), id="one job"),
        pytest.param(
            [job("success", started_at=f"2026-03-01T10:0{n}:00Z") for n in (3, 1)], timedelta(minutes=1), id="the first"
        ),
        pytest.param([], None, id="no job"),
        pytest.param([job("queued", started_at=None)], None, id="no job has started"),
        pytest.param(
            [
                job("success", started_at="2026-03-01T09:00:00Z"),
                job("success", started_at="2026-03-01T10:00:09Z"),
            ],
            timedelta(seconds=9),
            id="jobs of the run before stand in a rerun",
        ),
        pytest.param([job("success", type="approval", started_at="2026-03-01T10:00:05Z")], None, id="no approval"),
    ],
)
async def test_how_long_a_workflow_queued(jobs: list[dict[str, Any]], queued: timedelta | None) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.jobs["flow-success"] = jobs
    found = workflows_of((await history(circleci)).pipelines[0])[0]
    assert found.queued == queued
    assert len(found.jobs) == len(jobs)


async def test_a_workflow_that_never_ran_never_queued() -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow("not_run")]
    assert workflows_of((await history(circleci)).pipelines[0])[0].queued is None
    assert circleci.asked("/job") == []


async def test_what_is_past_and_known_is_not_asked_again() -> None:
    circleci = CircleCI(pipeline(101), pipeline(102))
    first = await history(circleci)
    asked = len(circleci.asked("/workflow"))
    again = await history(circleci, known={one.id: one for one in first.pipelines})
    assert again == first
    assert len(circleci.asked("/workflow")) == asked == 2


async def test_a_young_pipeline_may_be_rerun_but_its_jobs_stay() -> None:
    circleci, now = CircleCI(pipeline(101)), SINCE + timedelta(hours=2)
    first = await history(circleci, now=now)
    again = await history(circleci, known={one.id: one for one in first.pipelines}, now=now)
    assert again.pipelines == first.pipelines
    assert (len(circleci.asked("/workflow")), len(circleci.asked("/job"))) == (2, 1)


async def test_jobs_are_read_where_only_how_long_they_queued_is_missing() -> None:
    circleci = CircleCI(pipeline(101))
    async with CircleCIClient(TOKEN, transport=httpx.MockTransport(circleci)) as client:
        report = (await client.build_reports("gh/acme", {SHOP: "main"}, SINCE, {}))[SHOP]
    assert not isinstance(report, Missing)
    assert workflows_of(report.pipelines[0])[0].queued is None
    found = await history(circleci, known={one.id: one for one in report.pipelines})
    assert workflows_of(found.pipelines[0])[0].queued == timedelta(seconds=12)


async def test_what_is_long_past_is_asked_by_project() -> None:
    circleci = CircleCI()
    circleci.by_project[SHOP] = [pipeline(number) for number in range(1600, 90, -10)]
    found = await history(circleci, now=LONG_AFTER)
    assert [one.number for one in found.pipelines] == list(range(1530, 90, -10))
    assert circleci.asked("/v2/pipeline") == []


async def test_a_list_that_is_too_long_is_asked_by_project() -> None:
    circleci = CircleCI(*(pipeline(number, API) for number in range(101, 150)), page_size=1)
    circleci.by_project[SHOP] = [pipeline(101)]
    found = await history(circleci)
    assert [one.number for one in found.pipelines] == [101]
    assert found.warnings == ()


async def test_a_project_that_is_not_in_the_list_is_asked_by_itself_and_the_others_are_not() -> None:
    circleci = CircleCI(pipeline(102, API), pipeline(101, API))
    circleci.by_project[SHOP] = [pipeline(number) for number in range(108, 98, -1)]
    found = await histories(circleci, projects=(SHOP, API))
    shop, api = found[SHOP], found[API]
    assert isinstance(shop, BuildHistory)
    assert isinstance(api, BuildHistory)
    assert [one.number for one in shop.pipelines] == list(range(108, 99, -1))
    assert [one.number for one in api.pipelines] == [102, 101]
    assert len(circleci.asked("/pipeline")) == 2


async def test_a_project_that_is_not_in_the_list_and_cannot_be_asked_is_missing() -> None:
    circleci = CircleCI(pipeline(102, API))
    circleci.by_project[SHOP] = httpx.Response(404)
    found = await histories(circleci, projects=(SHOP, API))
    shop = found[SHOP]
    assert isinstance(shop, Missing)
    assert shop.gap is Gap.REFUSED
    assert "does not know project gh/acme/shop" in shop.reason
    assert isinstance(found[API], BuildHistory)


async def test_what_cannot_be_read_of_the_past_is_counted() -> None:
    circleci = CircleCI(pipeline(102), pipeline(101))
    circleci.workflows["pipe-101"] = [{"name": "x"}, workflow()]
    circleci.named = [{"name": "build"}, {"window_end": "2026-03-02T00:00:00Z"}]
    circleci.flaky = {"flaky-tests": [flaky(), {}]}
    found = await history(circleci)
    assert [one.number for one in found.pipelines] == [102, 101]
    assert [warning.split(" could not")[0] for warning in found.warnings] == [
        "pipeline #101: 1 of 2 workflows",
        "1 of 2 workflows",
        "1 of 2 flaky tests",
    ]


async def test_a_past_that_cannot_be_read_to_its_start_is_missing() -> None:
    circleci = CircleCI(page_size=1)
    circleci.by_project[SHOP] = [pipeline(number) for number in range(500, 300, -1)]
    found = (await histories(circleci, now=LONG_AFTER))[SHOP]
    assert isinstance(found, Missing)
    assert found.gap is Gap.UNAVAILABLE
    assert "more than 150 pages" in found.reason


async def test_a_project_that_circleci_does_not_know_touches_no_other() -> None:
    circleci = CircleCI()
    circleci.by_project = {SHOP: [pipeline(101)], API: httpx.Response(404)}
    found = await histories(circleci, projects=(SHOP, API), now=LONG_AFTER)
    assert isinstance(found[SHOP], BuildHistory)
    gone = found[API]
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED


async def test_a_pipeline_whose_workflows_cannot_be_read_says_so() -> None:
    circleci = CircleCI(pipeline(101), pipeline(102))
    circleci.workflows["pipe-101"] = httpx.Response(503)
    newer, older = (await history(circleci)).pipelines
    assert isinstance(older.workflows, Missing)
    assert workflows_of(newer)


async def test_runs_of_all_branches_come_with_their_credits() -> None:
    circleci = CircleCI()
    circleci.named = [{"name": "build & <test>"}, {"name": "nightly"}]
    circleci.runs = {"build & <test>": [run(1), run(-5), run(24 * 60)], "nightly": [run(3, branch="main")]}
    found = (await history(circleci)).runs
    assert found == (
        BuildRun("run-3", "nightly", "main", WorkflowStatus.SUCCESS, _at(3), _at(4), 120),
        BuildRun("run-1", "build & <test>", "idea", WorkflowStatus.SUCCESS, _at(1), _at(2), 120),
    )
    asked = [request.url.params for request in circleci.requests if "/workflows/" in request.url.path]
    assert {params["all-branches"] for params in asked} == {"true"}
    assert (asked[0]["start-date"], asked[0]["end-date"]) == ("2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")


def _at(minutes: int) -> datetime:
    return SINCE + timedelta(minutes=minutes)


async def test_pages_of_runs_are_read_to_the_end() -> None:
    circleci = CircleCI(page_size=3)
    circleci.runs["build"] = [run(number) for number in range(10)]
    assert len((await history(circleci)).runs) == 10


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param({"status": None, "stopped_at": None}, (WorkflowStatus.RUNNING, 120), id="still running"),
        pytest.param({"status": "of-tomorrow"}, (WorkflowStatus.UNKNOWN, 120), id="a status of tomorrow"),
        pytest.param({"credits_used": None}, (WorkflowStatus.SUCCESS, 0), id="no credits"),
        pytest.param({"branch": None, "status": "canceled"}, (WorkflowStatus.CANCELED, 120), id="no branch"),
    ],
)
async def test_odd_runs_are_still_runs(raw: dict[str, Any], expected: tuple[WorkflowStatus, int]) -> None:
    circleci = CircleCI()
    circleci.runs["build"] = [run(**raw)]
    found = (await history(circleci)).runs[0]
    assert (found.status, found.credits) == expected


@pytest.mark.parametrize(
    ("window_end", "stopped_at", "now", "until"),
    [
        pytest.param(None, None, NOW, NOW - timedelta(hours=24), id="a day is the latest"),
        pytest.param("2026-03-02T00:00:00Z", None, NOW, SPAN.end, id="as far as Insights says"),
        pytest.param(None, "2026-03-02T10:00:00Z", NOW, datetime(2026, 3, 2, 10, tzinfo=UTC), id="as far as a run"),
        pytest.param("2026-04-02T00:00:00Z", None, NOW, NOW, id="never later than now"),
    ],
)
async def test_how_far_credits_are_known(
    window_end: str | None, stopped_at: str | None, now: datetime, until: datetime
) -> None:
    circleci = CircleCI()
    circleci.named = [{"name": "build", "window_end": window_end}]
    circleci.runs["build"] = [run(stopped_at=stopped_at)]
    assert (await history(circleci, now=now)).credits_until == until


@pytest.mark.parametrize("status", [403, 404, 429, 500])
async def test_without_insights_no_credits_are_known_and_the_pipelines_stand(status: int) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.named = circleci.flaky = httpx.Response(status, headers={"retry-after": "60"})
    found = await history(circleci)
    assert len(found.pipelines) == 1
    assert (found.runs, found.flaky_tests, found.credits_until) == ((), (), SPAN.start)
    assert [warning.split(":")[0] for warning in found.warnings] == [
        "credits are not known",
        "flaky tests are not known",
    ]


async def test_runs_that_cannot_be_read_to_the_end_are_not_known() -> None:
    circleci = CircleCI(page_size=1)
    circleci.runs["build"] = [run(number) for number in range(60)]
    found = await history(circleci)
    assert (found.runs, found.credits_until) == ((), SPAN.start)
    assert "more than 50 pages" in found.warnings[0]


async def test_insights_keep_90_days() -> None:
    found = await history(CircleCI(), now=SPAN.start + timedelta(days=91))
    assert (found.runs, found.credits_until) == ((), SPAN.start)
    assert "credits are kept for 90 days" in found.warnings[0]


@pytest.mark.parametrize(("days", "window"), [(1, 7), (7, 30), (40, 60), (62, 90), (89, 90)])
async def test_the_reporting_window_reaches_back_to_the_span(days: int, window: int) -> None:
    circleci = CircleCI()
    await history(circleci, now=SPAN.start + timedelta(days=days))
    asked = [request.url.params for request in circleci.requests if request.url.path.endswith("/workflows")]
    assert asked[0]["reporting-window"] == f"last-{window}-days"


async def test_flaky_tests_come_with_what_they_cost_the_worst_first() -> None:
    circleci = CircleCI()
    circleci.flaky = {"flaky-tests": [flaky(**{"test-name": "b", "times-flaked": 1, "time-wasted": None}), flaky()]}
    found = (await history(circleci)).flaky_tests
    assert [each.name for each in found] == ["keeps <b>its</b> price", "b"]
    assert found[0] == FlakyTest(
        "keeps <b>its</b> price", "", "test", "build", 7, timedelta(minutes=8), datetime(2026, 3, 1, 10, tzinfo=UTC)
    )
    assert found[1].time_lost == timedelta(0)


async def test_without_a_list_nothing_is_known_and_no_token_is_shown() -> None:
    circleci = CircleCI()
    circleci.pipelines = httpx.Response(403, text=TOKEN)
    with pytest.raises(VendorRefused) as caught:
        await histories(circleci)
    assert TOKEN not in str(caught.value)
    circleci.pipelines = httpx.Response(503)
    with pytest.raises(VendorUnavailable):
        await histories(circleci)


KEYS = ["items", "next_page_token", "flaky-tests", "id", "name", "created_at", "status", "credits_used", "number"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(body=shaped(KEYS), what=st.sampled_from(["pipeline", "workflow", "job", "workflows", "build", "flaky-tests"]))
async def test_garbage_is_a_vendor_error_or_a_history(body: object, what: str) -> None:
    circleci, garbage = CircleCI(pipeline(101)), json.dumps(body)

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=garbage) if request.url.path.endswith(f"/{what}") else circleci(request)

    with suppress(VendorError):
        found = await histories(handler)
        assert all(isinstance(each, BuildHistory | Missing) for each in found.values())
