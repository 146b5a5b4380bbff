"""Alerts on a real server: told once whoever looks, answered by people in every place, and Prefect's own troubles."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from prefect import flow
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed, Late, Running

from flows.alert_actions import AlertAction, alerts
from tasks.alert_actions import CannotDoError
from tasks.store import database
from tests.flows.company import Company
from tests.flows.watch import Watch, document
from tests.tasks.test_incident_reports import OVER
from watchkeeper.domain.incidents import IncidentChange
from watchkeeper.store.database import transaction
from watchkeeper.store.incidents import save_incidents

pytestmark = pytest.mark.slow

AT_ONCE = {"timing": {"group_wait_seconds": 0}}
OTHERS = [
    {"name": "pager", "kind": "pagerduty", "credentials": "sandbox"},
    {"name": "tickets", "kind": "jira", "credentials": "sandbox", "project": "OPS"},
]
ROUTES = [{"match": ["severity=critical"], "channels": ["pager", "tickets"]}]


@flow
def sweeping() -> None: ...


@pytest.fixture
async def bad(watch: Watch, company: Company) -> Watch:
    """A bad release of the shop that a check has found."""
    watch.configure(document(company, alerts={**AT_ONCE, "channels": OTHERS, "routes": ROUTES}))
    company.play("bad-release", project="shop")
    await watch.check(projects=["shop"])
    return watch


def release_group(watch: Watch) -> Any:
    """Return the group of what is laid on the release."""
    (row,) = watch.rows("SELECT * FROM alert_groups WHERE cause LIKE 'release:%'")
    return row


async def do(action: AlertAction, **more: Any) -> str:
    state: State[Any] = await alerts(action=action, who="Grace", return_state=True, **more)
    assert state.is_completed(), state
    return str(state.message)


async def test_two_passes_at_once_tell_nothing_twice(bad: Watch, company: Company) -> None:
    await asyncio.gather(*(bad.alert() for _ in range(3)))
    told = bad.rows("SELECT channel, count(*) FROM alert_messages GROUP BY channel ORDER BY channel")
    ledger = bad.rows("SELECT channel, count(*) FROM alert_notifications GROUP BY channel ORDER BY channel")
    assert told == ledger
    assert dict(map(tuple, told))["slack"] == len(company.posts())
    assert bad.rows("SELECT DISTINCT attempts FROM alert_messages") == [(1,)]


async def test_people_answer_by_the_form_and_others_hear_of_it(bad: Watch, company: Company) -> None:
    await bad.alert()
    group = release_group(bad).id
    assert "Grace has taken on" in await do(AlertAction.ACKNOWLEDGE, group=group)
    assert any("Grace is on it" in post.text for post in company.posts())
    with pytest.raises(CannotDoError, match="Grace has taken it on already"):
        await alerts(action=AlertAction.ACKNOWLEDGE, who="Ada", group=group)
    with pytest.raises(LookupError, match="no group 99"):
        await alerts(action=AlertAction.RESOLVE, who="Ada", group=99)
    assert await do(AlertAction.ASSIGN, group=group, person="Ada") == f"Group {group} is assigned to Ada."
    assert release_group(bad).assigned_to == "Ada"
    assert "Grace has resolved" in await do(AlertAction.RESOLVE, group=group, comment="rolled back")
    left = "SELECT 1 FROM alerts WHERE cause LIKE 'release:%' AND status = 'firing'"
    assert bad.rows(left) == []
    await bad.alert()
    assert bad.rows(left) == [], "what somebody has ended is not begun again at once"
    audit = "SELECT actor, action, outcome FROM audit WHERE action LIKE 'alerts.%' ORDER BY id"
    assert [tuple(row) for row in bad.rows(audit)] == [
        ("Grace", f"alerts.{action}", "done") for action in ("acknowledge", "assign", "resolve")
    ]


async def test_what_is_silenced_is_not_told_until_the_silence_ends(bad: Watch, company: Company) -> None:
    assert "Silence 1 holds until" in await do(AlertAction.SILENCE, matchers=["project=shop"], comment="we know")
    await bad.alert()
    assert company.posts() == []
    with pytest.raises(CannotDoError, match="nobody would hear of anything"):
        await alerts(action=AlertAction.SILENCE, who="Grace", matchers=[])
    assert await do(AlertAction.UNSILENCE, silence_number=1) == "Silence 1 has ended."
    await bad.alert()
    assert company.posts()


async def test_what_people_answer_in_pagerduty_and_jira_counts_here(bad: Watch, company: Company) -> None:
    await bad.alert()
    await press(company, "pagerduty", "acknowledge")
    await bad.alert()
    taken = bad.rows("SELECT acknowledged_by FROM alert_groups WHERE acknowledged_by <> ''")
    assert taken
    assert all(name.endswith(" in pager") for (name,) in taken)
    await press(company, "jira", "Done")
    await bad.alert()
    ended = bad.rows("SELECT resolved_by FROM alerts WHERE resolved_by <> ''")
    assert ended
    assert all(name.endswith(" in tickets") for (name,) in ended)


async def test_an_incident_that_is_over_has_its_report_drafted_once(watch: Watch, company: Company) -> None:
    folder = watch.file.parent / "kept"
    reports = {"storage": str(folder), "link": "https://reports.example"}
    watch.configure(document(company, alerts=AT_ONCE, reports=reports))
    with transaction(database()) as session:
        (saved,) = save_incidents(session, [IncidentChange(OVER, ())])
    for _ in range(2):
        await watch.alert()
    assert sorted(file.name for file in (folder / "incidents").iterdir()) == [
        f"{saved.number}.html",
        f"{saved.number}.md",
    ]
    address = f"https://reports.example/incidents/{saved.number}.html"
    assert watch.rows("SELECT text FROM incident_entries") == [(f"its report is drafted: {address}",)]
    artifact = await Artifact.aget(f"incident-{saved.number}")
    assert artifact is not None
    assert address in str(artifact.data)


async def press(company: Company, desk: str, button: str) -> None:
    """Press the button of this name at every entry of a desk."""
    async with httpx.AsyncClient(base_url=company.url) as http:
        page = (await http.get(f"/sandbox/{desk}")).text
        for address in re.findall(rf'"(?:/sandbox/)?({desk}/[^"/]+/{button})"', page):
            assert (await http.post(f"/sandbox/{address}")).status_code == 303


async def test_a_run_that_fails_or_is_late_is_told_until_one_is_all_right(watch: Watch, company: Company) -> None:
    watch.configure(document(company, alerts=AT_ONCE))
    due = datetime.now(UTC) - timedelta(minutes=10)
    async with get_client() as client:
        for name in ("nightly", "hourly"):
            await client.create_deployment(
                await client.create_flow(sweeping), name, work_pool_name="watchkeeper", enforce_parameter_schema=False
            )
        nightly = (await client.read_deployment_by_name("sweeping/nightly")).id
        hourly = (await client.read_deployment_by_name("sweeping/hourly")).id
        failed = await client.create_flow_run_from_deployment(nightly, state=Running())
        await client.set_flow_run_state(failed.id, Failed(message="make-believe-secret"), force=True)
        late = await client.create_flow_run_from_deployment(hourly, state=Late(scheduled_time=due))
        await watch.alert()
        events = "SELECT subject, sentence, ended_at FROM alert_events ORDER BY subject"
        assert [(row.subject, row.ended_at) for row in watch.rows(events)] == [
            ("sweeping/hourly", None),
            ("sweeping/nightly", None),
        ]
        assert "is a worker running?" in watch.rows(events)[0].sentence
        assert "make-believe-secret" not in str(watch.rows(events))
        firing = "SELECT labels FROM alerts WHERE rule = 'run-in-trouble' ORDER BY id"
        assert "nightly" in str(watch.rows(firing))
        for run in (late.id, (await client.create_flow_run_from_deployment(nightly, state=Running())).id):
            await client.set_flow_run_state(run, Running(), force=True)
            await client.set_flow_run_state(run, Completed(), force=True)
        await watch.alert()
        assert all(row.ended_at for row in watch.rows(events))
        for deployment in (nightly, hourly):
            await client.delete_deployment(deployment)
