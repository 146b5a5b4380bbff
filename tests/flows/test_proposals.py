"""Ways back that are proposed by the watch itself: once for each bad release, and never where they may not be."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

import httpx
import pytest
from prefect.client.orchestration import get_client
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter
from sqlalchemy import create_engine, text

from flows.emergency_rollback import emergency_rollback
from tests.flows.company import Company
from tests.flows.test_telling import events
from tests.flows.watch import Watch, document, minutes, now, project
from tests.waiting import until

pytestmark = pytest.mark.slow

TEAM = {"teamId": "team_sandboxacme"}
PROPOSED = "watchkeeper.rollback.proposed"
NOTICES = "SELECT project, kind, name, channel, sent_at, emitted_at FROM notices ORDER BY id"


def configure(watch: Watch, company: Company, auto: str, **more: Any) -> None:
    watch.configure(document(company, [project("shop", company, rollback={"auto": auto}, **more)]))


def kinds(watch: Watch) -> list[str]:
    return [row.kind for row in watch.rows(NOTICES)]


def alerts(company: Company) -> list[str]:
    return [post.text for post in company.posts() if "going back is proposed" in post.text]


@pytest.fixture
async def bad(watch: Watch, company: Company) -> Watch:
    """A bad release of the shop, after a calm hour and a half."""
    configure(watch, company, "propose")
    await watch.look_back()
    company.play("bad-release", project="shop")
    return watch


async def test_a_bad_release_is_proposed_to_be_left_and_everybody_is_told_once(bad: Watch, company: Company) -> None:
    since, release = datetime.now(UTC), company.production("shop")
    await bad.check()
    (row,) = bad.rows(NOTICES)
    assert (row.project, row.kind, row.channel) == ("shop", "proposal", "#releases")
    assert row.sent_at
    assert row.emitted_at
    (alert,) = alerts(company)
    assert f"release {release[:7]} fails" in alert
    assert "Nothing has been done, and nothing waits" in alert
    assert "watchkeeper rollback start shop --no-dry-run" in alert
    (event,) = await events(since, PROPOSED)
    assert event.resource["prefect.resource.id"] == "watchkeeper.project.shop"
    assert event.payload.items() >= {"project": "shop", "requested_by": "watchkeeper", "release": release}.items()

    await bad.check()
    assert len(bad.rows(NOTICES)) == 1, "what is proposed once is not proposed again"
    assert alerts(company) == [alert]
    assert [each.id for each in await events(since, PROPOSED)] == [event.id]


async def test_the_same_proposal_is_the_same_event_whoever_tells_it(bad: Watch) -> None:
    """A process that dies between the note and the event leaves the event to the next one."""
    since = datetime.now(UTC)
    await bad.check()
    first = await events(since, PROPOSED)
    change(bad, "UPDATE notices SET emitted_at = NULL")
    await bad.check()
    assert {each.id for each in await events(since, PROPOSED)} == {each.id for each in first}
    assert {type(each.id) for each in first} == {UUID}


async def test_what_slack_does_not_take_is_told_by_a_later_check(bad: Watch, company: Company) -> None:
    company.play("vendor-down", "slack")
    await bad.check()
    (row,) = bad.rows(NOTICES)
    assert not row.sent_at
    company.restart()
    change(bad, "UPDATE notices SET not_before = NULL, claimed_until = NULL")
    await bad.check()
    assert len(alerts(company)) == 1


@pytest.mark.parametrize("auto", ["approve_then_run", "automatic"])
async def test_where_a_run_starts_by_itself_the_run_tells_people(bad: Watch, company: Company, auto: str) -> None:
    configure(bad, company, auto)
    since = datetime.now(UTC)
    await bad.check()
    assert kinds(bad) == ["proposal"]
    assert len(await events(since, PROPOSED)) == 1
    assert alerts(company) == []


async def test_switched_off_it_is_only_written_down_what_would_have_been_proposed(bad: Watch, company: Company) -> None:
    configure(bad, company, "off")
    since = datetime.now(UTC)
    await bad.check()
    await bad.check()
    assert kinds(bad) == ["shadow"]
    assert alerts(company) == []
    assert await events(since, "watchkeeper.watch.done", 2)
    assert await events_now(since) == []


async def test_maintenance_proposes_nothing(bad: Watch, company: Company) -> None:
    span = {"start": (now() - minutes(5)).isoformat(), "end": (now() + minutes(5)).isoformat()}
    configure(bad, company, "propose", maintenance=[span])
    await bad.check()
    assert kinds(bad) == []


async def test_an_incident_of_the_platform_proposes_nothing(watch: Watch, company: Company) -> None:
    configure(watch, company, "propose")
    await watch.look_back()
    company.play("platform-incident")
    await watch.check()
    assert kinds(watch) == []


async def test_a_plan_that_is_blocked_is_not_proposed(bad: Watch, company: Company) -> None:
    """What serves now came with a database migration: a proposal would only wake somebody in vain."""
    configure(bad, company, "propose", github={"repository": "acme/shop"})
    company.fault("migration", "shop")
    await bad.check()
    assert kinds(bad) == []


async def test_a_narrow_check_or_one_of_the_past_proposes_nothing(bad: Watch) -> None:
    await bad.check(at=now())
    await bad.check(check_type="error_rates")
    assert kinds(bad) == []


async def test_the_form_is_filled_in(bad: Watch, company: Company) -> None:
    """Only where the deployment is there: the link of the alert is the form of the UI, which decodes it twice."""
    async with get_client() as client:
        flow = await client.create_flow(emergency_rollback)
        deployment = await client.create_deployment(flow, "manual")
    await bad.check()
    page = company.page("releases")
    (address,) = {unescape(found) for found in re.findall(r'href="([^"]+/deployments/deployment/[^"]+)"', page)}
    parts = urlsplit(address)
    assert parts.path == f"/deployments/deployment/{deployment}/run"
    parameters = json.loads(unquote(parse_qs(parts.query)["parameters"][0]))
    assert parameters.keys() == {"project", "reason", "dry_run"}
    assert (parameters["project"], parameters["dry_run"]) == ("shop", False)
    assert "fails" in parameters["reason"]
    async with get_client() as client:
        await client.delete_deployment(deployment)


async def test_on_its_first_day_the_rollback_itself_tells_of_custody(watch: Watch, company: Company) -> None:
    await roll_back_by_hand(company)
    checks = tuple((await watch.check(projects=["shop"])).values())
    assert checks[0].in_custody
    assert kinds(watch) == []


async def roll_back_by_hand(company: Company) -> None:
    """Go back in Vercel itself, and wait until the domains have moved."""
    address = f"{company.url}/vercel"
    async with httpx.AsyncClient(headers={"Authorization": "Bearer sandbox-vercel-token"}) as client:
        wanted = {"projectId": "prj_shop", "target": "production", **TEAM}
        before = company.production("shop")
        found = (await client.get(f"{address}/v6/deployments", params=wanted)).json()["deployments"]
        earlier = next(each["uid"] for each in found if each["isRollbackCandidate"])  # the second may have failed
        moved = await client.post(f"{address}/v1/projects/prj_shop/rollback/{earlier}", params=TEAM)
        assert moved.status_code == 201, moved.text
    await until(lambda: company.production("shop") != before, pause=0.1)


def change(watch: Watch, statement: str, **values: Any) -> None:
    engine = create_engine(watch.url.replace("postgresql://", "postgresql+psycopg://").split("?timeout")[0])
    with engine.begin() as connection:
        connection.execute(text(statement), values)
    engine.dispose()


async def events_now(since: datetime) -> list[Any]:
    wanted = EventFilter(occurred=EventOccurredFilter(since=since), event=EventNameFilter(name=[PROPOSED]))
    async with get_client() as client:
        return list((await client.read_events(filter=wanted, limit=50)).events)
