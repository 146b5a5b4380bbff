"""Every answer of the sandbox keeps to the vendors' official documents."""

from functools import cache

import httpx
import pytest

from tests.contract.documents import Document, needs_documents
from tests.contract.recording import Recorder
from tests.contract.vendors import VENDORS
from tests.sandbox.clock import Clock
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.builds import release_name
from watchkeeper.sandbox.circleci_shapes import jobs_of, pipeline_id, runs_of
from watchkeeper.sandbox.issues import issues_of
from watchkeeper.sandbox.vercel_shapes import deployment_id
from watchkeeper.sandbox.world import World

pytestmark = needs_documents

ORG = "/api/0/organizations/acme"
SPANS = "dataset=spans&field=project&field=release&field=count()&field=failure_count()&query=is_transaction:true"
TEAM = "teamId=team_sandboxacme"
SLUG = "gh%2Facme%2Fshop"
REPO = "/repos/acme/shop"
ITEM = {"items": [{"operation": "update", "key": "new_checkout_percent", "value": 5}]}
CALLS = [
    f"sentry GET {ORG}/projects/?per_page=2",
    f"sentry GET {ORG}/events/?{SPANS}&statsPeriod=15m",
    f"sentry GET {ORG}/sessions/?field=sum(session)&groupBy=project&groupBy=session.status&interval=1h&statsPeriod=2h",
    f"sentry GET {ORG}/sessions/?field=crash_free_rate(session)&groupBy=release&interval=1d&statsPeriod=7d",
    f"sentry GET {ORG}/events/?dataset=errors&field=project&field=count()&field=count_unique(user)&statsPeriod=1h",
    f"sentry GET {ORG}/issues/?query=&limit=100",
    f"sentry GET {ORG}/issues/?query=is:resolved+firstSeen:%3E%3D2026-03-01T00:00:00",
    f"sentry GET {ORG}/issues/?query=is:ignored",
    f"sentry GET {ORG}/issues/?query=firstSeen:soon",
    f"sentry GET {ORG}/issues/{{issue}}/",
    f"sentry GET {ORG}/issues/?limit=1000",
    f"sentry GET {ORG}/releases/?per_page=50",
    f"sentry GET {ORG}/releases/{{version}}/",
    f"sentry GET {ORG}/releases/{{version}}/deploys/",
    "sentry GET /api/0/organizations/nobody/issues/",
    f"vercel GET /v10/projects?{TEAM}&limit=2",
    f"vercel GET /v9/projects/prj_shop?{TEAM}",
    f"vercel GET /v6/deployments?{TEAM}&limit=100",
    f"vercel GET /v6/deployments?{TEAM}&state=CANCELED",
    f"vercel GET /v13/deployments/{{canceled}}?{TEAM}",
    f"vercel GET /v9/projects/prj_api?{TEAM}",
    f"vercel GET /v6/deployments?{TEAM}&target=production&state=READY&rollbackCandidate=true&projectId=prj_shop",
    f"vercel GET /v13/deployments/{{deployment}}?{TEAM}",
    f"vercel GET /v2/deployments/{{deployment}}/aliases?{TEAM}",
    f"vercel GET /v4/aliases?{TEAM}",
    f"vercel GET /v10/projects/prj_shop/env?{TEAM}",
    f"vercel GET /v1/projects/prj_shop/rolling-release?{TEAM}",
    f"vercel GET /v1/projects/prj_shop/rolling-release/config?{TEAM}",
    f"vercel POST /v1/projects/prj_shop/rollback/{{before}}?{TEAM}&description=bad",
    f"vercel POST /v1/projects/prj_shop/rollback/{{deployment}}?{TEAM}",
    f"vercel POST /v10/projects/prj_shop/promote/{{before}}?{TEAM}",
    f"vercel GET /v1/projects/prj_shop/promote/aliases?{TEAM}",
    f"vercel GET /v13/deployments/dpl_nothing?{TEAM}",
    "vercel GET /v10/projects?limit=1",
    f"vercel GET /v1/edge-config/ecfg_shop?{TEAM}",
    f"vercel GET /v1/edge-config/ecfg_shop/items?{TEAM}",
    f"vercel GET /v1/edge-config/ecfg_shop/item/new_checkout_percent?{TEAM}",
    f"vercel GET /v1/edge-config/ecfg_none?{TEAM}",
    "circleci GET /me",
    "circleci GET /pipeline?org-slug=gh%2Facme",
    "circleci GET /pipeline/{pipeline}",
    "circleci GET /pipeline/{pipeline}/workflow",
    "circleci GET /workflow/{workflow}",
    "circleci GET /workflow/{workflow}/job",
    f"circleci GET /project/{SLUG}",
    f"circleci GET /project/{SLUG}/pipeline?branch=main",
    f"circleci GET /project/{SLUG}/job/{{job}}",
    f"circleci GET /insights/{SLUG}/flaky-tests",
    "circleci GET /insights/gh%2Facme%2Fportal/flaky-tests",
    f"circleci GET /insights/{SLUG}/workflows?reporting-window=last-30-days",
    f"circleci GET /insights/{SLUG}/workflows?reporting-window=last-7-days&all-branches=true",
    f"circleci GET /insights/{SLUG}/workflows/build-and-deploy?all-branches=true",
    f"circleci GET /insights/{SLUG}/workflows/build-and-deploy?all-branches=true&page-token=100",
    f"circleci GET /insights/{SLUG}/workflows/load-test?all-branches=true&start-date=2026-03-01T00:00:00Z",
    f"circleci GET /insights/{SLUG}/workflows/build-and-deploy?start-date=2026-03-01T00:00:00Z&page-token=x",
    "circleci GET /pipeline/{flaky}/workflow",
    "circleci GET /workflow/{flaky_workflow}/job",
    "circleci GET /workflow/{canceled_workflow}/job",
    f"circleci GET /insights/{SLUG}/workflows/build-and-deploy?branch=main",
    "circleci GET /project/gh%2Facme%2Fnone",
    f"github GET {REPO}/compare/{{before_sha}}...{{sha}}",
    f"github GET {REPO}/compare/{{sha}}...{{before_sha}}",
    f"github GET {REPO}/compare/{{before_sha}}...{{sha}}?per_page=100&page=2",
    f"github GET {REPO}/commits?per_page=5",
    f"github GET {REPO}/commits?sha=feat%2Fsearch&since=2026-02-01T00:00:00Z&until=2026-03-01T00:00:00Z",
    f"github GET {REPO}/git/ref/heads%2Fmain",
    f"github GET {REPO}/git/ref/heads%2Fnone",
    "github GET /repos/acme/empty/git/ref/heads%2Fmain",
    f"github GET {REPO}/contents/README.md",
    f"github GET {REPO}/contents/none",
    f"github GET {REPO}/pulls?state=all",
    f"github GET {REPO}/issues",
    "github GET /repos/acme/none/issues",
    "slack GET /auth.test",
    "slack GET /conversations.list?limit=2",
]


