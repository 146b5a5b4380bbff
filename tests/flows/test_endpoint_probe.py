"""Between two checks: probes are kept, and several of them in a row make an endpoint down or up."""

from typing import Any

import pytest

from flows.endpoint_probe import endpoint_probe
from tests.flows.company import Company
from tests.flows.watch import Watch, project, verdicts
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.verdicts import Component, Gap, Verdict

pytestmark = pytest.mark.slow


async def probe(**parameters: Any) -> str:
    """Run the real flow; return the message of its state."""
    state = await endpoint_probe(return_state=True, **parameters)
    assert state.is_completed()
    return str(state.message)


async def endpoints(watch: Watch) -> Verdict:
    return (await watch.check(projects=["shop"], check_type=CheckType.ENDPOINTS_ONLY))["shop"].verdict


async def test_every_endpoint_is_asked_and_the_answers_are_kept(watch: Watch) -> None:
    assert await probe() == "4 probes, 0 failed"
    kept = watch.rows("SELECT project, endpoint, status FROM probes ORDER BY project, endpoint")
    assert kept == [(slug, name, 200) for slug in ("api", "shop") for name in ("health", "home")]
    await probe(projects=["api"])
    assert watch.count("probes") == 6
    assert watch.count("health_checks") == 0


async def test_a_project_without_endpoints_is_left_alone(watch: Watch, company: Company) -> None:
    watch.configure({"defaults": {"credentials": "sandbox"}, "projects": [project("shop", company, endpoints=[])]})
    assert await probe() == "0 probes, 0 failed"


async def test_three_failures_are_down_and_two_successes_are_up(watch: Watch, company: Company) -> None:
    assert await endpoints(watch) is Verdict.HEALTHY
    company.play("vendor-down", "products")
    assert "failed" in await probe(projects=["shop"])
    assert await endpoints(watch) is Verdict.CRITICAL
    failed = watch.rows("SELECT count(*) FROM probes WHERE failure IS NOT NULL AND endpoint = 'home'")
    assert failed[0][0] >= 3
    company.play("calm")
    assert await endpoints(watch) is Verdict.HEALTHY
    last = watch.rows("SELECT failure FROM probes WHERE endpoint = 'home' ORDER BY at DESC LIMIT 2")
    assert last == [(None,), (None,)]


async def test_our_own_lost_connection_is_not_their_outage(watch: Watch, company: Company) -> None:
    nowhere = [{"name": "home", "url": "http://127.0.0.1:9/"}]
    watch.configure(
        {
            "connectivity": ["http://127.0.0.1:9/"],
            "defaults": {"credentials": "sandbox"},
            "projects": [project("shop", company, endpoints=nowhere)],
        }
    )
    checks = await watch.check()
    assert verdicts(checks) == {"shop": Verdict.UNKNOWN}
    assert checks["shop"].components[Component.ENDPOINTS].gap is Gap.OFFLINE
    assert checks["shop"].components[Component.ERRORS].verdict is Verdict.HEALTHY
