from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.clients.circleci_answers import API, SHA, SHOP, SINCE, job, pipeline, workflow
from tests.clients.garbage import shaped
from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.circleci import CircleCIClient
from watchkeeper.domain.builds import BuildReport, Outcome, Pipeline, WorkflowStatus, outcome
from watchkeeper.domain.verdicts import Gap, Missing

TOKEN = "make-believe-token"


class CircleCI:
    """Answers as CircleCI does. `workflows` and `jobs` may hold lists, or responses, by the id that is asked for."""

    def __init__(self, *pipelines: dict[str, Any], page_size: int = 20) -> None:
        self.pipelines = sorted(pipelines, key=lambda body: body["created_at"], reverse=True)
        self.older: dict[str, Any] = {}
        self.workflows: dict[str, Any] = {}
        self.jobs: dict[str, Any] = {}
        self.page_size = page_size
        self.organization: httpx.Response | None = None
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["circle-token"] == TOKEN
        self.requests.append(request)
        held = self._held(request)
        if isinstance(held, httpx.Response):
            return held
        start = int(request.url.params.get("page-token", "0"))
        following = start + self.page_size
        token = str(following) if following < len(held) else None
        return httpx.Response(200, json={"items": held[start:following], "next_page_token": token})

    def _held(self, request: httpx.Request) -> Any:
        match request.url.raw_path.decode().split("?")[0].removeprefix("/api/v2").split("/")[1:]:
            case ["pipeline"]:
                assert request.url.params["org-slug"] == "gh/acme"
                return self.organization or self.pipelines
            case ["pipeline", name, "workflow"]:
                return self.workflows.get(name, [workflow()])
            case ["workflow", name, "job"]:
                return self.jobs.get(name, [job()])
            case ["project", slug, "pipeline"]:
                return self.older.get(slug, [])
        return httpx.Response(404)

    def asked(self, end: str) -> list[str]:
        return [request.url.path for request in self.requests if request.url.path.endswith(end)]


async def reports(
    circleci: CircleCI, settled: dict[str, Pipeline] | None = None, branches: dict[str, str] | None = None
) -> dict[str, BuildReport | Missing]:
    async with CircleCIClient(TOKEN, transport=httpx.MockTransport(circleci)) as client:
        return await client.build_reports("gh/acme", branches or {SHOP: "main"}, SINCE, settled or {})


async def report(circleci: CircleCI, settled: dict[str, Pipeline] | None = None) -> BuildReport:
    found = (await reports(circleci, settled))[SHOP]
    assert isinstance(found, BuildReport)
    return found


async def test_pipelines_of_the_default_branch_come_newest_first_with_their_workflows() -> None:
    circleci = CircleCI(pipeline(101), pipeline(103), pipeline(102, branch="idea"), pipeline(104, project=API))
    found = await report(circleci)
    assert [one.number for one in found.pipelines] == [103, 101]
    newest = found.pipelines[0]
    assert (newest.sha, newest.branch, newest.state) == (SHA, "main", "created")
    assert newest.url == "https://app.circleci.com/pipelines/github/acme/shop/103"
    assert isinstance(newest.workflows, tuple)
    assert newest.workflows[0].status is WorkflowStatus.SUCCESS
    assert newest.workflows[0].duration == timedelta(minutes=5)
    assert newest.workflows[0].url == f"{newest.url}/workflows/flow-success"
    assert newest.is_final
    assert circleci.asked("/job") == []


@pytest.mark.parametrize("status", ["running", "failing", "failed", "error", "on_hold", "unauthorized", "of-tomorrow"])
async def test_jobs_are_read_where_somebody_will_look_at_them(status: str) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow(status)]
    circleci.jobs[f"flow-{status}"] = [job("timedout"), job("of-tomorrow", type="approval", started_at=None)]
    workflows = (await report(circleci)).pipelines[0].workflows
    assert isinstance(workflows, tuple)
    assert [(one.status, one.kind) for one in workflows[0].jobs] == [("timedout", "build"), ("unknown", "approval")]
    assert workflows[0].status == (status if status != "of-tomorrow" else "unknown")


async def test_what_is_settled_is_not_asked_again() -> None:
    circleci = CircleCI(pipeline(101), pipeline(102))
    first = await report(circleci)
    asked = len(circleci.asked("/workflow"))
    again = await report(circleci, {one.id: one for one in first.pipelines})
    assert again == first
    assert len(circleci.asked("/workflow")) == asked


