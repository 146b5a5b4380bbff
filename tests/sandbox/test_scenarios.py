"""What each scenario does that can be seen from outside."""

import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.visitor import ORG, Visitor
from watchkeeper.sandbox.world import World


async def test_in_calm_nothing_is_wrong(visitor: Visitor) -> None:
    for releases in (await visitor.spans("24h")).values():
        total = sum(count for count, _ in releases.values())
        assert 0.002 < sum(failures for _, failures in releases.values()) / total < 0.009
    assert (await visitor.get("/vercel-status/api/v2/summary.json"))["status"]["indicator"] == "none"
    assert (await visitor.production())["autoAssignCustomDomains"] is True
    assert all(issue["level"] != "fatal" for issue in await visitor.issues())
    recent = await visitor.issues(query="is:unresolved age:-2h")
    regressed = await visitor.issues(query="is:unresolved is:regressed lastSeen:-24h")
    assert (recent, regressed) == ([], [])


async def test_a_bad_release_breaks_one_product_and_no_other(visitor: Visitor) -> None:
    before = (await visitor.production())["targets"]["production"]["id"]
    await visitor.play("bad-release")
    production = (await visitor.production())["targets"]["production"]
    sha = production["meta"]["githubCommitSha"]
    assert production["id"] != before
    spans = await visitor.spans()
    total, failures = spans["shop-web"][sha]
    assert 0.28 < failures / total < 0.32
    assert len(spans["shop-web"]) >= 2  # the one before still has visitors
    assert all(failures / total < 0.02 for total, failures in spans["api-web"].values())
    assert (await visitor.get("/products/shop/health"))["release"] == sha


async def test_a_bad_release_brings_a_new_fatal_issue_and_an_old_one_back(visitor: Visitor, world: World) -> None:
    await visitor.play("bad-release")
    (fatal,) = await visitor.issues(query="is:unresolved level:fatal", sort="new")
    assert fatal["project"]["slug"] == "shop-web"
    assert fatal["substatus"] == "new"
    assert "<!channel>" in fatal["title"]
    assert isinstance(fatal["count"], str)
    (regressed,) = await visitor.issues(query="is:unresolved is:regressed lastSeen:-24h")
    assert regressed["project"]["slug"] == "shop-web"


async def test_a_bad_release_has_its_pipeline_release_and_commit(visitor: Visitor) -> None:
    await visitor.play("bad-release", project="portal")
    sha = (await visitor.deployments("portal"))[0]["meta"]["githubCommitSha"]
    pipelines = await visitor.get("/circleci/api/v2/pipeline", **{"org-slug": "gh/acme"})
    pipeline = next(item for item in pipelines["items"] if item["project_slug"] == "gh/acme/portal")
    assert (pipeline["vcs"]["revision"], pipeline["vcs"]["branch"]) == (sha, "main")
    (workflow,) = (await visitor.get(f"/circleci/api/v2/pipeline/{pipeline['id']}/workflow"))["items"]
    assert workflow["status"] == "success"
    release = (await visitor.get(f"{ORG}/releases/", per_page=1, project="portal-web"))[0]
    assert release["version"].endswith(f"+{sha[:12]}")
    assert release["newGroups"] == 1
    assert (await visitor.get("/github/repos/acme/portal/commits", per_page=1))[0]["sha"] == sha


async def test_a_rollback_cures_and_leaves_custody_until_a_promotion(visitor: Visitor, clock: Clock) -> None:
    await visitor.play("bad-release")
    bad, good = (await visitor.deployments())[:2]
    assert (bad["isRollbackCandidate"], good["isRollbackCandidate"]) == (False, True)
    answer = await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{good['uid']}")
    assert (answer.status_code, answer.content) == (201, b"")
    assert [await _job(visitor, clock, seconds) for seconds in (0, 1, 1.5)] == ["pending", "in-progress", "succeeded"]

    production = await visitor.production()
    assert production["targets"]["production"]["id"] == good["uid"]
    assert production["autoAssignCustomDomains"] is False
    assert (await visitor.get("/products/shop/health"))["release"] == good["meta"]["githubCommitSha"]
    clock.advance(20 * 60)
    ((release, (total, failures)),) = (await visitor.spans())["shop-web"].items()
    assert release == good["meta"]["githubCommitSha"]
    assert failures / total < 0.01

    assert (await visitor.ask("POST", f"/vercel/v10/projects/prj_shop/promote/{good['uid']}")).status_code == 201
    clock.advance(5)
    production = await visitor.production()
    assert production["autoAssignCustomDomains"] is True
    assert production["lastAliasRequest"]["type"] == "promote"


async def test_a_repair_waits_in_custody_until_it_is_promoted(visitor: Visitor, clock: Clock) -> None:
    await visitor.play("bad-release")
    good = (await visitor.deployments())[1]
    await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{good['uid']}")
    clock.advance(5)
    await visitor.play("repair")
    clock.advance(5)
    newest = (await visitor.deployments())[0]
    assert (newest["state"], newest["readySubstate"]) == ("READY", "STAGED")
    assert (await visitor.production())["targets"]["production"]["id"] == good["uid"]
    await visitor.ask("POST", f"/vercel/v10/projects/prj_shop/promote/{newest['uid']}")
    clock.advance(20 * 60)
    assert (await visitor.production())["targets"]["production"]["id"] == newest["uid"]
    counted = (await visitor.spans())["shop-web"]
    assert sum(failures for _, failures in counted.values()) / sum(total for total, _ in counted.values()) < 0.01


