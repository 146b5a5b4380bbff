"""Proposals to go back: what they are decided by, written down once, told once."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from prefect import get_run_logger
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from blocks.slack import Slack
from reports.proposals import (
    MOST_REASON,
    Prepared,
    proposal_message,
    start_command,
)
from reports.slack import SlackMessage
from tasks.credentials import load_block
from tasks.outcomes import outcome
from tasks.rollback import read_plan_input
from tasks.slack import post_message
from tasks.store import database, store_task
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.rollback import Plan, Rollback, RollbackKind, RollbackState, Source
from watchkeeper.domain.rollback_plan import plan_rollback
from watchkeeper.domain.rollback_proposals import SHADOW_TIME, Proposed, TriggerHistory
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window
from watchkeeper.store import alias_requests, health, notices, releases
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.notices import Notice, NoticeKind

WATCHKEEPER: Final = "watchkeeper"
FORM: Final = "emergency-rollback/manual"
PROPOSED: Final = "watchkeeper.rollback.proposed"
LIVE_BACK: Final = timedelta(days=30)  # how far the moments are looked up at which releases went live
CHECKS_BACK: Final = timedelta(hours=30)  # what one decision is made by
PROPOSALS_BACK: Final = timedelta(days=2)
PROPOSAL_COUNTS: Final = timedelta(minutes=30)  # after which nothing is started by it: production is not what it was
TRY_AGAIN_AFTER: Final = timedelta(minutes=5)
MOST_A_RUN: Final = 10


@store_task
def recall_triggers(slugs: tuple[str, ...], window: Window) -> dict[str, TriggerHistory]:
    """Return what proposals are decided by: the full checks that began in `window`, and releases and moves before."""
    back = Window(window.start - LIVE_BACK, window.end)
    with reading(database()) as session:
        checks = health.checks(session, slugs, window, CheckType.FULL)
        live = releases.live_releases(session, slugs, back)
        moves = alias_requests.alias_requests(session, slugs, back)
    return {
        slug: TriggerHistory(
            checks=tuple(reversed(checks[slug])),
            live_at={release.sha: release.live_at for release in live[slug] if release.live_at is not None},
            moves=moves[slug],
        )
        for slug in slugs
    }


def recall_proposals(slugs: tuple[str, ...], kind: NoticeKind, now: datetime) -> dict[str, tuple[Proposed, ...]]:
    """Return what was proposed lately, newest first."""
    with reading(database()) as session:
        found = notices.notices(session, slugs, [kind], now - PROPOSALS_BACK)
    return {slug: tuple(Proposed(str(n.content["release"]), n.at) for n in several) for slug, several in found.items()}


def shadow_checks(slugs: tuple[str, ...], now: datetime) -> dict[str, tuple[datetime, ...]]:
    """Return when the triggers were watched: the ends of the full checks of a little more than the last seven days."""
    lately = Window(now - SHADOW_TIME - timedelta(hours=2), now + timedelta(minutes=1))
    with reading(database()) as session:
        found = health.checks(session, slugs, lately, CheckType.FULL, with_components=False)
    return {slug: tuple(check.window.end for check in several) for slug, several in found.items()}


async def plan_of(project: Project, reason: str, now: datetime) -> Plan:
    """Return the plan of the way back that would be proposed."""
    draft = Rollback(
        id=0,
        project=project.slug,
        kind=RollbackKind.ROLLBACK,
        state=RollbackState.REQUESTED,
        source=Source.AUTOMATIC,
        requested_by=WATCHKEEPER,
        reason=reason,
        requested_at=now,
        updated_at=now,
        flow_run_id="",
    )
    return plan_rollback(await read_plan_input(project, draft))


@store_task
def write_down(written: Sequence[Notice]) -> tuple[bool, ...]:
    """Write notices down; False for each that is there already."""
    with transaction(database()) as session:
        return tuple(notices.write_notice(session, notice) for notice in written)


def emit_proposals(configuration: Configuration, now: datetime) -> None:
    """Tell automations what was proposed and not told yet; an event that is told again has the same id."""
    names = configuration.names
    with reading(database()) as session:
        waiting = notices.untold_events(session, now)
    for notice in (notice for notice in waiting if notice.project in names):
        emit_event(
            event=PROPOSED,
            resource={
                "prefect.resource.id": f"watchkeeper.project.{notice.project}",
                "prefect.resource.name": names[notice.project],
            },
            payload=_payload(notice),
            id=event_id(notice),
        )
        with transaction(database()) as session:
            notices.mark_emitted(session, notice.id, now)


@store_task
def stored_proposal(project: str, key: str) -> Notice | None:
    """Return the proposal of that name that a health check has written down lately; None where there is none."""
    since = datetime.now(UTC) - PROPOSAL_COUNTS
    with reading(database()) as session:
        found = notices.notices(session, [project], [NoticeKind.PROPOSAL], since).get(project, ())
    return next((notice for notice in found if notice.is_event and notice.name == key), None)


def event_id(notice: Notice) -> UUID:
    """Return the id of the event: the same for the same proposal, whoever tells it and however often."""
    return uuid5(NAMESPACE_URL, f"{PROPOSED}:{notice.project}:{notice.name}:{notice.at.isoformat()}")


async def send_notices(configuration: Configuration, now: datetime) -> int:
    """Send what waits to be told, and return how many arrived; what fails waits for a later run."""
    projects = {project.slug: project for project in configuration.projects}
    with reading(database()) as session:
        waiting = [notice for notice in notices.pending_notices(session, now) if notice.project in projects]
    forms = await run_forms() if waiting else ""
    return sum([await _send(notice, projects[notice.project], forms) for notice in waiting[:MOST_A_RUN]])


async def run_forms() -> str:
    """Return the address of the form that a way back is started by; "" when there is none."""
    ui = get_current_settings().ui_url or ""
    async with get_client() as client:
        try:
            deployment = await client.read_deployment_by_name(FORM)
        except ObjectNotFound:
            return ""
    return f"{ui.rstrip('/')}/deployments/deployment/{deployment.id}/run" if ui else ""


def filled_in(form: str, parameters: Mapping[str, Any]) -> str:
    """Return the address of the form with its fields filled in; the UI decodes them twice."""
    return f"{form}?parameters={quote(quote(json.dumps(parameters), safe=''), safe='')}" if form else ""


async def _send(notice: Notice, project: Project, form: str) -> bool:
    now = datetime.now(UTC)
    with transaction(database()) as session:
        if not notices.claim_notice(session, notice.id, now):
            return False
    slack = await load_block(Slack, project.slack_credentials)
    message = _message(notice, project, form)
    ts = slack if isinstance(slack, Missing) else await _post(slack, message, notice.channel)
    with transaction(database()) as session:
        if isinstance(ts, Missing):
            get_run_logger().error("Nobody was told about %s: %s.", notice.project, ts.reason)
            notices.mark_notice_failed(session, notice.id, ts.reason, now + TRY_AGAIN_AFTER)
            return False
        notices.mark_notice_sent(session, notice.id, ts, datetime.now(UTC))
    return True


async def _post(slack: Slack, message: SlackMessage, channel: str) -> str | Missing:
    sent: str | Missing = await outcome(post_message(slack, message, channel, return_state=True))
    return sent


def _message(notice: Notice, project: Project, form: str) -> SlackMessage:
    slug, content = project.slug, notice.content
    asked = {"project": slug, "reason": str(content["reason"])[:MOST_REASON], "dry_run": False}
    prepared = Prepared(start_command(slug, str(content["release"])), filled_in(form, asked))
    return proposal_message(content, project.name, prepared)


def _payload(notice: Notice) -> dict[str, Any]:
    content = notice.content
    return {
        "project": notice.project,
        "reason": content["reason"],
        "requested_by": WATCHKEEPER,
        "evidence": content["reason"],
        "release": content["release"],
        "since": content["since"],
        "trigger": content["trigger"],
        "key": notice.name,
    }
