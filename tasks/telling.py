"""Tells what a health check has found: artifacts and events in Prefect, a heartbeat for whoever watches the watch."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from prefect import get_run_logger, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event
from prefect.utilities.annotations import quote

from reports.health import check_details, check_table, history_table
from reports.markdown import escape
from tasks.alert_record import not_delivered
from tasks.mistakes import send_mistakes
from tasks.store import Findings, recall_history
from watchkeeper.clients.proxies import RoutedTransport
from watchkeeper.clients.vendor_errors import VendorRefused
from watchkeeper.config import Configuration, read_settings
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.outbox import SHOWN_FOR
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

ARTIFACTS_AT_ONCE = 8
HISTORY = timedelta(days=1)


async def tell(configuration: Configuration, findings: Findings, mistakes: str) -> None:
    """Tell what was found: to people in the Prefect UI, to automations by events.

    Args:
        mistakes: what is wrong with the configuration; "" when nothing is.
    """
    checks, names = findings.checks, findings.names
    window = checks[0].window
    # Unquoted, Prefect looks for futures in each of the values.
    lost = tuple(each.sentence for each in not_delivered(datetime.now(UTC) - SHOWN_FOR))
    await write_overview(quote(checks), names, mistakes, lost)
    fresh = [check for check in checks if _is_news(check, findings.before.get(check.project))]
    if fresh:
        span = Window(window.end - HISTORY, window.end)
        histories = recall_history(tuple(check.project for check in fresh), span)
        await write_histories(quote(fresh), quote(histories), names)  # type: ignore[call-overload]
    emit_verdicts(checks, names, {slug: before.verdict for slug, before in findings.before.items()})
    await send_mistakes(configuration, mistakes)
    emit_event(event="watchkeeper.watch.done", resource={"prefect.resource.id": "watchkeeper.watch"})
    await send_heartbeat()


def _is_news(check: HealthCheck, before: HealthCheck | None) -> bool:
    """Return True for what is worth a new version of the project's page: a change, and once an hour anyway."""
    return before is None or before.verdict is not check.verdict or check.window.end.minute == 0


@task(cache_policy=NO_CACHE, persist_result=False)
async def write_overview(
    checks: Sequence[HealthCheck], names: Mapping[str, str], mistakes: str, lost: Sequence[str]
) -> None:
    """Write the table of all projects, the newest version of the artifact `health`.

    Args:
        lost: sentences about messages that did not reach their channel.
    """
    warning = f"**The configuration has mistakes:** {escape(mistakes)}\n\n" if mistakes else ""
    warning += "".join(f"**Not delivered:** {escape(sentence)}\n\n" for sentence in lost)
    await acreate_markdown_artifact(
        key="health", markdown=warning + check_table(checks, names), description="Every project at the latest check"
    )


@task(cache_policy=NO_CACHE, persist_result=False)
async def write_histories(
    checks: Sequence[HealthCheck], histories: Mapping[str, Sequence[HealthCheck]], names: Mapping[str, str]
) -> None:
    """Write what each project looks like now and how it got there: the artifact `health-<slug>`."""
    slots = asyncio.Semaphore(ARTIFACTS_AT_ONCE)

    async def write(check: HealthCheck) -> None:
        name = names[check.project]
        async with slots:
            await acreate_markdown_artifact(
                key=f"health-{check.project}",
                markdown=f"{check_details(check, name)}\n\n{history_table(histories.get(check.project, ()), name)}",
                description=f"{name}: {check.verdict}",
            )

    await asyncio.gather(*(write(check) for check in checks))


def emit_verdicts(checks: Sequence[HealthCheck], names: Mapping[str, str], before: Mapping[str, Verdict]) -> None:
    """Emit `watchkeeper.health.<verdict>` for each project, and `watchkeeper.health.changed` where it has changed."""
    for check in checks:
        previous = before.get(check.project)
        emit_event(event=f"watchkeeper.health.{check.verdict}", **_event(check, names, previous))
        if previous is not check.verdict:
            emit_event(event="watchkeeper.health.changed", **_event(check, names, previous))


@task(cache_policy=NO_CACHE, persist_result=False, retries=1, retry_delay_seconds=2)
async def send_heartbeat() -> None:
    """Call the heartbeat URL, so that somebody outside notices when no call comes."""
    url = read_settings().heartbeat_url.get_secret_value()
    if not url:
        return
    request = httpx.Request("GET", url, extensions={"timeout": httpx.Timeout(10).as_dict()})
    try:
        async with RoutedTransport("Heartbeat") as transport:  # a client would log the URL
            answer = await transport.handle_async_request(request)
            await answer.aclose()
    except httpx.HTTPError as error:  # its text could hold the URL, which is a secret
        get_run_logger().warning("The heartbeat URL could not be called: %s.", type(error).__name__)
        return
    except VendorRefused as error:  # of the proxy or the authorities
        get_run_logger().warning("%s.", error)
        return
    if answer.is_error:
        get_run_logger().warning("The heartbeat URL answered %s.", answer.status_code)


def _event(check: HealthCheck, names: Mapping[str, str], previous: Verdict | None) -> dict[str, Any]:
    return {
        "resource": {
            "prefect.resource.id": f"watchkeeper.project.{check.project}",
            "prefect.resource.name": names[check.project],
            "watchkeeper.verdict": check.verdict.value,
        },
        "payload": {
            "project": check.project,
            "verdict": check.verdict.value,
            "previous": previous.value if previous else None,
            "score": check.score,
            "coverage": check.coverage,
            "reasons": list(check.reasons[:5]),
            "release": check.release,
            "fault": check.blame.fault.value,
            "window_start": _iso(check.window.start),
            "window_end": _iso(check.window.end),
        },
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
