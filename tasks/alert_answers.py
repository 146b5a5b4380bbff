"""What people answer where they were told: taken on in PagerDuty, closed in Jira. It counts as if it was said here."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from prefect import get_run_logger

from tasks import jira, pagerduty
from tasks.store import database
from watchkeeper.clients.vendor_errors import VendorError
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.store.alert_answers import resolve_group
from watchkeeper.store.alert_groups import acknowledge, open_groups
from watchkeeper.store.alert_ledger import references
from watchkeeper.store.audit import write_audit
from watchkeeper.store.database import reading, transaction

ANSWERING: Final = frozenset({ChannelKind.PAGERDUTY, ChannelKind.JIRA})
SECONDS: Final = 10.0  # for each channel: it is asked again a minute later
Answers = Mapping[str, tuple[str, datetime]]
"""Who has answered and when, by what the channel calls the group."""


async def take_answers(configuration: Configuration, now: datetime) -> int:
    """Ask every channel that can answer about the groups that it knows; return how many answers were new."""
    channels = [channel for channel in configuration.channels.values() if channel.kind in ANSWERING]
    if not channels:
        return 0
    with reading(database()) as session:
        groups = {group.id: group for group in open_groups(session)}
        known = {channel.name: references(session, channel.name) for channel in channels} if groups else {}
    asked = [channel for channel in channels if known.get(channel.name)]
    answers = await asyncio.gather(*(_ask(channel, known[channel.name], groups) for channel in asked))
    taken = 0
    for channel, answered in zip(asked, answers, strict=True):
        for reference, (who, at) in answered.items():
            several = [groups[number] for number in known[channel.name][reference] if number in groups]
            taken += _take(channel, several, who, at, now)
    return taken


async def _ask(channel: ChannelConfig, known: Mapping[str, frozenset[int]], groups: Mapping[int, Group]) -> Answers:
    """Return what people have answered; nothing when the channel cannot be asked, which the log says."""
    try:
        async with asyncio.timeout(SECONDS):
            if channel.kind is ChannelKind.JIRA:
                return await jira.read_closed(channel, known)
            return await pagerduty.read_acknowledgements(channel, min(g.opened_at for g in groups.values()), known)
    except (VendorError, TimeoutError) as error:
        get_run_logger().warning("%s could not be asked for answers: %s", channel.name, error or "it is too slow")
        return {}


def _take(channel: ChannelConfig, groups: Iterable[Group], who: str, at: datetime, now: datetime) -> int:
    """Write down an answer; one that was given before the channel was told anything new does not count any more."""
    taken = 0
    actor = f"{who} in {channel.name}"
    for group in groups:
        told = group.channels.get(channel.name)
        if told is None or told.at is None or at < told.at.replace(microsecond=0):  # vendors tell whole seconds
            continue
        if channel.kind is not ChannelKind.JIRA and group.has_counted(at):
            continue
        with transaction(database()) as session:
            if channel.kind is ChannelKind.JIRA:
                done, action = bool(resolve_group(session, group, actor, now)), "alerts.resolve"
            else:
                done, action = acknowledge(session, group.id, actor, at), "alerts.acknowledge"
            if done:
                write_audit(session, actor, action, f"group {group.id}", {}, "done", now, project=group.project)
            taken += done
    return taken
