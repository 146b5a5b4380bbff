"""Tells people once that the configuration has mistakes, and once that it has none any more."""

from hashlib import sha256
from typing import Final

from prefect import get_run_logger
from prefect.variables import Variable

from blocks.slack import Slack
from reports.configuration import mistakes_message
from tasks.credentials import load_block
from tasks.outcomes import outcome
from tasks.slack import post_message
from watchkeeper.config import Configuration
from watchkeeper.domain.verdicts import Missing

TOLD_MISTAKES: Final = "watchkeeper_told_mistakes"


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
