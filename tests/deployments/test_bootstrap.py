from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.variables import Variable
from pydantic import SecretStr

from blocks.apprise import Apprise
from blocks.github import GitHub
from blocks.jira import Jira
from blocks.sentry import Sentry
from blocks.slack import Slack
from deployments.bootstrap import VENDOR_SLOTS, bootstrap
from tasks.janitor import every_limit
from watchkeeper.config import Credentials

pytestmark = pytest.mark.usefixtures("prefect_server")


def credentials(**given: str) -> Credentials:
    return Credentials(_env_file=None, **{name: SecretStr(value) for name, value in given.items()})  # type: ignore[arg-type]


async def outcomes(record: Path, **given: str) -> dict[str, str]:
    filled = await bootstrap(credentials(**given), record, sandbox_port=None)
    return {found.block.split("/")[0].removeprefix("watchkeeper-"): found.outcome for found in filled}


@pytest.fixture
async def record(tmp_path: Path) -> Path:
    for kind in (Sentry, Slack):
        try:
            await kind.adelete("default")
        except ValueError:
            continue
    return tmp_path / "blocks.json"


async def test_a_block_is_made_kept_up_to_date_and_never_taken_from_a_person(record: Path) -> None:
    assert (await outcomes(record))["sentry"] == "missing"
    assert (await outcomes(record, sentry_auth_token="first"))["sentry"] == "created"
    assert (await outcomes(record, sentry_auth_token="first"))["sentry"] == "unchanged"
    assert (await outcomes(record, sentry_auth_token="rotated"))["sentry"] == "updated"
    await Sentry(auth_token=SecretStr("typed by a person")).asave("default", overwrite=True)
    assert (await outcomes(record, sentry_auth_token="rotated"))["sentry"] == "kept"
    loaded: Sentry = await Sentry.aload("default")
    assert loaded.auth_token.get_secret_value() == "typed by a person"


async def test_a_block_typed_before_the_first_start_is_kept(record: Path) -> None:
    await Sentry(auth_token=SecretStr("typed")).asave("default", overwrite=True)
    assert (await outcomes(record, sentry_auth_token="from the environment"))["sentry"] == "kept"


async def test_the_record_holds_no_secret(record: Path) -> None:
    await outcomes(record, sentry_auth_token="make-believe-secret")
    assert "make-believe-secret" not in record.read_text()  # noqa: ASYNC240 - a test


async def test_running_it_twice_leaves_one_of_each(record: Path) -> None:
    await outcomes(record)
    await Variable.aset("watchkeeper_retention", {"raw_days": 7}, overwrite=True)
    async with get_client() as client:
        await client.upsert_global_concurrency_limit_by_name("watchkeeper-sentry", 9)
    await outcomes(record)
    async with get_client() as client:
        limits = {limit.name: limit.limit async for limit in every_limit(client)}
        pools = [pool.name for pool in await client.read_work_pools()]
    assert {f"watchkeeper-{vendor}" for vendor in VENDOR_SLOTS} <= limits.keys()
    assert limits["watchkeeper-sentry"] == 9, "a number that a person set is left alone"
    assert pools.count("watchkeeper") == 1
    assert await Variable.aget("watchkeeper_retention") == {"raw_days": 7}


async def test_limits_beyond_the_first_page_are_known(record: Path) -> None:
    await outcomes(record)
    async with get_client() as client:
        whole = [limit.name async for limit in every_limit(client)]
        by_page = [limit.name async for limit in every_limit(client, page_size=2)]
    assert by_page == whole
    assert len(whole) >= len(VENDOR_SLOTS) > 2


async def test_sandbox_blocks_follow_the_port(record: Path) -> None:
    await bootstrap(credentials(), record, sandbox_port=9001)
    await bootstrap(credentials(), record, sandbox_port=9002)
    loaded: Sentry = await Sentry.aload("sandbox")
    assert "9002" in loaded.base_url


async def test_every_way_to_tell_people_has_a_block(record: Path) -> None:
    given = {
        "github_token": "make-believe",
        "apprise_urls": "json://127.0.0.1/make-believe",
        "webhook_secret": "make-believe",
        "pagerduty_routing_key": "make-believe",
        "jira_url": "https://acme.atlassian.example",
        "jira_email": "watch@acme.example",
        "jira_api_token": "make-believe",
        "datadog_api_key": "make-believe",
    }
    found = await outcomes(record, **given)
    told = {found[kind] for kind in ("github", "apprise", "pagerduty", "jira", "datadog")}
    assert told <= {"created", "kept", "unchanged"}
    jira: Jira = await Jira.aload("default")
    assert (jira.base_url, jira.email) == ("https://acme.atlassian.example", "watch@acme.example")
    await bootstrap(credentials(), record, sandbox_port=9003)
    github: GitHub = await GitHub.aload("sandbox")
    apprise: Apprise = await Apprise.aload("sandbox")
    assert github.base_url == "http://127.0.0.1:9003/github"
    assert apprise.addresses.get_secret_value() == "json://127.0.0.1:9003/sandbox/hook/reports"