async def test_the_newest_pipeline_is_asked_again_while_it_is_broken_since_it_may_be_rerun() -> None:
    circleci = CircleCI(pipeline(101), pipeline(102))
    circleci.workflows |= {"pipe-101": [workflow("failed")], "pipe-102": [workflow("failed")]}
    settled = {one.id: one for one in (await report(circleci)).pipelines}
    circleci.workflows["pipe-102"] = [workflow("failed"), workflow()]
    circleci.requests.clear()
    rerun = (await report(circleci, settled)).pipelines[0].workflows
    assert isinstance(rerun, tuple)
    assert [one.status for one in rerun] == ["failed", "success"]
    assert circleci.asked("/workflow") == ["/api/v2/pipeline/pipe-102/workflow"]


async def test_the_jobs_of_a_workflow_that_has_ended_are_not_asked_again() -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow("failed")]
    first = await report(circleci)
    assert len(circleci.asked("/job")) == 1
    again = await report(circleci, {one.id: one for one in first.pipelines})
    assert again == first
    assert len(circleci.asked("/job")) == 1


async def test_a_refused_configuration_has_no_workflows_to_ask_for() -> None:
    errors = [{"type": "config", "message": "Unknown key"}]
    circleci = CircleCI(pipeline(101, state="errored", errors=errors))
    found = (await report(circleci)).pipelines[0]
    assert (found.errors, found.workflows) == (("Unknown key",), ())
    assert found.is_final
    assert len(circleci.requests) == 1


async def test_a_piece_that_fails_is_missing_and_the_rest_is_there() -> None:
    circleci = CircleCI(pipeline(101), pipeline(102), pipeline(103))
    circleci.workflows |= {"pipe-101": httpx.Response(500), "pipe-102": [workflow("failed")]}
    circleci.jobs["flow-failed"] = httpx.Response(200, text="{")
    newest, second, third = (await report(circleci)).pipelines
    assert isinstance(newest.workflows, tuple)
    for broken in (second, third):
        assert isinstance(broken.workflows, Missing)
        assert broken.workflows.gap is Gap.UNAVAILABLE
        assert not broken.is_final


async def test_a_vendor_that_fails_is_not_asked_for_every_piece() -> None:
    circleci = CircleCI(*(pipeline(100 + n) for n in range(200)))
    circleci.workflows = {f"pipe-{100 + n}": httpx.Response(500) for n in range(200)}
    found = await report(circleci)
    assert all(isinstance(one.workflows, Missing) for one in found.pipelines)
    assert len(circleci.asked("/workflow")) <= 13


async def test_the_organization_is_read_back_to_the_time_that_is_asked_for() -> None:
    circleci = CircleCI(*(pipeline(n) for n in range(60, 141)), page_size=20)
    found = await report(circleci)
    assert [one.number for one in found.pipelines] == list(range(140, 99, -1))
    assert found.warnings == ()
    assert len(circleci.asked("/api/v2/pipeline")) == 3


async def test_bounds_that_are_hit_are_warnings() -> None:
    circleci = CircleCI(*(pipeline(100 + n) for n in range(300)), page_size=6)
    found = await report(circleci)
    assert len(found.pipelines) == 240
    assert found.warnings == (
        "CircleCI: only the newest 240 of the pipelines of organization gh/acme were read",
        "CircleCI: the workflows of 40 pipelines will be read next time",
    )
    assert len(circleci.asked("/workflow")) == 200
    assert all(isinstance(one.workflows, Missing) for one in found.pipelines[200:]), "the newest are asked for first"


async def test_a_branch_that_broke_last_week_is_still_broken() -> None:
    circleci = CircleCI()
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(50), pipeline(40)]
    circleci.workflows["pipe-50"] = [workflow("failed")]
    found = await report(circleci)
    assert [one.number for one in found.pipelines] == [50]
    assert circleci.requests[1].url.params["branch"] == "main"


async def test_a_project_that_never_built_is_no_error() -> None:
    assert await report(CircleCI()) == BuildReport(())


async def test_a_project_that_circleci_does_not_know_is_no_silence() -> None:
    circleci = CircleCI(pipeline(101))
    circleci.older["gh%2Facme%2Fapi"] = httpx.Response(404)
    found = await reports(circleci, branches={SHOP: "main", API: "main"})
    assert isinstance(found[SHOP], BuildReport)
    api = found[API]
    assert isinstance(api, Missing)
    assert api.gap is Gap.REFUSED
    assert "does not know project gh/acme/api" in api.reason


