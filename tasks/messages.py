"""Sends what waits in the ledger of messages: at least once, never on and on."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from prefect import get_run_logger
from prefect.runtime import flow_run
from prefect.variables import Variable

from blocks.slack import Slack
from reports.configuration import mistakes_message
from reports.health import check_message
from tasks.credentials import load_block
from tasks.outcomes import outcome
from tasks.slack import post_message
from tasks.store import check_of, claim, give_back, last_check_with, waiting_messages, was_sent
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Missing
from watchkeeper.store.messages import Message

MOST_A_RUN = 20  # Slack takes about one message a second for a channel; the others wait for the next run
EDITED_WITHIN = timedelta(hours=1)
TOLD_MISTAKES = "watchkeeper_told_mistakes"
TRY_AGAIN_AFTER = timedelta(minutes=5)


async def send_waiting_messages(configuration: Configuration) -> int:
    """Send the messages that wait, and return how many arrived. What fails stays in the ledger for a later run."""
    projects = {project.slug: project for project in configuration.projects}
    waiting = [m for m in waiting_messages(datetime.now(UTC)) if m.plan.project in projects]
    if len(waiting) > MOST_A_RUN:
        get_run_logger().warning("%d messages wait, %d are sent now.", len(waiting), MOST_A_RUN)
    return sum([await _send(message, projects[message.plan.project]) for message in waiting[:MOST_A_RUN]])


async def send_mistakes(configuration: Configuration, mistakes: str) -> None:
    """Tell the channel of the watch itself once about mistakes in the configuration, and once when they are gone."""
    digest = sha256(mistakes.encode()).hexdigest()[:16] if mistakes else ""
    channel = configuration.slack.channel
    if channel is None or digest == await Variable.aget(TOLD_MISTAKES, default=""):
        return
    slack = await load_block(Slack, configuration.slack_credentials)
    if isinstance(slack, Missing):
        get_run_logger().error("Nobody was told about the mistakes in the configuration: %s.", slack.reason)
        return
    ts = await outcome(post_message(slack, mistakes_message(mistakes), channel, return_state=True))
    if not isinstance(ts, Missing):
        await Variable.aset(TOLD_MISTAKES, digest, overwrite=True)


async def _send(message: Message, project: Project) -> bool:
    now = datetime.now(UTC)
    check = check_of(message.plan)
    if check is None or not claim(message, now):
        return False
    slack = await load_block(Slack, project.slack_credentials)
    edited = _edits(message, now)
    ts = slack if isinstance(slack, Missing) else await _post(slack, message, project, check, edited)
    if isinstance(ts, Missing):
        get_run_logger().error("Nobody was told about %s: %s.", project.slug, ts.reason)
        give_back(message, ts.reason, now + TRY_AGAIN_AFTER)
        return False
    was_sent(message, ts, datetime.now(UTC), message.told.posted_at if edited and message.told else None)
    return True


async def _post(slack: Slack, message: Message, project: Project, check: HealthCheck, edited: str) -> str | Missing:
    previous = message.told.verdict if message.told else None
    before = last_check_with(message.plan, previous) if previous else None
    text = check_message(check, previous, project.name, _links(check), before)
    sent: str | Missing = await outcome(post_message(slack, text, message.plan.channel, edited, return_state=True))
    return sent


def _edits(message: Message, now: datetime) -> str:
    """Return the message that is edited instead of posting another: the last one, within the hour; else ""."""
    told = message.told
    return told.ts if told is not None and now - told.posted_at < EDITED_WITHIN else ""


def _links(check: HealthCheck) -> Mapping[str, str]:
    """Return where to look closer: the run, and the first page of each vendor in the evidence."""
    links = {}
    if flow_run.ui_url:
        links["Prefect run"] = str(flow_run.ui_url)
    for component, judgement in check.components.items():
        url = next((evidence.url for evidence in judgement.evidence if evidence.url), "")
        if url:
            links[component.capitalize()] = url
    return links
