import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from watchkeeper.clients.base import MissingCredential, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.vercel import VercelClient, VercelStatusClient
from watchkeeper.domain.delivery import (
    AliasJob,
    AliasRequest,
    DeliveryReport,
    DeploymentState,
    ServingState,
    VercelDeployment,
)
from watchkeeper.domain.verdicts import Gap, Missing

TOKEN = "make-believe-token"
SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CREATED = 1_772_370_000_000  # 2026-03-01 13:00:00 UTC


def deployment(uid: str = "dpl_1", project: str = "prj_shop", **more: Any) -> dict[str, Any]:
    return {
        "uid": uid,
        "name": "shop",
        "projectId": project,
        "url": f"{uid}.vercel.test",
        "state": "READY",
        "readySubstate": "PROMOTED",
        "target": "production",
        "createdAt": CREATED,
        "buildingAt": CREATED + 2_000,
        "ready": CREATED + 92_000,
        "isRollbackCandidate": True,
        "inspectorUrl": f"https://vercel.test/acme/shop/{uid}",
        "meta": {"githubCommitSha": "a" * 40, "githubCommitRef": "main"},
        **more,
    }


def project(name: str = "shop", **more: Any) -> dict[str, Any]:
    return {
        "id": f"prj_{name}",
        "name": name,
        "targets": {"production": {"id": "dpl_1", "name": name, "createdAt": CREATED, "readyState": "READY"}},
        "autoAssignCustomDomains": True,
        "lastAliasRequest": None,
        "rollingRelease": None,
        **more,
    }


class Vercel:
    """Answers as Vercel does, with what it was told to hold."""

    def __init__(self) -> None:
        self.projects: list[dict[str, Any]] = [project()]
        self.deployments: list[dict[str, Any]] = [deployment()]
        self.rolling: Any = {"rollingRelease": None}
        self.asked: list[httpx.Request] = []
        self.page_size = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if request.url.path == "/v10/projects":
            return httpx.Response(200, json=self.page("projects", self.projects, request.url.params.get("from")))
        if request.url.path == "/v6/deployments":
            return httpx.Response(200, json=self.page("deployments", self.deployments, request.url.params.get("until")))
        return httpx.Response(200, json=self.rolling)

    def page(self, key: str, items: list[dict[str, Any]], start: str | None) -> dict[str, Any]:
        first = int(start or 0)
        end = first + self.page_size
        following = end if end < len(items) else None
        return {key: items[first:end], "pagination": {"count": self.page_size, "next": following, "prev": None}}

    def paths(self) -> list[str]:
        return [request.url.path for request in self.asked]

    async def reports(self, *projects: str, team: str = "team_acme") -> dict[str, DeliveryReport | Missing]:
        async with VercelClient(TOKEN, transport=httpx.MockTransport(self)) as client:
            return await client.delivery_reports(team, projects or ("prj_shop",), SINCE)

    async def report(self, name: str = "prj_shop") -> DeliveryReport:
        found = (await self.reports(name))[name]
        assert isinstance(found, DeliveryReport), found
        return found