def alone(project: str) -> str:
    return f"/api/v2/project/{project}/pipeline"


async def test_a_project_that_the_tokens_user_does_not_follow_is_asked_for_by_itself() -> None:
    circleci = CircleCI(pipeline(103, API))
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(n) for n in (108, 107, 106, 105, 104, 102, 101, 100, 90)]
    found = await report(circleci)
    assert [one.number for one in found.pipelines] == [108, 107, 106, 105, 104, 102, 101, 100]
    assert {one.workflows[0].status for one in found.pipelines if isinstance(one.workflows, tuple)} == {"success"}
    assert found.warnings == ()


@pytest.mark.parametrize("of_before", [[90], [90, 104], [104]])
async def test_what_is_known_of_a_project_does_not_stand_for_what_it_has_now(of_before: list[int]) -> None:
    circleci = CircleCI(pipeline(103, API))
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(n) for n in of_before]
    known = {one.id: one for one in (await report(circleci)).pipelines}
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(n) for n in (105, *reversed(of_before))]
    assert (await report(circleci, known)).pipelines[0].number == 105


async def test_all_pages_of_a_project_that_is_not_followed_are_read_back_to_the_start() -> None:
    circleci = CircleCI(page_size=2)
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(n) for n in range(106, 96, -1)]
    assert [one.number for one in (await report(circleci)).pipelines] == [106, 105, 104, 103, 102, 101, 100]
    assert len(circleci.asked("/project/gh/acme/shop/pipeline")) == 4


async def test_a_project_that_the_list_names_needs_no_call_of_its_own() -> None:
    circleci = CircleCI(pipeline(90), pipeline(101, branch="idea"))
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(90)]
    known = {one.id: one for one in (await report(circleci)).pipelines}
    circleci.requests.clear()
    assert [one.number for one in (await report(circleci, known)).pipelines] == [90]
    assert circleci.asked("/project/gh/acme/shop/pipeline") == []


async def test_a_project_that_cannot_be_asked_by_itself_is_missing_and_not_quiet() -> None:
    circleci = CircleCI(pipeline(101, API))
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(90)]
    known = {one.id: one for one in (await report(circleci)).pipelines}
    circleci.older["gh%2Facme%2Fshop"] = httpx.Response(503)
    missing = (await reports(circleci, known))[SHOP]
    assert isinstance(missing, Missing)
    assert missing.gap is Gap.UNAVAILABLE


async def test_a_pipeline_without_vcs_is_found_on_the_branch_that_was_asked_for() -> None:
    bodies = [pipeline(102), pipeline(101)]
    del bodies[0]["vcs"]
    circleci = CircleCI(*bodies)
    circleci.older["gh%2Facme%2Fshop"] = bodies
    found = (await report(circleci)).pipelines
    assert [(one.number, one.branch, one.sha) for one in found] == [(102, "main", ""), (101, "main", SHA)]


async def test_projects_that_the_list_lacks_are_asked_within_a_bound_in_turn() -> None:
    circleci = CircleCI()
    names = {f"gh/acme/p{n}": "main" for n in range(80)}
    found = await reports(circleci, branches=names)
    assert len(circleci.requests) == 51
    warnings = [report.warnings for report in found.values() if isinstance(report, BuildReport) and report.warnings]
    words = "CircleCI: 80 projects are not in the organization's list; 50 are asked in turn"
    assert warnings == [(words,)] * 30


async def test_a_project_that_is_sure_to_lack_in_the_list_is_asked_first() -> None:
    names = {f"gh/acme/p{n}": "main" for n in range(80)}
    circleci = CircleCI()
    await reports(circleci, branches=names)
    asked = {"/".join(request.url.path.split("/")[4:7]) for request in circleci.requests[1:]}
    skipped = set(names) - asked
    project = min(skipped)
    circleci.older[project.replace("/", "%2F")] = [pipeline(101, project)]
    known = {one.id: one for one in [await only(circleci, project)]}
    circleci.requests.clear()
    await reports(circleci, known, branches=names)
    assert circleci.requests[1].url.path == alone(project)


async def only(circleci: CircleCI, project: str) -> Pipeline:
    found = (await reports(circleci, branches={project: "main"}))[project]
    assert isinstance(found, BuildReport)
    return found.pipelines[0]


FINE = workflow(id="flow-fine", name="fine")


