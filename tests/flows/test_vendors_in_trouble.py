"""What cannot be asked is unknown, says why and what to do, and takes nothing else with it."""

import time
from collections.abc import Mapping

import pytest
from pydantic import SecretStr

from blocks.circleci import CircleCI
from blocks.sentry import Sentry
from blocks.slack import Slack
from blocks.vercel import Vercel
from tests.flows.company import Company
from tests.flows.watch import Watch, document, project, verdicts
from watchkeeper.domain.verdicts import Component, Gap, Verdict

pytestmark = pytest.mark.slow

PARTS = {"sentry": Component.ERRORS, "vercel": Component.DELIVERY, "circleci": Component.BUILDS}
NAMES = {"sentry": "Sentry", "vercel": "Vercel", "circleci": "CircleCI"}
WRONG = SecretStr("make-believe-expired-token")


@pytest.mark.parametrize(
    "troubles",
    [
        pytest.param({"sentry": "vendor-down", "vercel": "rate-limited", "circleci": "garbage"}, id="sentry is down"),
        pytest.param({"sentry": "rate-limited", "vercel": "garbage", "circleci": "vendor-down"}, id="vercel is mad"),
        pytest.param({"sentry": "garbage", "vercel": "vendor-down", "circleci": "rate-limited"}, id="sentry is mad"),
    ],
)
async def test_vendors_in_trouble_are_unknown_each_for_itself(
    troubles: Mapping[str, str], watch: Watch, company: Company
) -> None:
    for vendor, scenario in troubles.items():
        company.play(scenario, vendor)
    began = time.monotonic()
    checks = await watch.check()
    assert time.monotonic() - began < 60
    assert verdicts(checks) == {"shop": Verdict.UNKNOWN, "api": Verdict.UNKNOWN}
    for check in checks.values():
        for vendor, component in PARTS.items():
            judgement = check.components[component]
            assert judgement.gap is Gap.UNAVAILABLE, judgement
            assert NAMES[vendor] in judgement.reasons[0]
        assert check.components[Component.ENDPOINTS].verdict is Verdict.HEALTHY
    assert watch.count("health_checks") == 2


async def test_a_builder_that_cannot_be_asked_does_not_hide_health(watch: Watch, company: Company) -> None:
    company.play("rate-limited", "circleci")
    checks = await watch.check()
    assert verdicts(checks) == {"shop": Verdict.HEALTHY, "api": Verdict.HEALTHY}
    assert {check.coverage for check in checks.values()} == {0.85}


@pytest.mark.parametrize("vendor", PARTS)
async def test_a_wrong_token_names_vendor_and_block_and_touches_no_other_project(
    vendor: str, watch: Watch, company: Company
) -> None:
    await _save_blocks(company, "expired", {vendor: WRONG})
    watch.configure(document(company, [project("shop", company, credentials="expired"), project("api", company)]))
    checks = await watch.check()
    assert checks["api"].verdict is Verdict.HEALTHY
    judged = checks["shop"].components
    gaps = {component: judgement.gap for component, judgement in judged.items()}
    assert gaps == {**dict.fromkeys(Component, None), PARTS[vendor]: Gap.REFUSED}
    reason = judged[PARTS[vendor]].reasons[0]
    assert NAMES[vendor] in reason
    assert 'named "expired"' in reason
    assert WRONG.get_secret_value() not in " ".join(str(row) for row in watch.rows("SELECT * FROM components"))


async def test_a_missing_block_is_named_and_touches_no_other_project(watch: Watch, company: Company) -> None:
    watch.configure(document(company, [project("shop", company, credentials="forgotten"), project("api", company)]))
    checks = await watch.check()
    assert verdicts(checks) == {"shop": Verdict.UNKNOWN, "api": Verdict.HEALTHY}
    for vendor, component in PARTS.items():
        judgement = checks["shop"].components[component]
        assert judgement.gap is Gap.NO_CREDENTIAL
        assert f'the block "{NAMES[vendor]}" named "forgotten" is missing' in judgement.reasons[0].replace(
            "Watchkeeper ", ""
        )
    assert checks["shop"].components[Component.ENDPOINTS].verdict is Verdict.HEALTHY


async def _save_blocks(company: Company, name: str, wrong: Mapping[str, SecretStr]) -> None:
    def token(vendor: str) -> SecretStr:
        return wrong.get(vendor, SecretStr(f"sandbox-{vendor}-token"))

    address = company.url
    for block in (
        Sentry(auth_token=token("sentry"), base_url=f"{address}/sentry"),
        Vercel(token=token("vercel"), base_url=f"{address}/vercel", status_url=f"{address}/vercel-status"),
        CircleCI(token=token("circleci"), base_url=f"{address}/circleci/api/v2"),
        Slack(bot_token=token("slack"), base_url=f"{address}/slack/api/"),
    ):
        await block.asave(name, overwrite=True)