@cache
def document(vendor: str) -> Document:
    return Document(vendor, VENDORS[vendor].corrections)


def _names(world: World) -> dict[str, str]:
    """Return what stands for a placeholder in a call."""
    shop, portal, now = world.projects[0], world.projects[1], world.now()
    build, before = list(world.releases(shop))[:2]
    run = runs_of(build, now)[0]
    flaky = next(build for build in world.builds(portal) if build.flakes)
    canceled = next(build for build in world.builds(shop) if build.failing == "canceled")
    return {
        "version": release_name(shop, build),
        "issue": str(next(issues_of(world, shop)).id),
        "flaky": pipeline_id(flaky),
        "flaky_workflow": runs_of(flaky, now)[0].id,
        "canceled": deployment_id(canceled),
        "canceled_workflow": runs_of(canceled, now)[0].id,
        "deployment": deployment_id(build),
        "before": deployment_id(before),
        "sha": build.sha,
        "before_sha": before.sha,
        "pipeline": pipeline_id(build),
        "workflow": run.id,
        "job": str(next(jobs_of(run)).number + 1),
    }


@pytest.mark.parametrize("scenario", ["calm", "bad-release", "rolling-release"])
@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_keeps_to_the_document(call: str, scenario: str) -> None:
    world = World(clock=Clock())
    world.play(scenario)
    vendor, method, path = call.split(" ", 2)
    path = path.format(**_names(world))
    recorder = Recorder(create_app(world=world))
    transport = httpx.ASGITransport(recorder)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sandbox", headers=VENDORS[vendor].headers
    ) as http:
        response = await http.request(method, VENDORS[vendor].prefix + path)
    assert response.status_code < 500
    (exchange,) = recorder.of(VENDORS[vendor].prefix)
    assert document(vendor).problems(exchange) == []


