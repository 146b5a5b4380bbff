"""Every answer of the sandbox keeps to the vendors' official documents."""

from functools import cache

import httpx
import pytest

from tests.contract.documents import Document, needs_documents
from tests.contract.recording import Recorder
from tests.contract.vendors import VENDORS
from tests.sandbox.clock import Clock
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.builds import Build, release_name
from watchkeeper.sandbox.circleci_shapes import jobs_of, pipeline_id, runs_of
from watchkeeper.sandbox.vercel_shapes import deployment_id
from watchkeeper.sandbox.world import World

pytestmark = needs_documents

ORG = "/api/0/organizations/acme"
SPANS = "dataset=spans&field=project&field=release&field=count()&field=failure_count()&query=is_transaction:true"
TEAM = "teamId=team_sandboxacme"
SLUG = "gh%2Facme%2Fshop"
REPO = "/repos/acme/shop"
CALLS = [
    f"sentry GET {ORG}/projects/?per_page=2",
    f"sentry GET {ORG}/events/?{SPANS}&statsPeriod=15m",
    f"sentry GET {ORG}/sessions/?field=sum(session)&groupBy=project&groupBy=session.status&interval=1h&statsPeriod=2h",
    f"sentry GET {ORG}/sessions/?field=crash_free_rate(session)&groupBy=release&interval=1d&statsPeriod=7d",
    f"sentry GET {ORG}/issues/?query=&limit=100",
    f"sentry GET {ORG}/issues/?limit=1000",
    f"sentry GET {ORG}/releases/?per_page=50",
    f"sentry GET {ORG}/releases/{{version}}/",
    f"sentry GET {ORG}/releases/{{version}}/deploys/",
    "sentry GET /api/0/organizations/nobody/issues/",
    f"vercel GET /v10/projects?{TEAM}&limit=2",
    f"vercel GET /v9/projects/prj_shop?{TEAM}",
    f"vercel GET /v6/deployments?{TEAM}&limit=100",
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
    f"circleci GET /insights/{SLUG}/workflows?reporting-window=last-30-days",
    f"circleci GET /insights/{SLUG}/workflows/build-and-deploy?branch=main",
    "circleci GET /project/gh%2Facme%2Fnone",
    f"github GET {REPO}/compare/{{before_sha}}...{{sha}}",
    f"github GET {REPO}/compare/{{sha}}...{{before_sha}}",
    f"github GET {REPO}/commits?per_page=5",
    f"github GET {REPO}/pulls?state=all",
    f"github GET {REPO}/issues",
    "github GET /repos/acme/none/issues",
    "slack GET /auth.test",
    "slack GET /conversations.list?limit=2",
]


@cache
def document(vendor: str) -> Document:
    return Document(vendor, VENDORS[vendor].corrections)


def _names(build: Build, before: Build, now: float) -> dict[str, str]:
    run = runs_of(build, now)[0]
    return {
        "deployment": deployment_id(build),
        "before": deployment_id(before),
        "sha": build.sha,
        "before_sha": before.sha,
        "pipeline": pipeline_id(build),
        "workflow": run.id,
        "job": str(next(jobs_of(run)).number + 1),
    }


@pytest.mark.parametrize("scenario", ["calm", "bad-release"])
@pytest.mark.parametrize("call", CALLS)
async def test_an_answer_keeps_to_the_document(call: str, scenario: str) -> None:
    world = World(clock=Clock())
    world.play(scenario)
    shop = world.projects[0]
    build, before = list(world.releases(shop))[:2]
    vendor, method, path = call.split(" ", 2)
    path = path.format(**_names(build, before, world.now()), version=release_name(shop, build))
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
        ("slack", "POST", "/chat.postMessage", {"channel": "#releases", "text": "hi", "blocks": [{"type": "divider"}]}),
        ("slack", "POST", "/chat.postMessage", {"channel": "#nowhere", "text": "hi"}),
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