def broken(**changes: Any) -> dict[str, Any]:
    """A workflow that lacks what is None here."""
    body = workflow("failed", **{"id": "flow-broken", "name": "broken", **changes})
    return {name: value for name, value in body.items() if value is not None}


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(broken(id=None), id="without an id"),
        pytest.param({}, id="without anything"),
        pytest.param(5, id="no object"),
        pytest.param(None, id="null"),
    ],
)
async def test_one_unreadable_workflow_is_counted_and_hides_no_other(bad: Any) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [bad, FINE]
    found = await report(circleci)
    (only_one,) = found.pipelines
    assert isinstance(only_one.workflows, tuple)
    assert [(one.name, one.status) for one in only_one.workflows if one.id == "flow-fine"] == [("fine", "success")]
    assert outcome(only_one) is Outcome.UNKNOWN
    (warning,) = found.warnings
    assert warning.startswith("pipeline #101: 1 of 2 workflows could not be read")


async def test_a_workflow_that_was_never_dated_still_counts() -> None:
    """As Apache DevLake has met it: failed, without created_at and stopped_at."""
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [broken(created_at=None, stopped_at=None), FINE]
    found = await report(circleci)
    (only_one,) = found.pipelines
    assert isinstance(only_one.workflows, tuple)
    first = only_one.workflows[0]
    assert (first.status, first.created_at, first.duration) == (WorkflowStatus.FAILED, only_one.created_at, None)
    assert outcome(only_one) is Outcome.FAILED
    assert found.warnings == ()


@pytest.mark.parametrize("bad", [5, None, {}, {"name": "x"}])
async def test_one_unreadable_job_is_counted_and_hides_no_other(bad: Any) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow("failed"), FINE]
    circleci.jobs["flow-failed"] = [job("failed"), bad]
    found = await report(circleci)
    (only_one,) = found.pipelines
    assert isinstance(only_one.workflows, tuple)
    assert [(one.status, [each.status for each in one.jobs]) for one in only_one.workflows] == [
        ("failed", ["failed"]),
        ("success", []),
    ]
    (warning,) = found.warnings
    assert warning.startswith("pipeline #101: 1 of 2 jobs could not be read")


async def test_where_no_job_can_be_read_the_workflows_still_stand() -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow("failed"), FINE]
    circleci.jobs["flow-failed"] = [5]
    found = await report(circleci)
    (only_one,) = found.pipelines
    assert isinstance(only_one.workflows, tuple)
    assert [one.status for one in only_one.workflows] == ["failed", "success"]
    assert "1 of 1 jobs could not be read" in found.warnings[0]


ENDED_SOMEHOW = [
    pytest.param(workflow("terminated-unknown", stopped_at=None), id="terminated-unknown"),
    pytest.param(workflow("needs_setup", stopped_at=None), id="needs_setup"),
    pytest.param(workflow("of-tomorrow"), id="a status of tomorrow that has stopped"),
]


@pytest.mark.parametrize("ended", ENDED_SOMEHOW)
async def test_an_end_that_nobody_knows_is_an_end_and_no_success(ended: dict[str, Any]) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [ended, FINE]
    (found,) = (await report(circleci)).pipelines
    assert (found.is_final, outcome(found)) == (True, Outcome.UNKNOWN)
    circleci.requests.clear()
    await report(circleci, {found.id: found})
    assert circleci.asked("/workflow") == []


@pytest.mark.parametrize(("number", "asked"), [(101, 1), (100 - 11 * 60, 1), (100 - 13 * 60, 0)])
async def test_a_state_that_nobody_knows_is_not_waited_for_for_ever(number: int, asked: int) -> None:
    circleci = CircleCI(pipeline(number))
    circleci.older["gh%2Facme%2Fshop"] = [pipeline(number)]
    circleci.workflows[f"pipe-{number}"] = [workflow("of-tomorrow", stopped_at=None), FINE]
    (found,) = (await report(circleci)).pipelines
    assert (found.is_final, outcome(found)) == (False, Outcome.UNKNOWN)
    circleci.requests.clear()
    (again,) = (await report(circleci, {found.id: found})).pipelines
    assert len(circleci.asked("/workflow")) == asked
    assert outcome(again) is Outcome.UNKNOWN


@pytest.mark.parametrize("errors", [None, "x", [None], [{"message": None}]])
async def test_a_pipeline_whose_errors_are_no_list_is_read(errors: Any) -> None:
    found = await report(CircleCI(pipeline(102), pipeline(101, errors=errors)))
    assert [one.number for one in found.pipelines] == [102, 101]
    assert found.warnings == ()