@pytest.mark.parametrize(
    ("vendor", "method", "path", "body"),
    [
        ("github", "POST", f"{REPO}/issues", {"title": "Shop is down", "labels": ["incident"]}),
        ("github", "PATCH", f"{REPO}/issues/100000", {"state": "closed"}),
        ("github", "POST", f"{REPO}/issues/100000/comments", {"body": "It was this one"}),
        ("vercel", "PATCH", f"/v1/edge-config/ecfg_shop/items?{TEAM}", ITEM),
        ("slack", "POST", "/chat.postMessage", {"channel": "#releases", "text": "hi", "blocks": [{"type": "divider"}]}),
        ("github", "POST", f"{REPO}/git/blobs", {"content": "PGgxPg==", "encoding": "base64"}),
        ("github", "POST", f"{REPO}/git/trees", {"tree": [{"path": "a/b.html", "mode": "100644", "content": "<h1>"}]}),
        ("slack", "POST", "/chat.postMessage", {"channel": "#nowhere", "text": "hi"}),
        ("slack", "POST", "/chat.postMessage", {"channel": "#noscope", "text": "hi"}),
        ("slack", "POST", "/files.completeUploadExternal", {"files": [{"id": "F1"}], "channel_id": "C000REPORTS"}),
    ],
)
async def test_an_answer_to_a_write_keeps_to_the_document(
    vendor: str, method: str, path: str, body: dict[str, object]
) -> None:
    recorder = Recorder(create_app(world=World(clock=Clock())))
    transport = httpx.ASGITransport(recorder)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://sandbox", headers=VENDORS[vendor].headers
    ) as http:
        if "100000" in path:
            await http.post(f"{VENDORS[vendor].prefix}{REPO}/issues", json={"title": "Shop is down"})
        response = await http.request(method, VENDORS[vendor].prefix + path, json=body)
    assert response.status_code < 300
    assert document(vendor).problems(recorder.of(VENDORS[vendor].prefix)[-1]) == []


async def test_publishing_keeps_to_the_document() -> None:
    recorder = Recorder(create_app(world=World(clock=Clock())))
    prefix, pages = VENDORS["github"].prefix, "/repos/acme/reports"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(recorder),
        base_url=f"http://sandbox{prefix}{pages}",
        headers=VENDORS["github"].headers,
    ) as http:
        head = (await http.get("/git/ref/heads%2Fmain")).json()["object"]["sha"]
        entry = {"path": "2026/day.html", "mode": "100644", "type": "blob", "content": "<h1>"}
        tree = (await http.post("/git/trees", json={"tree": [entry], "base_tree": head})).json()["sha"]
        commit = {"message": "Publish", "tree": tree, "parents": [head]}
        made = (await http.post("/git/commits", json=commit)).json()["sha"]
        refused = (await http.post("/git/commits", json={**commit, "parents": ["0" * 40]})).status_code
        created = await http.post("/git/refs", json={"ref": "refs/heads/gh-pages", "sha": head})
        moved = await http.patch("/git/refs/heads%2Fgh-pages", json={"sha": made})
        again = await http.patch("/git/refs/heads%2Fgh-pages", json={"sha": head})
        file = await http.get("/contents/2026%2Fday.html?ref=gh-pages")
        folder = await http.get("/contents/2026?ref=gh-pages")
    assert [refused, created.status_code, moved.status_code, again.status_code] == [422, 201, 200, 422]
    assert [file.status_code, folder.status_code] == [200, 200]
    assert [problem for exchange in recorder.of(prefix) for problem in document("github").problems(exchange)] == []


@pytest.mark.parametrize("vendor", ["sentry", "vercel", "circleci"])
async def test_the_refusal_of_a_wrong_token_keeps_to_the_document(vendor: str) -> None:
    recorder = Recorder(create_app())
    paths = {
        "sentry": f"{ORG}/projects/",
        "vercel": f"/v10/projects?{TEAM}",
        "circleci": "/pipeline?org-slug=gh%2Facme",
    }
    headers = {name: value.replace("sandbox", "somebody") for name, value in VENDORS[vendor].headers.items()}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(recorder), base_url="http://sandbox", headers=headers
    ) as http:
        response = await http.get(VENDORS[vendor].prefix + paths[vendor])
    assert response.status_code in {401, 403}
    assert document(vendor).problems(recorder.of(VENDORS[vendor].prefix)[0]) == []
