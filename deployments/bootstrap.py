"""What a Prefect server must hold before anything runs: blocks, a variable, limits, a work pool.

Deployments, with their schedules and automations, are in prefect.yaml.

Everything here may run again at any time and changes nothing that a person typed into the Prefect UI.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.exceptions import ObjectAlreadyExists
from prefect.variables import Variable
from pydantic import SecretStr

from blocks.apprise import Apprise
from blocks.circleci import CircleCI
from blocks.datadog import Datadog
from blocks.github import GitHub
from blocks.jira import Jira
from blocks.pagerduty import PagerDuty
from blocks.sentry import Sentry
from blocks.slack import Slack
from blocks.vercel import Vercel
from blocks.webhook import Webhook
from deployments.home import open_home
from tasks.janitor import crash, every_limit, unfinished_runs
from watchkeeper.config import Credentials, read_credentials, read_settings
from watchkeeper.domain.janitor import StuckRun

WORK_POOL = "watchkeeper"
BLOCK_TYPES: tuple[type[Block], ...] = (
    Sentry,
    Vercel,
    CircleCI,
    Slack,
    GitHub,
    Apprise,
    Webhook,
    PagerDuty,
    Jira,
    Datadog,
)
VENDOR_SLOTS = {"sentry": 2, "vercel": 2, "circleci": 2, "history": 1}
RETENTION = {"raw_days": 30, "hourly_days": 400, "prefect_days": 30}


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of one credential block: `outcome` is created, updated, unchanged, kept (a person's) or missing."""

    block: str
    outcome: str


async def bootstrap(credentials: Credentials, record: Path, sandbox_port: int | None) -> tuple[Filled, ...]:
    """Bring the server to what this version needs, and return what became of the credential blocks.

    Args:
        record: file that remembers which blocks this function wrote, as hashes.
        sandbox_port: where the make-believe vendors listen; None when no project uses them.
    """
    for block_type in BLOCK_TYPES:
        await block_type.aregister_type_and_schema()
    filled = await fill_blocks(credentials, record)
    if sandbox_port is not None:
        for block in sandbox_blocks(sandbox_port):
            await block.asave("sandbox", overwrite=True)
    async with get_client() as client:
        await create_limits(client)
    await create_work_pool()
    if await Variable.aget("watchkeeper_retention") is None:
        await Variable.aset("watchkeeper_retention", dict(RETENTION))
    return filled


def blocks_from(credentials: Credentials) -> Iterator[tuple[type[Block], Block | None]]:
    """Yield each credential block that the environment can fill, None for those it cannot."""
    given = credentials
    slack = given.slack_bot_token.get_secret_value() or given.slack_webhook_url.get_secret_value()
    yield Sentry, Sentry(auth_token=given.sentry_auth_token) if given.sentry_auth_token.get_secret_value() else None
    yield Vercel, Vercel(token=given.vercel_token) if given.vercel_token.get_secret_value() else None
    yield CircleCI, CircleCI(token=given.circle_token) if given.circle_token.get_secret_value() else None
    yield Slack, Slack(bot_token=given.slack_bot_token, webhook_url=given.slack_webhook_url) if slack else None
    yield GitHub, GitHub(token=given.github_token) if given.github_token.get_secret_value() else None
    yield Apprise, Apprise(addresses=given.apprise_urls) if given.apprise_urls.get_secret_value() else None
    webhook = Webhook(secret=given.webhook_secret, url=given.webhook_url)
    yield Webhook, webhook if given.webhook_secret.get_secret_value() else None
    yield PagerDuty, _pagerduty(given) if given.pagerduty_routing_key.get_secret_value() else None
    yield Jira, _jira(given) if given.jira_api_token.get_secret_value() else None
    yield Datadog, _datadog(given) if given.datadog_api_key.get_secret_value() else None


def _pagerduty(given: Credentials) -> PagerDuty:
    return PagerDuty(routing_key=given.pagerduty_routing_key, api_token=given.pagerduty_api_token)


def _jira(given: Credentials) -> Jira:
    site, email = given.jira_url.get_secret_value(), given.jira_email.get_secret_value()
    return Jira(base_url=site, email=email, api_token=given.jira_api_token)


def _datadog(given: Credentials) -> Datadog:
    return Datadog(api_key=given.datadog_api_key, application_key=given.datadog_app_key)


