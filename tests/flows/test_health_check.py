"""The health check as a whole: from what the vendors say to the rows and the message."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.flow_engine import run_flow_async
from prefect.states import Scheduled

from flows.health_check import health_check
from tests.flows.company import Company
from tests.flows.watch import Watch, document, minutes, now, project, verdicts
from watchkeeper.domain.health import CheckType, Fault
from watchkeeper.domain.verdicts import Component, Gap, Verdict
from watchkeeper.domain.windows import Window

pytestmark = pytest.mark.slow

HEALTHY = {"shop": Verdict.HEALTHY, "api": Verdict.HEALTHY}
BROKEN = {"shop": Verdict.CRITICAL, "api": Verdict.HEALTHY}
WRITTEN = {
    "configurations", "projects", "flow_runs", "observations", "health_checks", "components",
    "sentry_issues", "sentry_releases", "session_readings", "issue_events",
    "vercel_deployments", "alias_requests", "pipelines", "workflows", "releases", "probes",
}  # fmt: skip


async def test_all_is_well_on_a_calm_day(watch: Watch) -> None:
    checks = await watch.check()
    assert verdicts(checks) == HEALTHY
    assert {check.coverage for check in checks.values()} == {1.0}
    counts = watch.counts()
    assert {table for table, rows in counts.items() if rows} == WRITTEN
    assert (counts["health_checks"], counts["components"]) == (2, 8)


async def test_a_bad_release_is_named_and_told_once(watch: Watch, company: Company) -> None:
    await watch.look_back()
    company.play("bad-release", project="shop")
    checks = await watch.check()
    assert verdicts(checks) == BROKEN
    assert (checks["shop"].blame.fault, checks["shop"].blame.release) == (Fault.RELEASE, company.production("shop"))
    await watch.alert()
    told = company.posts()
    assert told
    assert all("Shop" in post.text for post in told)
    assert any(company.production("shop")[:7] in post.text for post in told)
    await watch.check()
    await watch.alert()
    assert [post.ts for post in company.posts()] == [post.ts for post in told], "what is told is not told again"


async def test_hardly_any_traffic_is_not_health_and_nobody_is_woken(watch: Watch, company: Company) -> None:
    company.play("low-traffic")
    checks = await watch.check()
    assert verdicts(checks) == dict.fromkeys(HEALTHY, Verdict.UNKNOWN)
    for check in checks.values():
        assert check.components[Component.ERRORS].gap is Gap.NO_EVIDENCE
        assert "not enough evidence" in check.reasons[0]
        assert check.coverage == 0.6
    await watch.alert()
    assert company.posts() == []


async def test_a_window_judged_again_leaves_the_same_rows(watch: Watch, company: Company) -> None:
    at = now() - minutes(180)
    first = await watch.check(at=at)
    before = _content(watch)
    assert await watch.check(at=at) == first
    assert _content(watch) == before
    assert first["shop"].window == Window.ending_at(at, minutes(15))
    assert company.posts() == [], "the past is no news"


def _content(watch: Watch) -> dict[str, Any]:
    checks = "SELECT project, window_end, verdict, score, coverage, reasons, release FROM health_checks ORDER BY 1, 2"
    observations = "SELECT * FROM observations ORDER BY 1, 2, 3, 4, 5"
    of_each_run = {"flow_runs", "session_readings"}
    counts = {table: rows for table, rows in watch.counts().items() if table not in of_each_run}
    return {"counts": counts, "checks": watch.rows(checks), "observations": watch.rows(observations)}


async def test_missed_windows_are_caught_up_without_telling(watch: Watch, company: Company) -> None:
    end = now()
    await watch.check(window_minutes=30, at=end - minutes(60))
    company.play("bad-release", project="shop")
    checks = await watch.check(window_minutes=30)
    last = checks["shop"].window.end
    ends = [
        datetime.fromisoformat(when).replace(tzinfo=end.tzinfo) for who, when, _ in watch.windows() if who == "shop"
    ]
    assert last in ends
    assert {last - minutes(30 * n) for n in range(2)} <= set(ends)
    assert {rows for _, _, rows in watch.windows()} == {1}
    assert company.posts() == []


async def test_a_run_that_starts_late_looks_at_the_window_it_was_meant_for(watch: Watch) -> None:
    meant_for = now() - minutes(4)
    async with get_client() as client:
        run = await client.create_flow_run(health_check, state=Scheduled(scheduled_time=meant_for))
    checks: Any = await run_flow_async(health_check, flow_run=run, parameters={}, return_type="result")
    assert {check.window for check in checks} == {Window.ending_at(meant_for, minutes(15))}


async def test_a_project_that_is_not_there_is_refused_with_the_nearest_name(watch: Watch) -> None:
    with pytest.raises(LookupError, match="shop"):
        await watch.check(projects=["shpo"])
    assert watch.count("health_checks") == 0


async def test_a_vendor_is_asked_once_however_many_projects_there_are(watch: Watch) -> None:
    await watch.check()
    ((run,),) = watch.rows("SELECT id FROM flow_runs")
    async with get_client() as client:
        of_the_run = FlowRunFilter(id=FlowRunFilterId(any_=[UUID(run)]))
        names = sorted(task_run.name for task_run in await client.read_task_runs(flow_run_filter=of_the_run))
    asked = [name for name in names if name.startswith(("sentry", "vercel", "circleci", "endpoints"))]
    assert asked == [
        "circleci gh/acme",
        "endpoints",
        "sentry acme production",
        "vercel status page",
        "vercel team_sandboxacme",
    ]
    assert len(names) < 20


async def test_one_project_alone(watch: Watch) -> None:
    assert verdicts(await watch.check(projects=["api"])) == {"api": Verdict.HEALTHY}
    assert [row[0] for row in watch.windows()] == ["api"]


@pytest.mark.parametrize(
    ("check_type", "known"),
    [(CheckType.ERROR_RATES, Component.ERRORS), (CheckType.ENDPOINTS_ONLY, Component.ENDPOINTS)],
)
async def test_a_narrow_check_asks_for_one_part_and_tells_nobody(
    check_type: CheckType, known: Component, watch: Watch, company: Company
) -> None:
    company.play("bad-release", project="shop")
    check = (await watch.check(check_type=check_type))["shop"]
    gaps = {component: judgement.gap for component, judgement in check.components.items()}
    assert gaps == {**dict.fromkeys(Component, Gap.NOT_ASKED), known: None}
    assert company.posts() == []


async def test_maintenance_silences_bad_news(watch: Watch, company: Company) -> None:
    span = {"start": (now() - minutes(5)).isoformat(), "end": (now() + minutes(5)).isoformat()}
    watch.configure(document(company, [project("shop", company, maintenance=[span]), project("api", company)]))
    company.play("bad-release", project="shop")
    assert verdicts(await watch.check()) == BROKEN
    await watch.alert()
    assert company.posts() == []


class TestOnPostgreSQL:
    @pytest.fixture
    def store_url(self, postgresql_url: str) -> str:
        return postgresql_url

    async def test_a_bad_release_is_found_and_told_once(self, watch: Watch, company: Company) -> None:
        await watch.look_back()
        company.play("bad-release", project="shop")
        assert verdicts(await watch.check()) == BROKEN
        counts = watch.counts()
        await watch.alert()
        posts = company.posts()
        assert posts
        assert {table for table, rows in counts.items() if rows} == WRITTEN | {"notices"}
        assert verdicts(await watch.check()) == BROKEN
        await watch.alert()
        assert [post.ts for post in company.posts()] == [post.ts for post in posts]
        assert {rows for _, _, rows in watch.windows()} == {1}