async def test_without_a_rollback_a_repair_goes_live(visitor: Visitor, clock: Clock) -> None:
    await visitor.play("bad-release")
    await visitor.play("repair")
    clock.advance(5)
    newest = (await visitor.deployments())[0]
    assert (await visitor.production())["targets"]["production"]["id"] == newest["uid"]


async def _job(visitor: Visitor, clock: Clock, seconds: float) -> str:
    clock.advance(seconds)
    status: str = (await visitor.production())["lastAliasRequest"]["jobStatus"]
    return status


async def test_in_custody_later_pushes_build_but_do_not_go_live(visitor: Visitor, clock: Clock, world: World) -> None:
    good = (await visitor.deployments())[1]
    await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{good['uid']}")
    clock.advance(3 * 86_400)
    newest = (await visitor.deployments())[0]
    assert (newest["state"], newest["readySubstate"]) == ("READY", "STAGED")
    assert (await visitor.production())["targets"]["production"]["id"] == good["uid"]
    await visitor.ask("POST", f"/vercel/v10/projects/prj_shop/promote/{newest['uid']}")
    clock.advance(3 * 86_400)
    after = (await visitor.production())["targets"]["production"]["id"]
    assert after == (await visitor.deployments())[0]["uid"]


@pytest.mark.parametrize(("target", "status"), [("serving", 422), ("preview", 422), ("dpl_nothing", 404)], ids=str)
async def test_a_rollback_to_the_wrong_place_is_refused(target: str, status: int, visitor: Visitor) -> None:
    every = (await visitor.get("/vercel/v6/deployments", projectId="prj_shop", limit=60))["deployments"]
    ids = {
        "serving": (await visitor.production())["targets"]["production"]["id"],
        "preview": next(deployment["uid"] for deployment in every if deployment["target"] is None),
    }
    answer = await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{ids.get(target, target)}")
    assert answer.status_code == status
    assert answer.json()["error"]["code"]


async def test_two_rollbacks_at_once_are_one_too_many(visitor: Visitor) -> None:
    first, second = (await visitor.deployments())[1:3]
    statuses = [
        (await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{deployment['uid']}")).status_code
        for deployment in (first, second)
    ]
    assert statuses == [201, 409]


async def test_calm_restores_production_and_ends_custody(visitor: Visitor, clock: Clock) -> None:
    before = (await visitor.production())["targets"]["production"]["id"]
    await visitor.play("bad-release")
    good = (await visitor.deployments())[1]["uid"]
    await visitor.ask("POST", f"/vercel/v1/projects/prj_shop/rollback/{good}")
    clock.advance(60)
    await visitor.play("calm")
    production = await visitor.production()
    assert production["targets"]["production"]["id"] == before
    assert production["autoAssignCustomDomains"] is True
    assert production["lastAliasRequest"]["type"] == "promote"  # of the story, long ago
    assert (await visitor.get("/sandbox/state"))["scenarios"][0]["name"] == "calm"


async def test_several_scenarios_are_on_at_once(visitor: Visitor) -> None:
    await visitor.play("bad-release")
    await visitor.play("vendor-down", "circleci")
    await visitor.play("vendor-down", "github")
    names = [(s["name"], s["vendor"]) for s in (await visitor.get("/sandbox/state"))["scenarios"]]
    assert names == [("bad-release", ""), ("vendor-down", "circleci"), ("vendor-down", "github")]


async def test_a_slow_burn_rises(visitor: Visitor, clock: Clock) -> None:
    await visitor.play("slow-burn", project="api")
    rates = []
    for _ in range(3):
        counts = (await visitor.spans())["api-web"].values()
        rates.append(sum(failures for _, failures in counts) / sum(total for total, _ in counts))
        clock.advance(3600)
    assert 0.025 < rates[0] < 0.04
    assert rates == sorted(rates)
    assert rates[-1] > 0.05


async def test_low_traffic_is_too_little_to_judge(visitor: Visitor) -> None:
    await visitor.play("low-traffic")
    for releases in (await visitor.spans()).values():
        assert 1 <= sum(total for total, _ in releases.values()) <= 6


async def test_a_platform_incident_is_on_the_status_page_and_in_the_products(visitor: Visitor) -> None:
    await visitor.play("platform-incident")
    summary = await visitor.get("/vercel-status/api/v2/summary.json")
    assert summary["status"]["indicator"] == "major"
    assert len(summary["incidents"]) == 1
    assert (await visitor.http.get("/products/api/health")).status_code == 504


async def test_readings_of_the_running_hour_never_shrink(visitor: Visitor, clock: Clock) -> None:
    last: dict[tuple[object, ...], int] = {}
    for _ in range(40):
        clock.advance(60)
        page = await visitor.get(
            f"{ORG}/sessions/",
            field="sum(session)",
            groupBy=["project", "release", "session.status"],
            interval="1h",
            statsPeriod="1h",
        )
        for group in page["groups"]:
            key = tuple(group["by"].values())
            assert group["series"]["sum(session)"][-1] >= last.get(key, 0)
            last[key] = group["series"]["sum(session)"][-1]