async def test_a_slug_may_be_spelled_in_both_ways() -> None:
    found = await reports(CircleCI(pipeline(101)), branches={"github/Acme/shop": "main"})
    assert isinstance(found["github/Acme/shop"], BuildReport)
    assert len(found["github/Acme/shop"].pipelines) == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"git": {"branch": "main", "checkout_sha": SHA}},
        {"github_app": {"branch": "main", "commit_sha": SHA}},
    ],
)
async def test_other_kinds_of_projects_name_branch_and_commit_elsewhere(parameters: dict[str, Any]) -> None:
    body = pipeline(101, trigger_parameters=parameters)
    del body["vcs"]
    found = (await report(CircleCI(body))).pipelines
    assert [(one.branch, one.sha) for one in found] == [("main", SHA)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param({"state": "of-tomorrow"}, {"state": "unknown"}, id="a state of tomorrow"),
        pytest.param({"number": "101"}, {"number": 101}, id="a number as text"),
        pytest.param({"errors": [{"message": "a\n" + "x" * 900}]}, {"errors": ("a " + "x" * 297 + "…",)}, id="long"),
    ],
)
async def test_odd_pipelines_are_still_pipelines(raw: dict[str, Any], expected: dict[str, Any]) -> None:
    found = (await report(CircleCI({**pipeline(101), **raw}))).pipelines[0]
    assert {name: getattr(found, name) for name in expected} == expected


async def test_a_pipeline_that_cannot_be_read_is_counted() -> None:
    found = await report(CircleCI(pipeline(101), pipeline(102, project_slug=None)))
    assert len(found.pipelines) == 1
    assert found.warnings == ("1 of 2 pipelines could not be read: CircleCI: answered without a usable `project_slug`",)


@pytest.mark.parametrize(("status", "words"), [(401, "does not accept the token"), (404, "organization gh/acme")])
async def test_a_refusal_says_what_to_do_and_shows_no_token(status: int, words: str) -> None:
    circleci = CircleCI()
    circleci.organization = httpx.Response(status, json={"message": TOKEN})
    with pytest.raises(VendorRefused, match=words) as caught:
        await reports(circleci)
    assert "the block Watchkeeper CircleCI" in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "90"},
        {"ratelimit-remaining": "0", "ratelimit-reset": "90"},
        {"x-ratelimit-remaining-minute": "0", "ratelimit-reset": "90"},
        {"x-ratelimit-remaining-hour": "0", "x-ratelimit-reset-hour": "90", "ratelimit-remaining": "9"},
    ],
)
async def test_the_limit_is_told_in_seconds_left(headers: dict[str, str]) -> None:
    circleci = CircleCI()
    circleci.organization = httpx.Response(429, headers=headers)
    with pytest.raises(VendorUnavailable) as caught:
        await reports(circleci)
    assert caught.value.retry_after == timedelta(seconds=90)


def test_an_empty_token_is_a_missing_credential() -> None:
    with pytest.raises(MissingCredential, match="CIRCLE_TOKEN"):
        CircleCIClient("")


async def test_links_lead_to_ones_own_installation() -> None:
    transport = httpx.MockTransport(CircleCI(pipeline(101)))
    async with CircleCIClient(TOKEN, "https://ci.acme.test/api/v2/", transport=transport) as client:
        found = (await client.build_reports("gh/acme", {SHOP: "main"}, SINCE, {}))[SHOP]
    assert isinstance(found, BuildReport)
    assert found.pipelines[0].url == "https://ci.acme.test/pipelines/github/acme/shop/101"


KEYS = ["items", "next_page_token", "id", "number", "project_slug", "created_at", "vcs", "errors", "status"]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=60)
@given(body=shaped(KEYS), what=st.sampled_from(["organization", "workflows", "jobs", "older"]))
async def test_garbage_is_a_vendor_error_or_a_report(body: object, what: str) -> None:
    circleci = CircleCI(pipeline(101))
    circleci.workflows["pipe-101"] = [workflow("failed")]
    try:
        response = httpx.Response(200, json=body)
    except ValueError:  # numbers that JSON does not have
        return
    match what:
        case "organization":
            circleci.organization = response
        case "workflows":
            circleci.workflows["pipe-101"] = response
        case "jobs":
            circleci.jobs["flow-failed"] = response
        case "older":
            circleci.pipelines, circleci.older["gh%2Facme%2Fshop"] = [], response
    with suppress(VendorError):
        assert set(await reports(circleci)) == {SHOP}