def sandbox_blocks(port: int) -> tuple[Block, ...]:
    """Return the blocks that reach the make-believe vendors on `port`."""
    address = f"http://127.0.0.1:{port}"
    return (
        Sentry(auth_token=SecretStr("sandbox-sentry-token"), base_url=f"{address}/sentry"),
        Vercel(
            token=SecretStr("sandbox-vercel-token"),
            base_url=f"{address}/vercel",
            status_url=f"{address}/vercel-status",
        ),
        CircleCI(token=SecretStr("sandbox-circleci-token"), base_url=f"{address}/circleci/api/v2"),
        Slack(bot_token=SecretStr("sandbox-slack-token"), base_url=f"{address}/slack/api/"),
        GitHub(token=SecretStr("sandbox-github-token"), base_url=f"{address}/github"),
        Apprise(addresses=SecretStr(f"json://127.0.0.1:{port}/sandbox/hook/reports")),
        PagerDuty(
            routing_key=SecretStr("sandbox0routing0key0of0pagerduty"),
            api_token=SecretStr("sandbox-pagerduty-token"),
            events_url=f"{address}/pagerduty-events/v2",
            base_url=f"{address}/pagerduty",
        ),
        Jira(email="watchkeeper@acme.example", api_token=SecretStr("sandbox-jira-token"), base_url=f"{address}/jira"),
        Datadog(
            api_key=SecretStr("sandbox-datadog-key"), base_url=f"{address}/datadog", events_url=f"{address}/datadog"
        ),
        Webhook(secret=SecretStr("sandbox-webhook-secret"), url=SecretStr(f"{address}/sandbox/hook/alerts")),
    )


async def fill_blocks(credentials: Credentials, record: Path) -> tuple[Filled, ...]:
    """Write the blocks named `default` from the environment, unless a person has typed or changed them."""
    written = _read(record)
    outcomes = []
    for block_type, block in blocks_from(credentials):
        slug = f"{block_type.get_block_type_slug()}/default"
        there = await _load(block_type)
        if block is None:
            outcomes.append(Filled(slug, "missing" if there is None else "kept"))
        elif there is not None and _fingerprint(there) != written.get(slug):
            outcomes.append(Filled(slug, "kept"))
        elif there is not None and _fingerprint(there) == _fingerprint(block):
            outcomes.append(Filled(slug, "unchanged"))
        else:
            await block.asave("default", overwrite=True)
            written[slug] = _fingerprint(block)
            outcomes.append(Filled(slug, "created" if there is None else "updated"))
    _write(record, written)
    return tuple(outcomes)


async def create_limits(client: PrefectClient) -> None:
    """Create the limit of parallel runs per vendor where it is not there; a person's number is left alone."""
    there = {limit.name async for limit in every_limit(client)}
    for vendor, slots in VENDOR_SLOTS.items():
        if (name := f"watchkeeper-{vendor}") not in there:
            await client.upsert_global_concurrency_limit_by_name(name, slots)


async def crash_unfinished_runs() -> None:
    """Crash the runs that an earlier start has left behind: without a worker none of them can be alive."""
    async with get_client() as client:
        for run in await unfinished_runs(client):
            await crash(client, StuckRun(run, "its process ended with an earlier start"))


async def crash_runs_of_worker() -> None:
    """Crash the runs of deployments when the only worker has ended, and with it every process that it had started.

    What people run by hand in a process of their own, as `watchkeeper check` does, belongs to no deployment.
    """
    async with get_client() as client:
        for run in await unfinished_runs(client):
            if run.deployment:
                await crash(client, StuckRun(run, "its process ended with its worker"))


async def create_work_pool() -> None:
    async with get_client() as client:
        with suppress(ObjectAlreadyExists):
            await client.create_work_pool(WorkPoolCreate(name=WORK_POOL, type="process"))


def _read(record: Path) -> dict[str, str]:
    return dict(json.loads(record.read_text())) if record.exists() else {}


def _write(record: Path, written: Mapping[str, str]) -> None:
    record.write_text(json.dumps(written))
    record.chmod(0o600)


async def _load(block_type: type[Block]) -> Block | None:
    try:
        return await block_type.aload("default")
    except ValueError:
        return None


def _fingerprint(block: Block) -> str:
    """Return a hash of the block's values; the secrets cannot be had back from it."""
    values = {
        name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name in type(block).model_fields
        if (value := getattr(block, name)) is not None
    }
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


if __name__ == "__main__":
    for found in asyncio.run(bootstrap(read_credentials(), open_home(read_settings().home).path / "blocks.json", None)):
        print(f"{found.block}: {found.outcome}")  # noqa: T201 - a command
