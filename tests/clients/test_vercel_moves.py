"""Production is moved once, whatever Vercel answers; and what it says of a project is read."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
import pytest
from hypothesis import given, settings

from tests.clients.garbage import shaped
from watchkeeper.clients.base import VendorError, VendorRefused
from watchkeeper.clients.vercel_moves import VercelMovesClient, Watching
from watchkeeper.domain.moves import DeploymentDetails, Moved, MoveKind, MoveOrder, MoveOutcome, ProjectState
from watchkeeper.domain.production import ServingState
from watchkeeper.domain.rollback_changes import EnvChange

TOKEN = "vercel-token-123456"
BAD, GOOD, OTHER = "dpl_bad", "dpl_good", "dpl_other"
CREATED = 1_772_370_000_000
ORDER = MoveOrder(
    7, MoveKind.ROLLBACK, "team_acme", "prj_shop", GOOD, "a1b2c3d", BAD, "it fails\nso much", mark="c0ffee00"
)
QUICK = Watching(pause=timedelta(milliseconds=2), most=timedelta(milliseconds=400), quiet=timedelta(milliseconds=60))


class Hasty(VercelMovesClient):
    request_seconds: ClassVar[float] = 0.5


class Vercel:
    """A model of the vendor: moves when it is told to, after a number of looks at it."""

    def __init__(self) -> None:
        self.serves = BAD
        self.request: dict[str, Any] | None = None
        self.note: dict[str, Any] | None = None
        self.looks = 2
        self.ends = "succeeded"
        self.rolling: dict[str, Any] | None = None
        self.before: Callable[[httpx.Request], httpx.Response | Exception | None] = lambda _: None
        self.after: Callable[[httpx.Request], httpx.Response | Exception | None] = lambda _: None
        self.asked: list[httpx.Request] = []
        self.more: dict[str, Any] = {}

    @property
    def moves(self) -> list[str]:
        return [request.url.path for request in self.asked if request.method == "POST"]

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.method == "POST":
            return self._changed(request)
        if request.url.path.endswith("/rolling-release"):
            return httpx.Response(200, json={"rollingRelease": self.rolling})
        self._go_on()
        return httpx.Response(200, json=self.project())

    def _changed(self, request: httpx.Request) -> httpx.Response:
        if refused := self.before(request):
            return _given(refused)
        self.begin(request.url.path.rpartition("/")[2], "promote" if "/promote/" in request.url.path else "rollback")
        self.note = {"description": request.url.params.get("description", ""), "createdAt": CREATED, "username": "w"}
        return _given(self.after(request) or httpx.Response(201))

    def begin(self, target: str, kind: str) -> None:
        self.request = {
            "fromDeploymentId": self.serves,
            "toDeploymentId": target,
            "jobStatus": "pending",
            "requestedAt": datetime.now(UTC).timestamp() * 1000,
            "type": kind,
        }

    def _go_on(self) -> None:
        if self.request is None or self.request["jobStatus"] not in {"pending", "in-progress"}:
            return
        self.looks -= 1
        if self.looks < 0:
            self.request["jobStatus"] = "failed" if self.ends == "failed" else "succeeded"
            self.serves = self.request["toDeploymentId"] if self.ends == "succeeded" else self.serves

    def project(self) -> dict[str, Any]:
        return {
            "id": "prj_shop",
            "name": "shop",
            "targets": {"production": {"id": self.serves, "createdAt": CREATED, "readyState": "READY", "plan": "pro"}},
            "autoAssignCustomDomains": self.request is None or self.request["type"] == "promote",
            "lastAliasRequest": self.request,
            "rollbackDescription": self.note,
            **self.more,
        }

    async def move(self, order: MoveOrder = ORDER, watching: Watching = QUICK) -> Moved:
        async with Hasty(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.move(order, watching)

    async def state(self) -> ProjectState:
        async with Hasty(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.project_state("team_acme", "prj_shop")


def _given(answer: httpx.Response | Exception) -> httpx.Response:
    if isinstance(answer, Exception):
        raise answer
    return answer


def started(**changes: Any) -> MoveOrder:
    return replace(ORDER, started_at=datetime.now(UTC) - timedelta(minutes=1), **changes)


async def test_production_is_moved_and_the_reason_is_left_there() -> None:
    vercel = Vercel()
    moved = await vercel.move()
    assert (moved.outcome, moved.serving, moved.was_asked) == (MoveOutcome.MOVED, GOOD, True)
    (request,) = [request for request in vercel.asked if request.method == "POST"]
    assert request.url.path == "/v1/projects/prj_shop/rollback/dpl_good"
    assert dict(request.url.params) == {
        "teamId": "team_acme",
        "description": "watchkeeper #7 c0ffee00: it fails so much",
    }
    assert request.content == b""


async def test_an_older_installation_is_asked_where_it_answers() -> None:
    vercel = Vercel()
    async with Hasty(TOKEN, transport=httpx.MockTransport(vercel), rollback_version="v9") as client:
        await client.move(ORDER, QUICK)
    assert vercel.moves == ["/v9/projects/prj_shop/rollback/dpl_good"]


async def test_a_promotion_ends_custody_even_of_what_serves() -> None:
    vercel = Vercel()
    vercel.begin(GOOD, "rollback")
    vercel.looks, vercel.serves = 0, GOOD
    order = MoveOrder(8, MoveKind.PROMOTE, "", "prj_shop", GOOD)
    moved = await vercel.move(order)
    assert (moved.outcome, vercel.moves) == (MoveOutcome.MOVED, ["/v10/projects/prj_shop/promote/dpl_good"])


async def test_a_promotion_may_begin_a_rolling_release() -> None:
    vercel = Vercel()

    def begin(_: httpx.Request) -> httpx.Response:
        vercel.rolling = {"state": "ACTIVE", "currentDeployment": {"id": BAD}, "canaryDeployment": {"id": GOOD}}
        return httpx.Response(202)

    vercel.before = begin
    moved = await vercel.move(replace(ORDER, kind=MoveKind.PROMOTE))
    assert moved.outcome is MoveOutcome.STARTED
    assert moved.is_done


async def test_what_is_there_is_not_asked_for() -> None:
    vercel = Vercel()
    vercel.serves = GOOD
    moved = await vercel.move(replace(ORDER, expected=""))
    assert (moved.outcome, moved.was_asked, vercel.moves) == (MoveOutcome.ALREADY_THERE, False, [])


async def test_another_release_than_planned_is_left_alone() -> None:
    vercel = Vercel()
    vercel.serves = OTHER
    moved = await vercel.move()
    assert (moved.outcome, vercel.moves) == (MoveOutcome.REFUSED, [])
    assert "nothing was done" in moved.sentence


REFUSALS = [
    (400, "x"),
    (401, "does not accept the token"),
    (402, "on Hobby only the previous deployment"),
    (403, "the token may not do that"),
    (404, "not there any more"),
    (409, "another move of production is under way"),
    (410, "was deleted"),
    (422, "none that production can go to"),
]


@pytest.mark.parametrize(("status", "says"), REFUSALS)
async def test_a_refusal_says_why_and_changes_nothing(status: int, says: str) -> None:
    vercel = Vercel()
    body = {"error": {"code": "no", "message": f"x <b> {TOKEN}"}}
    vercel.before = lambda _: httpx.Response(status, json=body)
    moved = await vercel.move()
    assert (moved.outcome, moved.was_asked, len(vercel.moves)) == (MoveOutcome.REFUSED, False, 1)
    assert says in moved.sentence
    assert f"({status})" in moved.sentence
    assert TOKEN not in moved.sentence


LOST = [
    pytest.param(httpx.Response(500), id="500"),
    pytest.param(httpx.Response(502, text="<html>"), id="502"),
    pytest.param(httpx.Response(504), id="504"),
    pytest.param(httpx.Response(201, text="<html>"), id="nonsense"),
    pytest.param(httpx.ReadTimeout("late"), id="time-out"),
    pytest.param(httpx.RemoteProtocolError("gone"), id="broken off"),
    pytest.param(httpx.WriteError("gone"), id="broken off while sending"),
]


@pytest.mark.parametrize("lost", LOST)
async def test_a_lost_answer_after_the_work_is_found_out(lost: httpx.Response | Exception) -> None:
    vercel = Vercel()
    vercel.after = lambda _: lost
    moved = await vercel.move()
    assert (moved.outcome, moved.serving, len(vercel.moves)) == (MoveOutcome.MOVED, GOOD, 1)


@pytest.mark.parametrize("lost", LOST[:3] + LOST[4:])
async def test_a_lost_answer_without_the_work_is_unknown_and_not_repeated(lost: httpx.Response | Exception) -> None:
    vercel = Vercel()
    vercel.before = lambda _: lost
    moved = await vercel.move()
    assert (moved.outcome, len(vercel.moves)) == (MoveOutcome.UNKNOWN, 1)
    assert not moved.is_done


@pytest.mark.parametrize("error", [httpx.ConnectError("no route"), httpx.ConnectTimeout("late")])
async def test_what_was_never_sent_is_tried_again(error: Exception) -> None:
    vercel = Vercel()
    errors = [error, error]
    vercel.before = lambda _: errors.pop() if errors else None
    moved = await vercel.move()
    assert (moved.outcome, len(vercel.moves)) == (MoveOutcome.MOVED, 3)


async def test_what_can_never_be_sent_ends_in_a_refusal() -> None:
    vercel = Vercel()
    vercel.before = lambda _: httpx.ConnectError("no route")
    moved = await vercel.move()
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.REFUSED, False)
    assert moved.sentence.endswith("nothing was done")


async def test_too_many_requests_are_waited_for() -> None:
    vercel = Vercel()
    limited = [httpx.Response(429, headers={"Retry-After": "0.01"}) for _ in range(2)]
    vercel.before = lambda _: limited.pop() if limited else None
    assert (await vercel.move()).outcome is MoveOutcome.MOVED


async def test_a_limit_for_long_is_a_refusal_in_time() -> None:
    vercel = Vercel()
    vercel.before = lambda _: httpx.Response(429, headers={"Retry-After": "300"})
    moved = await vercel.move()
    assert (moved.outcome, len(vercel.moves)) == (MoveOutcome.REFUSED, 1)
    assert "wait 300 s" in moved.sentence


@pytest.mark.parametrize(
    ("ends", "outcome"), [("failed", MoveOutcome.FAILED), ("stays", MoveOutcome.UNFINISHED)], ids=str
)
async def test_a_job_that_does_not_move_the_domains_is_no_success(ends: str, outcome: MoveOutcome) -> None:
    vercel = Vercel()
    vercel.ends = ends
    moved = await vercel.move()  # it would be NOT_MOVED if it were watched for longer than the grace
    assert (moved.outcome, len(vercel.moves)) == (outcome, 1)


async def test_a_move_that_takes_too_long_is_unfinished() -> None:
    vercel = Vercel()
    vercel.looks = 10**6
    moved = await vercel.move()
    assert moved.outcome is MoveOutcome.UNFINISHED


async def test_trouble_while_watching_is_waited_out() -> None:
    vercel = Vercel()
    looks = iter(range(1000))

    def handle(request: httpx.Request) -> httpx.Response:
        is_bad = request.method == "GET" and vercel.moves and next(looks) in {0, 1, 3}
        return httpx.Response(503) if is_bad else vercel(request)

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        moved = await client.move(ORDER, QUICK)
    assert moved.outcome is MoveOutcome.MOVED


async def test_what_could_not_be_watched_says_so() -> None:
    vercel = Vercel()

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.method == "GET" and vercel.moves else vercel(request)

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        moved = await client.move(ORDER, QUICK)
    assert moved.outcome is MoveOutcome.UNFINISHED
    assert "503" in moved.sentence


async def test_after_a_crash_nothing_is_asked_twice() -> None:
    vercel = Vercel()
    vercel.begin(GOOD, "rollback")
    vercel.note = {"description": "watchkeeper #7 c0ffee00: x", "createdAt": CREATED, "username": "w"}
    moved = await vercel.move(started())
    assert (moved.outcome, vercel.moves) == (MoveOutcome.MOVED, [])
    again = await vercel.move(started())
    assert (again.outcome, vercel.moves) == (MoveOutcome.MOVED, [])


async def test_after_a_crash_and_a_failure_nothing_is_asked_twice() -> None:
    vercel = Vercel()
    vercel.begin(GOOD, "rollback")
    vercel.ends, vercel.looks = "failed", 0
    assert (await vercel.move(started())).outcome is MoveOutcome.FAILED
    assert (await vercel.move(started())).outcome is MoveOutcome.FAILED
    assert vercel.moves == []


async def test_a_call_that_is_late_and_not_lost_is_not_made_twice() -> None:
    """An earlier run has sent it and was killed; it reaches Vercel after that, within the time that Vercel gives it."""
    vercel, looks = Vercel(), 0

    def arrives(request: httpx.Request) -> httpx.Response:
        nonlocal looks
        looks += 1
        if looks == 5:
            vercel.begin(GOOD, "rollback")
        return vercel(request)

    async with Hasty(TOKEN, transport=httpx.MockTransport(arrives)) as client:
        moved = await client.move(started(), replace(QUICK, quiet=timedelta(seconds=30)))
    assert (moved.outcome, vercel.moves) == (MoveOutcome.MOVED, [])


async def test_a_call_of_which_nothing_shows_in_all_its_time_is_made_again_once() -> None:
    vercel = Vercel()
    began = time.monotonic()
    moved = await vercel.move(started())
    assert (moved.outcome, len(vercel.moves)) == (MoveOutcome.MOVED, 1)
    first = next(place for place, request in enumerate(vercel.asked) if request.method == "POST")
    assert first > 2, "the state was looked at all that time"
    assert time.monotonic() - began >= QUICK.quiet.total_seconds()


async def test_a_vendor_that_cannot_be_read_is_not_called_again() -> None:
    def away(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    quick = Watching(timedelta(milliseconds=2), timedelta(milliseconds=20), timedelta(milliseconds=20))
    async with Hasty(TOKEN, transport=httpx.MockTransport(away)) as client:
        moved = await client.move(started(), quick)
    assert (moved.outcome, moved.was_asked) == (MoveOutcome.UNKNOWN, True)


async def test_before_it_is_called_it_is_said_what_was_asked_for_before() -> None:
    """Vercel's moments are compared with Vercel's, whatever our clock says."""
    vercel, before = Vercel(), []
    vercel.begin(OTHER, "promote")
    assert vercel.request is not None
    vercel.request |= {"jobStatus": "succeeded", "requestedAt": CREATED}

    async def may_ask(request_before: datetime | None) -> bool:
        before.append(request_before)
        return True

    async with Hasty(TOKEN, transport=httpx.MockTransport(vercel)) as client:
        await client.move(ORDER, QUICK, may_ask)
    assert before == [datetime.fromtimestamp(CREATED / 1000, UTC)]


async def test_a_conflict_with_the_same_move_is_watched() -> None:
    vercel = Vercel()

    def conflict(request: httpx.Request) -> httpx.Response:
        vercel.begin(GOOD, "rollback")
        return httpx.Response(409, json={"error": {"message": "busy"}})

    vercel.before = conflict
    assert (await vercel.move()).outcome is MoveOutcome.MOVED


async def test_the_base_of_a_rolling_release_is_gone_back_to() -> None:
    vercel = Vercel()
    vercel.serves = GOOD
    vercel.rolling = {"state": "ACTIVE", "currentDeployment": {"id": GOOD}, "canaryDeployment": {"id": BAD}}

    def abort(_: httpx.Request) -> None:
        vercel.rolling = {"state": "ABORTED", "currentDeployment": {"id": GOOD}, "canaryDeployment": {"id": BAD}}

    vercel.before = abort
    order = replace(ORDER, ends_rolling_release=True)
    assert (await vercel.move(order)).outcome is MoveOutcome.MOVED
    assert vercel.moves == ["/v1/projects/prj_shop/rollback/dpl_good"]


# --- what is read -------------------------------------------------------------------------------------------------


async def test_a_project_is_read_with_what_a_move_needs_to_know() -> None:
    vercel = Vercel()
    vercel.more = {
        "permissions": {"deploymentRollback": ["read", "create"], "deploymentPromote": ["read"]},
        "crons": {"definitions": [{"host": "x", "path": "/b", "schedule": "1 * * * *"}, {"path": "/a"}, 7]},
        "paused": True,
        "rollingRelease": {"target": "production", "stages": None},
        "rollbackDescription": {"description": "it\nwas <b>bad", "createdAt": CREATED, "username": "ada"},
    }
    state = await vercel.state()
    assert (state.may_roll_back, state.may_promote, state.may_set_items) == (True, False, False)
    assert state.crons == ("/a: ?", "/b: 1 * * * *")
    assert (state.plan, state.is_paused, state.rolls_out) == ("pro", True, True)
    assert state.note is not None
    assert (state.note.by, state.note.at) == ("ada", datetime(2026, 3, 1, 13, tzinfo=UTC))


async def test_what_is_not_said_is_not_known() -> None:
    state = await Vercel().state()
    assert (state.may_roll_back, state.may_promote, state.may_set_items) == (None, None, None)
    assert (state.note, state.crons, state.rolls_out, state.warnings) == (None, (), False, ())


@pytest.mark.parametrize(("status", "warnings"), [(404, 0), (402, 0), (403, 1), (500, 1)])
async def test_a_rolling_release_that_cannot_be_read_is_a_warning(status: int, warnings: int) -> None:
    vercel = Vercel()

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status) if request.url.path.endswith("rolling-release") else vercel(request)

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        state = await client.project_state("team_acme", "prj_shop")
    assert len(state.warnings) == warnings


async def details(name: str, body: object, status: int = 200) -> tuple[DeploymentDetails, httpx.Request]:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        return await client.deployment("team_acme", name), asked[0]


DEPLOYMENT = {
    "id": "dpl_1",
    "projectId": "prj_shop",
    "name": "shop",
    "url": "shop-1.vercel.test",
    "target": "production",
    "readyState": "READY",
    "readySubstate": "PROMOTED",
    "createdAt": CREATED,
    "meta": {"githubCommitSha": "a" * 40},
    "crons": [{"path": "/x", "schedule": "0 3 * * *"}],
    "plan": "pro",
}


@pytest.mark.parametrize("name", ["dpl_1", "shop-1.vercel.test", "https://shop-1.vercel.test/some/page"])
async def test_a_deployment_is_found_by_id_or_address(name: str) -> None:
    found, request = await details(name, DEPLOYMENT)
    assert request.url.path == f"/v13/deployments/{'dpl_1' if name == 'dpl_1' else 'shop-1.vercel.test'}"
    assert (found.deployment.id, found.deployment.project_id) == ("dpl_1", "prj_shop")
    assert (found.deployment.serving, found.deployment.sha) == (ServingState.PROMOTED, "a" * 40)
    assert (found.crons, found.plan) == (("/x: 0 3 * * *",), "pro")


async def test_crons_that_are_not_said_are_not_known() -> None:
    found, _ = await details("dpl_1", {key: value for key, value in DEPLOYMENT.items() if key != "crons"})
    assert found.crons is None


async def test_a_deployment_that_is_gone_is_refused() -> None:
    with pytest.raises(VendorRefused, match="does not know the deployment dpl_1"):
        await details("dpl_1", {"error": {}}, 404)


async def test_variables_of_production_are_read_without_their_values() -> None:
    secret = "value-nobody-may-see"
    envs = [
        {"key": "A", "target": ["production"], "updatedAt": CREATED, "value": secret},
        {"key": "A", "target": "production", "updatedAt": CREATED + 5, "value": secret},
        {"key": "B", "target": ["preview"], "updatedAt": CREATED},
        {"key": "C", "target": ["production", "preview"], "createdAt": CREATED + 1},
        {"key": "", "target": ["production"], "updatedAt": CREATED},
        {"target": 7},
    ]
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"envs": envs})

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        found = await client.env_changes("team_acme", "prj_shop")
    at = datetime(2026, 3, 1, 13, tzinfo=UTC)
    assert found == (
        EnvChange("A", at + timedelta(milliseconds=5)),
        EnvChange("C", at + timedelta(milliseconds=1)),
    )
    assert "decrypt" not in asked[0].url.params
    assert secret not in repr(found)


KEYS = ["id", "targets", "production", "lastAliasRequest", "crons", "definitions", "permissions", "envs", "key"]


@settings(max_examples=60, deadline=None)
@given(shaped(KEYS))
async def test_garbage_is_an_error_of_ours_or_a_value(body: object) -> None:
    content = json.dumps(body)
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=content))
    async with Hasty(TOKEN, transport=transport) as client:
        for ask in (
            client.project_state("team_acme", "prj_shop"),
            client.deployment("team_acme", "dpl_1"),
            client.env_changes("team_acme", "prj_shop"),
        ):
            with suppress(VendorError):
                await ask


@settings(max_examples=30, deadline=None)
@given(shaped(KEYS))
async def test_garbage_never_moves_anything_twice(body: object) -> None:
    content = json.dumps(body)
    asked: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(200, text=content)

    brief = Watching(pause=timedelta(milliseconds=1), most=timedelta(milliseconds=5))
    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        moved = await client.move(ORDER, brief)
    assert asked.count("POST") <= 1
    assert not moved.is_done or moved.serving == GOOD


async def test_who_may_not_ask_does_not() -> None:
    vercel = Vercel()

    async def never(_before: datetime | None) -> bool:
        return False

    async with Hasty(TOKEN, transport=httpx.MockTransport(vercel)) as client:
        moved = await client.move(ORDER, QUICK, never)
    assert (moved.outcome, moved.was_asked, vercel.moves) == (MoveOutcome.REFUSED, False, [])


async def test_the_deployments_of_one_project_are_read_within_a_bound() -> None:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        raw = {"uid": f"dpl_{len(asked)}", "projectId": "prj_shop", "created": CREATED + len(asked), "state": "READY"}
        return httpx.Response(200, json={"deployments": [raw], "pagination": {"next": CREATED + len(asked)}})

    async with Hasty(TOKEN, transport=httpx.MockTransport(handle)) as client:
        found = await client.deployments("team_acme", "prj_shop", "a" * 40)
    assert [deployment.id for deployment in found] == ["dpl_2", "dpl_1"]
    assert asked[0].url.params["projectId"] == "prj_shop"
    assert asked[0].url.params["sha"] == "a" * 40
    assert asked[1].url.params["until"] == str(CREATED + 1)


async def test_leave_is_asked_for_right_before_every_attempt() -> None:
    vercel = Vercel()
    errors = [httpx.ConnectError("no route"), httpx.ConnectError("no route")]
    vercel.before = lambda _: errors.pop() if errors else None
    given: list[int] = []

    async def may_ask(_before: datetime | None) -> bool:
        given.append(len(vercel.moves))
        return True

    async with Hasty(TOKEN, transport=httpx.MockTransport(vercel)) as client:
        moved = await client.move(ORDER, QUICK, may_ask)
    assert (moved.outcome, given) == (MoveOutcome.MOVED, [0, 1, 2])