async def answered(answer: httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]) -> VendorError:
    def handle(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    async with VercelClient(TOKEN, transport=httpx.MockTransport(handle)) as client:
        with pytest.raises(VendorError) as caught:
            await client.delivery_reports("team_acme", ("prj_shop",), SINCE)
    return caught.value


async def test_a_deployment_is_read_with_its_times_in_utc() -> None:
    report = await Vercel().report()
    created = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
    assert report.deployments == (
        VercelDeployment(
            id="dpl_1",
            project_id="prj_shop",
            project_name="shop",
            url="https://dpl_1.vercel.test",
            target="production",
            state=DeploymentState.READY,
            serving=ServingState.PROMOTED,
            created_at=created,
            building_at=created + timedelta(seconds=2),
            ready_at=created + timedelta(seconds=92),
            sha="a" * 40,
            branch="main",
            is_rollback_candidate=True,
            inspector_url="https://vercel.test/acme/shop/dpl_1",
        ),
    )
    assert report.deployments[0].build_time == timedelta(seconds=90)
    assert report.production.deployment == "dpl_1"
    assert report.production.auto_assigns_domains is True
    assert report.warnings == ()


@pytest.mark.parametrize(
    ("team", "params"),
    [("team_acme", {"teamId": ["team_acme"]}), ("acme", {"slug": ["acme"]}), ("", {})],
)
async def test_every_call_names_the_team(team: str, params: dict[str, list[str]]) -> None:
    vercel = Vercel()
    vercel.projects = [project(rollingRelease={"target": "production"})]
    await vercel.reports(team=team)
    assert len(vercel.asked) == 3
    for request in vercel.asked:
        told = parse_qs(request.url.query.decode())
        assert {key: value for key, value in told.items() if key in {"teamId", "slug"}} == params
        assert request.headers["authorization"] == f"Bearer {TOKEN}"


async def test_the_deployments_are_asked_from_a_time_in_milliseconds() -> None:
    vercel = Vercel()
    await vercel.reports()
    asked = next(request for request in vercel.asked if request.url.path == "/v6/deployments")
    assert asked.url.params["since"] == "1772366400000"
    assert asked.url.params["target"] == "production"


async def test_the_past_is_asked_up_to_a_time_and_a_month_of_it_is_read_to_the_end() -> None:
    asked: list[httpx.QueryParams] = []
    until = SINCE + timedelta(days=30)
    times = [CREATED + n * 1_296_000 for n in range(2_000)]  # one in 22 minutes

    def month(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v10/projects":
            return httpx.Response(200, json={"projects": [project()], "pagination": {"next": None}})
        asked.append(request.url.params)
        before = int(request.url.params["until"])
        page = sorted((time for time in times if time < before), reverse=True)[:100]
        following = page[-1] if page[-1] > times[0] else None
        listed = [deployment(f"dpl_{time}", createdAt=time) for time in page]
        return httpx.Response(200, json={"deployments": listed, "pagination": {"next": following}})

    async with VercelClient(TOKEN, transport=httpx.MockTransport(month)) as client:
        report = (await client.delivery_reports("team_acme", ("prj_shop",), SINCE, until))["prj_shop"]
    assert isinstance(report, DeliveryReport)
    assert report.warnings == ()
    built = [found for found in report.deployments if found.id != "dpl_1"]
    assert len(built) == sum(time < until.timestamp() * 1000 for time in times) > 1_900
    assert asked[0]["until"] == str(int(until.timestamp() * 1000))
    assert {params["since"] for params in asked} == {"1772366400000"}


async def test_the_number_of_calls_does_not_grow_with_projects() -> None:
    vercel = Vercel()
    names = [f"p{n}" for n in range(100)]
    vercel.projects = [project(name) for name in names]
    vercel.deployments = [deployment(f"dpl_{name}", f"prj_{name}") for name in names]
    reports = await vercel.reports(*names)
    assert len(vercel.asked) == 2
    assert list(reports) == names


async def test_pages_are_read_to_the_end() -> None:
    vercel = Vercel()
    vercel.page_size = 2
    vercel.projects = [project(name) for name in ("a", "b", "c", "d", "shop")]
    vercel.deployments = [deployment(f"dpl_{n}", createdAt=CREATED + n) for n in range(5)]
    report = await vercel.report()
    assert [found.id for found in report.deployments] == ["dpl_4", "dpl_3", "dpl_2", "dpl_1", "dpl_0"]
    assert vercel.paths().count("/v10/projects") == 3


async def test_listing_projects_ends_when_all_were_seen() -> None:
    vercel = Vercel()
    vercel.page_size = 2
    vercel.projects = [project(name) for name in ("shop", "b", "c", "d", "e")]
    await vercel.report("shop")
    assert vercel.paths().count("/v10/projects") == 1


async def test_pages_without_an_end_are_cut_with_a_warning() -> None:
    pages = iter(range(1, 1_000_000))

    def endless(request: httpx.Request) -> httpx.Response:
        following = str(next(pages))
        if request.url.path == "/v10/projects":
            return httpx.Response(200, json={"projects": [project()], "pagination": {"next": f"token{following}"}})
        listed = {"deployments": [deployment(f"dpl_{following}")], "pagination": {"next": float(following)}}
        return httpx.Response(200, json=listed)

    async with VercelClient(TOKEN, transport=httpx.MockTransport(endless)) as client:
        reports = await client.delivery_reports("team_acme", ("prj_shop", "prj_other"), SINCE)
    shop, other = reports["prj_shop"], reports["prj_other"]
    assert isinstance(shop, DeliveryReport)
    assert shop.warnings == ("Vercel: only the newest 100 deployments of team team_acme were read",)
    assert isinstance(other, Missing)
    assert other.gap is Gap.UNAVAILABLE


async def test_an_unknown_project_touches_no_other() -> None:
    reports = await Vercel().reports("shop", "prj_gone")
    assert isinstance(reports["shop"], DeliveryReport)
    gone = reports["prj_gone"]
    assert isinstance(gone, Missing)
    assert gone.gap is Gap.REFUSED
    assert "does not know project prj_gone in team team_acme" in gone.reason


async def test_what_serves_may_be_older_than_what_was_asked_for() -> None:
    vercel = Vercel()
    old = {
        "id": "dpl_old",
        "createdAt": CREATED - 10**9,
        "readyState": "READY",
        "readySubstate": "PROMOTED",
        "url": "x",
    }
    vercel.projects = [project(targets={"production": {**old, "meta": {"gitlabCommitSha": "b" * 40}}})]
    report = await vercel.report()
    assert [found.id for found in report.deployments] == ["dpl_1", "dpl_old"]
    serving = report.deployments[1]
    assert (serving.sha, serving.target, serving.project_id) == ("b" * 40, "production", "prj_shop")


@pytest.mark.parametrize("targets", [None, {}, {"production": None}, "nonsense"])
async def test_a_project_that_never_went_live_serves_nothing(targets: object) -> None:
    vercel = Vercel()
    vercel.projects = [project(targets=targets)]
    assert (await vercel.report()).production.deployment is None


async def test_a_rollback_that_nobody_ended_is_custody() -> None:
    vercel = Vercel()
    request = {
        "fromDeploymentId": "dpl_2",
        "toDeploymentId": "dpl_1",
        "jobStatus": "in-progress",
        "requestedAt": CREATED,
        "type": "rollback",
    }
    vercel.projects = [project(autoAssignCustomDomains=False, lastAliasRequest=request)]
    production = (await vercel.report()).production
    assert production.in_custody
    requested_at = datetime(2026, 3, 1, 13, 0, tzinfo=UTC)
    assert production.last_alias_request == AliasRequest(
        "rollback", "dpl_2", "dpl_1", AliasJob.IN_PROGRESS, requested_at
    )


ROLLING = {
    "state": "ACTIVE",
    "currentDeployment": {"id": "dpl_1"},
    "canaryDeployment": {"id": "dpl_2"},
    "activeStage": {"index": 0, "targetPercentage": 25, "duration": 600},
    "startedAt": CREATED,
}


async def test_a_rolling_release_is_read_where_the_project_uses_them() -> None:
    vercel = Vercel()
    vercel.projects = [project(rollingRelease={"target": "production"}), project("portal")]
    vercel.rolling = {"rollingRelease": ROLLING}
    reports = await vercel.reports("shop", "portal")
    shop, portal = reports["shop"], reports["portal"]
    assert isinstance(shop, DeliveryReport)
    assert isinstance(portal, DeliveryReport)
    rolling = shop.production.rolling_release
    assert rolling is not None
    assert (rolling.state, rolling.base_deployment, rolling.canary_deployment) == ("active", "dpl_1", "dpl_2")
    assert rolling.canary_percent == 25
    assert portal.production.rolling_release is None
    assert [path for path in vercel.paths() if "rolling" in path] == ["/v1/projects/prj_shop/rolling-release"]


async def test_a_rolling_release_that_cannot_be_read_is_a_warning() -> None:
    vercel = Vercel()
    vercel.projects = [project(rollingRelease={"target": "production"})]

    def handle(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403) if "rolling-release" in request.url.path else vercel(request)

    async with VercelClient(TOKEN, transport=httpx.MockTransport(handle)) as client:
        report = (await client.delivery_reports("", ("shop",), SINCE))["shop"]
    assert isinstance(report, DeliveryReport)
    assert len(report.warnings) == 1
    assert "the rolling release is not known: Vercel: " in report.warnings[0]


@pytest.mark.parametrize(
    ("raw", "state", "serving"),
    [
        ({"state": "BLOCKED"}, DeploymentState.BLOCKED, ServingState.PROMOTED),
        ({"state": "LEVITATING", "readySubstate": "HALFWAY"}, DeploymentState.UNKNOWN, ServingState.UNKNOWN),
        ({"state": None, "readyState": "ERROR"}, DeploymentState.ERROR, ServingState.PROMOTED),
        ({"state": 7, "readySubstate": ["STAGED"]}, DeploymentState.UNKNOWN, ServingState.UNKNOWN),
        ({"readySubstate": "ROLLING"}, DeploymentState.READY, ServingState.ROLLING),
    ],
)
async def test_unknown_states_are_kept_as_unknown(
    raw: dict[str, Any], state: DeploymentState, serving: ServingState
) -> None:
    vercel = Vercel()
    vercel.deployments = [deployment(**raw)]
    found = (await vercel.report()).deployments[0]
    assert (found.state, found.serving) == (state, serving)


async def test_wrong_types_become_defaults() -> None:
    vercel = Vercel()
    wrong: dict[str, Any] = {"target": None, "meta": [], "buildingAt": "soon", "isRollbackCandidate": "yes", "url": 1.5}
    vercel.deployments = [deployment(**wrong, inspectorUrl="javascript:alert(1)")]
    found = (await vercel.report()).deployments[0]
    assert (found.sha, found.branch, found.building_at, found.url, found.target) == ("", "", None, "", "")
    assert (found.is_rollback_candidate, found.inspector_url) == (None, "")


async def test_a_deployment_that_cannot_be_read_is_counted() -> None:
    vercel = Vercel()
    vercel.deployments = [{"uid": None}, deployment(), {**deployment("dpl_3"), "createdAt": "?"}]
    report = await vercel.report()
    assert [found.id for found in report.deployments] == ["dpl_1"]
    assert report.warnings == ("2 of the deployments could not be read: Vercel: answered without a usable `id`",)


async def test_an_entry_without_the_id_of_its_project_is_known_by_the_name() -> None:
    """As Vercel answered in 2024; another project's stays another project's."""
    vercel = Vercel()
    vercel.projects = [project(), project("api")]
    vercel.deployments = [
        {key: value for key, value in deployment("dpl_2").items() if key != "projectId"},
        {key: value for key, value in deployment("dpl_3", name="api").items() if key != "projectId"},
    ]
    reports = await vercel.reports("prj_shop", "prj_api")
    assert isinstance(shop := reports["prj_shop"], DeliveryReport)
    assert {d.id: d.project_id for d in shop.deployments} == {"dpl_1": "prj_shop", "dpl_2": "prj_shop"}
    assert isinstance(api := reports["prj_api"], DeliveryReport)
    assert "dpl_3" in {d.id for d in api.deployments}
    assert shop.warnings == ()


async def test_an_entry_that_calls_its_id_by_the_other_name_is_read() -> None:
    vercel = Vercel()
    raw = deployment("dpl_2")
    vercel.deployments = [{**{key: value for key, value in raw.items() if key != "uid"}, "id": "dpl_2"}]
    assert "dpl_2" in {d.id for d in (await vercel.report()).deployments}


@pytest.mark.parametrize(
    ("more", "percent", "is_paused"),
    [
        pytest.param({}, 25.0, False, id="the share of the stage"),
        pytest.param(
            {"currentCanaryPercentage": 12.5, "linearShift": {"interval": 60}}, 12.5, False, id="a linear shift"
        ),
        pytest.param({"currentCanaryPercentage": 25, "substate": "PAUSED"}, 25.0, True, id="paused"),
        pytest.param({"currentCanaryPercentage": 0}, 0.0, False, id="just begun"),
    ],
)
async def test_a_rolling_release_of_2026_says_what_visitors_get_now(
    more: dict[str, Any], percent: float, *, is_paused: bool
) -> None:
    vercel = Vercel()
    vercel.projects = [project(rollingRelease={"target": "production"})]
    vercel.rolling = {"rollingRelease": {"state": "ACTIVE", "activeStage": {"targetPercentage": 25}, **more}}
    rolling = (await vercel.report()).production.rolling_release
    assert rolling is not None
    assert (rolling.canary_percent, rolling.is_paused) == (percent, is_paused)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_is_dead_is_told_from_one_that_may_not_see_something(status: int) -> None:
    error = {"code": "forbidden", "message": "Not authorized", "invalidToken": True}
    dead = await answered(httpx.Response(status, json={"error": error}))
    assert isinstance(dead, VendorRefused)
    assert f"the token is not valid any more ({status}): put a new one into the block Watchkeeper Vercel" in str(dead)
    assert dead.missing().gap is Gap.REFUSED, "as a dead token of every other vendor"
    blind = await answered(httpx.Response(status, json={"error": {**error, "invalidToken": False}}))
    assert "not valid any more" not in str(blind)


async def test_a_project_that_cannot_be_read_touches_no_other() -> None:
    vercel = Vercel()
    vercel.projects = [project(lastAliasRequest={"type": "rollback"}), project("portal")]
    reports = await vercel.reports("shop", "portal")
    shop = reports["shop"]
    assert isinstance(shop, Missing)
    assert "requestedAt" in shop.reason
    assert isinstance(reports["portal"], DeliveryReport)


@pytest.mark.parametrize(
    ("answer", "kind", "says"),
    [
        (httpx.Response(401), VendorRefused, "block Watchkeeper Vercel"),
        (httpx.Response(403), VendorRefused, "the projects of team team_acme"),
        (httpx.Response(404), VendorRefused, "team team_acme"),
        (httpx.Response(400, json={"error": {"code": "bad_request"}}), VendorRefused, "bad_request"),
        (httpx.Response(500), VendorUnavailable, "500"),
        (httpx.Response(503, text="<html>"), VendorUnavailable, "503"),
        (httpx.Response(200, text="<html>"), VendorUnavailable, "web page"),
        (httpx.Response(200, text='{"projects": ['), VendorUnavailable, "broken JSON"),
        (httpx.Response(200, json=[]), VendorUnavailable, "list"),
        (httpx.Response(200, json={"projects": {}, "deployments": 3}), VendorUnavailable, "without a usable"),
        (httpx.Response(200, text=""), VendorUnavailable, "empty"),
        (httpx.ReadTimeout("slow"), VendorUnavailable, "no full answer"),
        (httpx.ConnectError("refused"), VendorUnavailable, "cannot be reached"),
    ],
)
async def test_failures_say_what_to_do(answer: httpx.Response | Exception, kind: type[VendorError], says: str) -> None:
    error = await answered(answer)
    assert isinstance(error, kind)
    assert says in str(error)
    assert TOKEN not in repr(error)


async def test_a_long_wait_is_unavailable_with_the_time() -> None:
    reset = datetime.now(UTC) + timedelta(minutes=5)
    headers = {"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(reset.timestamp())}
    error = await answered(httpx.Response(429, headers=headers, json={"error": {"code": "rate_limited"}}))
    assert isinstance(error, VendorUnavailable)
    assert error.retry_after is not None
    assert timedelta(minutes=4) < error.retry_after <= timedelta(minutes=5)


async def test_a_short_wait_is_waited_for() -> None:
    vercel = Vercel()
    refused = asyncio.Event()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v6/deployments" and not refused.is_set():
            refused.set()
            return httpx.Response(429, headers={"Retry-After": "0.05"})
        return vercel(request)

    async with VercelClient(TOKEN, transport=httpx.MockTransport(handle)) as client:
        reports = await client.delivery_reports("", ("shop",), SINCE)
    assert isinstance(reports["shop"], DeliveryReport)


def test_no_token_is_a_missing_credential() -> None:
    with pytest.raises(MissingCredential, match="VERCEL_TOKEN"):
        VercelClient("")


SUMMARY: dict[str, Any] = {
    "page": {"id": "1", "name": "Vercel", "url": "https://www.vercel-status.com"},
    "status": {"indicator": "major", "description": "Partial System Outage"},
    "incidents": [{"name": "Elevated errors\n in fra1", "status": "investigating"}, {"id": "2"}, "nonsense"],
}


async def platform_status(body: object, status: int = 200) -> Any:
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    async with VercelStatusClient(transport=httpx.MockTransport(handle)) as client:
        found = await client.platform_status()
    assert str(asked[0].url) == "https://www.vercel-status.com/api/v2/summary.json"
    assert "authorization" not in asked[0].headers
    return found


async def test_the_platform_speaks_for_itself() -> None:
    found = await platform_status(SUMMARY)
    assert (found.indicator, found.description) == ("major", "Partial System Outage")
    assert found.incidents == ("Elevated errors in fra1", "an incident without a name")
    assert found.url == "https://www.vercel-status.com"


async def test_an_indicator_that_is_not_known_is_unknown() -> None:
    assert (await platform_status({"status": {"indicator": "apocalyptic"}})).indicator == "unknown"


@pytest.mark.parametrize("body", [{}, {"status": None}, []])
async def test_a_status_page_without_a_status_is_unavailable(body: object) -> None:
    with pytest.raises(VendorUnavailable):
        await platform_status(body)
