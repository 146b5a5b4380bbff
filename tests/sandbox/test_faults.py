"""What can be made to go wrong when production is moved, as far as it shows from outside."""

from typing import Any

import httpx
import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.visitor import ORG, TEAM, Visitor
from watchkeeper.sandbox.switches import SWITCHES
from watchkeeper.sandbox.world import World

READER = {"Authorization": "Bearer sandbox-vercel-read-token"}
KEY = "new_checkout_percent"
ITEM = f"/vercel/v1/edge-config/ecfg_shop/item/{KEY}"
ITEMS = "/vercel/v1/edge-config/ecfg_shop/items"


async def switch(visitor: Visitor, name: str, **more: object) -> None:
    response = await visitor.http.post("/sandbox/fault", json={"name": name, "project": "shop", **more})
    assert response.status_code == 200, response.text


async def roll_back(visitor: Visitor, place: int = 1, **more: Any) -> httpx.Response:
    """Ask for the deployment that is `place` before the newest."""
    target = (await visitor.deployments())[place]["uid"]
    return await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{target}", **more)


async def serving(visitor: Visitor) -> str:
    found: str = (await visitor.production())["targets"]["production"]["id"]
    return found


async def set_item(
    visitor: Visitor, value: object, operation: str = "update", key: str = "new_checkout_percent"
) -> int:
    items = [{"operation": operation, "key": key, "value": value}]
    return (await visitor.ask("PATCH", ITEMS, json={"items": items})).status_code


@pytest.mark.parametrize("status", [402, 409, 410, 422, 429, 500])
async def test_a_refused_change_changes_nothing(status: int, visitor: Visitor, clock: Clock) -> None:
    before = await serving(visitor)
    await switch(visitor, f"change-{status}", times=1)
    answer = await roll_back(visitor)
    clock.advance(10)
    assert (answer.status_code, await serving(visitor)) == (status, before)
    assert answer.json()["error"]["message"]
    assert (await roll_back(visitor)).status_code == 201  # once was enough


async def test_an_error_may_come_after_the_work(visitor: Visitor, clock: Clock) -> None:
    before = await serving(visitor)
    await switch(visitor, "change-500-done")
    assert (await roll_back(visitor)).status_code == 500
    clock.advance(10)
    assert await serving(visitor) != before


async def test_an_answer_may_come_late(visitor: Visitor) -> None:
    await switch(visitor, "change-lost", value=0.2)
    assert (await roll_back(visitor)).status_code == 201


@pytest.mark.parametrize(("name", "job"), [("job-fails", "failed"), ("alias-stays", "succeeded")])
async def test_the_domains_may_stay(name: str, job: str, visitor: Visitor, clock: Clock) -> None:
    before = await serving(visitor)
    await switch(visitor, name)
    await roll_back(visitor)
    clock.advance(10)
    production = await visitor.production()
    assert (production["targets"]["production"]["id"], production["lastAliasRequest"]["jobStatus"]) == (before, job)
    assert production["autoAssignCustomDomains"] is True


async def test_the_domains_may_take_their_time(visitor: Visitor, clock: Clock) -> None:
    before = await serving(visitor)
    await switch(visitor, "slow-alias", value=30)
    await roll_back(visitor)
    clock.advance(29)
    assert await serving(visitor) == before
    clock.advance(2)
    assert await serving(visitor) != before


async def test_the_reason_of_a_rollback_is_kept_while_it_is_in_force(visitor: Visitor, clock: Clock) -> None:
    assert "rollbackDescription" not in await visitor.production()
    await roll_back(visitor, params={"description": "it was bad"})
    clock.advance(5)
    assert (await visitor.production())["rollbackDescription"]["description"] == "it was bad"


