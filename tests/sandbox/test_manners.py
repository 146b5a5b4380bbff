"""Who may ask, how often, and what goes wrong on demand."""

import httpx
import orjson
import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.visitor import HEADERS, ORG, Visitor
from watchkeeper.sandbox.manners import GARBAGE_BYTES
from watchkeeper.sandbox.world import World

PATHS = {
    "sentry": f"{ORG}/projects/",
    "vercel": "/vercel/v10/projects",
    "circleci": "/circleci/api/v2/pipeline?org-slug=gh/acme",
    "github": "/github/repos/acme/shop/commits",
}
LIMITS = {
    "sentry": "X-Sentry-Rate-Limit-Remaining",
    "vercel": "X-RateLimit-Remaining",
    "circleci": "RateLimit-Remaining",
    "github": "X-RateLimit-Remaining",
}


@pytest.mark.parametrize("vendor", PATHS)
async def test_nobody_is_answered_without_the_right_token(vendor: str, visitor: Visitor) -> None:
    for headers in ({}, dict.fromkeys(HEADERS[vendor], "Bearer somebody-else")):
        response = await visitor.http.get(PATHS[vendor], headers=headers)
        assert response.status_code == (403 if vendor == "vercel" else 401)
        assert response.json()


async def test_circleci_takes_its_token_both_ways(visitor: Visitor) -> None:
    response = await visitor.http.get("/circleci/api/v2/me", headers={"Authorization": "Bearer sandbox-circleci-token"})
    assert response.status_code == 200


async def test_slack_says_no_with_status_200(visitor: Visitor) -> None:
    response = await visitor.http.post("/slack/api/chat.postMessage", json={"channel": "#releases", "text": "hi"})
    assert (response.status_code, response.json()["error"]) == (200, "not_authed")


async def test_vercel_wants_the_team_on_every_call(visitor: Visitor) -> None:
    response = await visitor.http.get("/vercel/v10/projects", headers=HEADERS["vercel"])
    assert response.status_code == 403


@pytest.mark.parametrize("vendor", PATHS)
async def test_answers_say_how_many_requests_are_left(vendor: str, visitor: Visitor) -> None:
    first, second = [int((await visitor.ask("GET", PATHS[vendor])).headers[LIMITS[vendor]]) for _ in range(2)]
    assert first == second + 1


@pytest.mark.parametrize("vendor", [*PATHS, "products"])
async def test_a_vendor_that_is_down_does_not_touch_the_others(vendor: str, visitor: Visitor) -> None:
    await visitor.play("vendor-down", vendor)
    paths = {**PATHS, "products": "/products/shop/health"}
    statuses = {name: (await visitor.ask("GET", path)).status_code for name, path in paths.items()}
    assert statuses == {name: 503 if name == vendor else 200 for name in paths}
    await visitor.play("calm")
    assert (await visitor.ask("GET", paths[vendor])).status_code == 200


@pytest.mark.parametrize("vendor", PATHS)
async def test_a_rate_limited_vendor_says_when_to_come_back(vendor: str, visitor: Visitor) -> None:
    await visitor.play("rate-limited", vendor)
    response = await visitor.ask("GET", PATHS[vendor])
    assert response.status_code == 429
    assert response.headers["Retry-After"] == "300"
    assert response.headers[LIMITS[vendor]] == "0"


async def test_garbage_comes_in_five_kinds(visitor: Visitor) -> None:
    await visitor.play("garbage", "sentry")
    bodies = []
    for _ in range(5):
        async with visitor.http.stream("GET", PATHS["sentry"], headers=HEADERS["sentry"]) as response:
            assert response.status_code == 200
            bodies.append(await anext(response.aiter_bytes()))
    html, cut, types, flood, keys = bodies
    assert html.startswith(b"<!doctype html>")
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(cut)
    assert orjson.loads(types)["groups"] == 3
    assert len(flood) >= 65_536
    assert GARBAGE_BYTES == 200_000_000
    assert orjson.loads(keys) == {"detail": None}


async def test_a_slow_vendor_answers_at_once_when_the_scenario_ends(visitor: Visitor, world: World) -> None:
    await visitor.play("vendor-slow", "github")
    with pytest.raises(TimeoutError):
        await _within(0.6, visitor, PATHS["github"])
    world.play("calm")
    assert (await _within(5, visitor, PATHS["github"])).status_code == 200


async def _within(seconds: float, visitor: Visitor, path: str) -> httpx.Response:
    import asyncio  # noqa: PLC0415

    async with asyncio.timeout(seconds):
        return await visitor.ask("GET", path)


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"name": "rain"}, 422, "no scenario 'rain'"),
        ({"name": "vendor-down", "vendor": "aws"}, 422, "one of sentry"),
        ({"name": "bad-release", "project": "nothing"}, 422, "no project 'nothing'"),
        (["calm"], 400, "an object"),
    ],
)
async def test_a_scenario_that_does_not_exist_is_refused(
    body: object, status: int, says: str, visitor: Visitor, clock: Clock
) -> None:
    response = await visitor.http.post("/sandbox/scenario", json=body)
    assert response.status_code == status
    assert says in response.json()["error"]


async def test_the_front_page_has_a_button_for_each_scenario(visitor: Visitor) -> None:
    page = (await visitor.http.get("/")).text
    assert all(f'value="{name}"' in page for name in ("calm", "bad-release", "garbage", "certificate-expiring"))
    answer = await visitor.http.post(
        "/sandbox/scenario", data={"name": "bad-release", "project": "api"}, headers={"accept": "text/html"}
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "..")
    assert (await visitor.http.get("/sandbox/state")).json()["scenarios"][0]["project"] == "api"
