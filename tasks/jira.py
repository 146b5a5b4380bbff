"""Jira: groups of alerts as issues there, and which of those people have closed."""

import asyncio
from collections.abc import Collection, Mapping
from datetime import datetime

from blocks.jira import Jira
from reports.jira import PRIORITIES, is_milder, issue_comment, issue_draft
from tasks.credentials import require_block
from watchkeeper.clients.jira import IssueDraft, JiraClient
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_tickets import FIRES_AGAIN, Ticket, TicketMove, decide_ticket


async def send(channel: ChannelConfig, digest: Digest, reference: str, people: Mapping[str, str]) -> str:
    """Make the issue of a group, or bring it up to date, and return its key; "" when a group ended without one."""
    jira = await require_block(Jira, channel.credentials)
    async with jira.get_client() as client:
        return await track(client, channel, digest, reference, people)


async def read_closed(channel: ChannelConfig, keys: Collection[str]) -> Mapping[str, tuple[str, datetime]]:
    """Return by key which of these issues people have closed in Jira: who did, and when; not what we closed ourselves.

    Args:
        keys: what `send` returned for the groups that are open.
    """
    if not keys:
        return {}
    jira = await require_block(Jira, channel.credentials)
    async with jira.get_client() as client:
        return await closed_by_people(client, keys)


async def closed_by_people(client: JiraClient, keys: Collection[str]) -> Mapping[str, tuple[str, datetime]]:
    """Return what `read_closed` does by an open client; each issue is asked for itself, because the search lags."""
    tickets = await asyncio.gather(*(client.ticket(key) for key in keys))
    return {
        key: (ticket.moved_by, ticket.moved_at)
        for key, ticket in zip(keys, tickets, strict=True)
        if ticket and ticket.is_closed and ticket.moved_by and ticket.moved_at
    }


async def track(
    client: JiraClient, channel: ChannelConfig, digest: Digest, reference: str, people: Mapping[str, str]
) -> str:
    """Do what `send` does by an open client; doing the same again changes nothing."""
    draft = issue_draft(channel, digest)
    ticket = await _ticket(client, draft, reference)
    if ticket is None:
        return "" if digest.is_resolved else await client.create(draft)
    await _update(client, channel, digest, ticket, people)
    return ticket.key


async def _ticket(client: JiraClient, draft: IssueDraft, reference: str) -> Ticket | None:
    """Return the issue that the reference names, or else, where it is gone or never came back, the one so marked."""
    ticket = await client.ticket(reference) if reference else None
    if ticket is None and (key := await client.find(draft.project, draft.mark)):
        ticket = await client.ticket(key)
    return ticket


async def _update(
    client: JiraClient, channel: ChannelConfig, digest: Digest, ticket: Ticket, people: Mapping[str, str]
) -> None:
    decision = decide_ticket(ticket, digest)
    await client.comment_once(ticket.key, issue_comment(digest, people, decision.reason), digest.at)
    wanted = PRIORITIES[digest.severity]
    if digest.reason in FIRES_AGAIN and is_milder(ticket.priority, wanted):
        await client.set_priority(ticket.key, wanted)
    if decision.move is not TicketMove.STAY:
        await client.move(ticket.key, _transitions(channel)[decision.move])


def _transitions(channel: ChannelConfig) -> Mapping[TicketMove, str]:
    return {TicketMove.CLOSE: channel.resolve_transition, TicketMove.REOPEN: channel.reopen_transition}