async def test_a_deleted_deployment_is_nowhere(visitor: Visitor) -> None:
    target = (await visitor.deployments())[1]["uid"]
    await switch(visitor, "deleted", subject=target)
    assert target not in {deployment["uid"] for deployment in await visitor.deployments()}
    assert (await visitor.ask("GET", f"/vercel/v13/deployments/{target}")).status_code == 404
    assert (await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{target}")).status_code == 404


async def test_the_free_plan_goes_back_by_one_only(visitor: Visitor) -> None:
    await switch(visitor, "hobby")
    assert (await visitor.production())["targets"]["production"]["plan"] == "hobby"
    assert (await roll_back(visitor, 2)).status_code == 402
    assert (await roll_back(visitor, 1)).status_code == 201


async def test_a_token_may_be_allowed_to_look_only(visitor: Visitor) -> None:
    path = "/vercel/v9/projects/prj_shop"
    writer = await visitor.production()
    reader = (await visitor.http.get(path, params=TEAM, headers=READER)).json()
    assert "create" in writer["permissions"]["deploymentRollback"]
    assert reader["permissions"]["deploymentRollback"] == ["read", "list"]
    target = (await visitor.deployments())[1]["uid"]
    for place in (f"v1/projects/prj_shop/rollback/{target}", f"v10/projects/prj_shop/promote/{target}"):
        answer = await visitor.http.post(f"/vercel/{place}", params=TEAM, headers=READER)
        assert answer.status_code == 403
    items = {"items": [{"operation": "update", "key": "new_checkout_percent", "value": 1}]}
    assert (await visitor.http.patch(ITEMS, params=TEAM, headers=READER, json=items)).status_code == 403


async def test_permissions_may_be_left_unsaid(visitor: Visitor) -> None:
    await switch(visitor, "permissions-unsaid")
    assert "permissions" not in await visitor.production()


async def test_what_a_rollback_brings_back_can_be_seen(visitor: Visitor, clock: Clock) -> None:
    serves, before = (await visitor.deployments())[:2]
    env = "/vercel/v10/projects/prj_shop/env"
    clock.advance(60)
    await switch(visitor, "env-changed")
    await switch(visitor, "cron-changed")
    changed = {raw["key"]: raw["updatedAt"] for raw in (await visitor.get(env))["envs"]}
    assert changed["PAYMENT_PROVIDER"] == round(clock() * 1000) > changed["DATABASE_URL"]
    crons = [(await visitor.get(f"/vercel/v13/deployments/{raw['uid']}"))["crons"] for raw in (serves, before)]
    assert [len(found) for found in crons] == [2, 1]
    assert len((await visitor.production())["crons"]["definitions"]) == 2


async def test_a_rolling_release_gives_the_bad_one_to_a_quarter(visitor: Visitor, clock: Clock) -> None:
    before = await serving(visitor)
    await visitor.play("rolling-release")
    assert await serving(visitor) == before
    rolling = (await visitor.get("/vercel/v1/projects/prj_shop/rolling-release"))["rollingRelease"]
    assert (rolling["state"], rolling["activeStage"]["targetPercentage"]) == ("ACTIVE", 25)
    assert rolling["currentDeployment"]["id"] == before
    clock.advance(900)
    releases = (await visitor.spans())["shop-web"]
    base, canary = sorted(releases.values(), reverse=True)
    assert 0.22 < canary[0] / (base[0] + canary[0]) < 0.28
    assert base[1] / base[0] < 0.02
    assert canary[1] / canary[0] > 0.10


async def test_a_rollback_to_its_base_ends_a_rolling_release(visitor: Visitor, clock: Clock) -> None:
    await visitor.play("rolling-release")
    base = await serving(visitor)
    assert (await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{base}")).status_code == 201
    clock.advance(5)
    rolling = (await visitor.get("/vercel/v1/projects/prj_shop/rolling-release"))["rollingRelease"]
    assert (rolling["state"], rolling["activeStage"]) == ("ABORTED", None)
    production = await visitor.production()
    assert (production["targets"]["production"]["id"], production["autoAssignCustomDomains"]) == (base, False)
    clock.advance(20 * 60)
    assert len((await visitor.spans())["shop-web"]) == 1


async def test_a_percentage_decides_how_many_meet_a_bad_feature(visitor: Visitor, clock: Clock) -> None:
    assert (await visitor.get(ITEM))["value"] == 0
    await visitor.play("bad-flag")
    assert (await visitor.get(ITEM))["value"] == 50
    clock.advance(900)
    assert 0.05 < await failing(visitor) < 0.08
    assert await set_item(visitor, 0) == 200
    clock.advance(1000)
    assert await failing(visitor) < 0.01


async def failing(visitor: Visitor) -> float:
    """Return the share of the shop's requests that failed in the last quarter of an hour."""
    counts = (await visitor.spans())["shop-web"].values()
    return sum(failures for _, failures in counts) / sum(total for total, _ in counts)


@pytest.mark.parametrize(
    ("operation", "key", "status"),
    [("update", "nothing", 409), ("create", "new_checkout_percent", 409), ("jump", "x", 400), ("upsert", "x", 200)],
)
async def test_an_item_is_changed_as_the_operation_says(
    operation: str, key: str, status: int, visitor: Visitor
) -> None:
    assert await set_item(visitor, 7, operation, key) == status


async def test_many_commits_can_lie_between_two_releases(visitor: Visitor) -> None:
    serves, before = (raw["meta"]["githubCommitSha"] for raw in (await visitor.deployments())[:2])
    path = f"/github/repos/acme/shop/compare/{before}...{serves}"
    small = await visitor.get(path)
    await switch(visitor, "many-commits", value=230)
    await switch(visitor, "migration")
    first, second, third = [await visitor.get(path, per_page=100, page=page) for page in (1, 2, 3)]
    assert first["total_commits"] == 230 > small["total_commits"]
    assert [len(page["commits"]) for page in (first, second, third)] == [100, 100, 30]
    assert len({raw["sha"] for page in (first, second, third) for raw in page["commits"]}) == 230
    assert any("/migrations/" in raw["filename"] for raw in first["files"])
    assert "files" not in second


async def test_a_pull_request_can_forbid_going_back(visitor: Visitor) -> None:
    await switch(visitor, "no-rollback-label")
    sha = (await visitor.deployments())[0]["meta"]["githubCommitSha"]
    pulls = await visitor.get("/github/repos/acme/shop/pulls", state="closed", per_page=100)
    marked = [raw["merge_commit_sha"] for raw in pulls if raw["labels"]]
    assert marked == [sha]


async def test_a_deploy_that_is_written_down_is_there(visitor: Visitor) -> None:
    version = (await visitor.deployments())[1]["meta"]["githubCommitSha"]
    path = f"{ORG}/releases/{version}/deploys/"
    before = len(await visitor.get(path))
    body = {"environment": "production", "name": "watchkeeper #1"}
    assert (await visitor.ask("POST", path, json=body)).status_code == 201
    after = await visitor.get(path)
    assert (after[0]["name"], len(after)) == ("watchkeeper #1", before + 1)
    assert (await visitor.ask("POST", path, json={"name": "no environment"})).status_code == 400


async def test_calm_ends_every_fault(visitor: Visitor, world: World) -> None:
    await visitor.play("rolling-release")
    await visitor.play("bad-flag")
    await switch(visitor, "hobby")
    await visitor.play("calm")
    assert (world.switches.all(), world.rollings, world.percentages) == ([], {}, {})


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b'{"name": "earthquake"}', 422),
        (b'{"name": "hobby", "project": "nowhere"}', 422),
        (b'{"name": "hobby", "times": "many"}', 400),
        (b"[]", 400),
        (b"{", 400),
    ],
)
async def test_a_switch_that_is_none_is_refused(body: bytes, status: int, visitor: Visitor) -> None:
    answer = await visitor.http.post("/sandbox/fault", content=body)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


async def test_switches_are_shown_and_go_off(visitor: Visitor) -> None:
    await switch(visitor, "hobby")
    shown = (await visitor.http.get("/sandbox/fault")).json()
    assert [found["name"] for found in shown["faults"]] == ["hobby"]
    assert set(shown["known"]) == set(SWITCHES)
    await switch(visitor, "none")
    assert (await visitor.http.get("/sandbox/fault")).json()["faults"] == []
    await switch(visitor, "hobby")
    assert (await visitor.http.request("DELETE", "/sandbox/fault")).json() == {"faults": []}
