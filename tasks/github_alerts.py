"""GitHub as a channel: an issue for each group, a status on the release's commit, a comment on its pull request."""

import re
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Final

from prefect.logging import get_logger

from blocks.github import GitHub
from reports.alert_texts import github_text
from reports.alert_words import headline
from reports.text import is_web_url
from tasks.credentials import require_block
from watchkeeper.clients.github_issues import IssueText
from watchkeeper.clients.github_releases import CommitState, CommitStatus, GitHubReleasesClient
from watchkeeper.clients.vendor_errors import MessageUnfit, VendorRefused
from watchkeeper.domain.alert_channels import ChannelConfig, GitHubDeed
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Reason

CLOCKS_DIFFER: Final = timedelta(minutes=5)
_SHA: Final = re.compile(r"[0-9a-f]{40}")


async def send(channel: ChannelConfig, digest: Digest, reference: str, _people: Mapping[str, str]) -> str:
    """Do what the channel does; returns the number of the issue, "" for none. Done again it does nothing twice.

    Raises:
        MessageUnfit: there is no repository to write to.
    """
    if not channel.repository:
        what = "the alert belongs to no project that has one" if not digest.project else "its project has none"
        raise MessageUnfit("GitHub", f"{channel.name} names no repository, and {what}: name one in the channel")
    github = await require_block(GitHub, channel.credentials)
    async with github.get_releases_client() as client:
        number = await _issue(client, channel, digest, reference)
        if _SHA.fullmatch(digest.release) and not (digest.is_plain and number):
            await _mark_release(client, channel, digest, is_told=number > 0)
    return str(number) if number else ""


async def _mark_release(client: GitHubReleasesClient, channel: ChannelConfig, digest: Digest, *, is_told: bool) -> None:
    """Mark the release's commit and pull request. People are told by the issue already: a refusal does not undo that.

    Raises:
        VendorError: it could not be done, and there is no issue.
    """
    try:
        await _status(client, channel, digest)
        await _comment(client, channel, digest)
    except VendorRefused as refused:
        if not is_told:
            raise
        get_logger(__name__).warning("%s: the release is not marked: %s.", channel.name, refused)


async def _issue(client: GitHubReleasesClient, channel: ChannelConfig, digest: Digest, reference: str) -> int:
    """Bring the issue of the group up to date, and comment on what has changed, which notifies who follows it."""
    if GitHubDeed.ISSUE not in channel.does:
        return 0
    text = github_text(digest)
    issue = IssueText(_mark(digest), headline(digest), text, ("incident",), digest.is_resolved)
    known = int(reference) if reference.isdecimal() else 0
    number = (await client.save_issue(channel.repository, issue, digest.started_at - CLOCKS_DIFFER, known)).number
    if known and digest.reason is not Reason.FIRST:
        mark = f"{_mark(digest)} {digest.reason} {digest.at.isoformat()}"
        await client.comment_once(channel.repository, number, mark, text, digest.at - CLOCKS_DIFFER)
    return number


async def _status(client: GitHubReleasesClient, channel: ChannelConfig, digest: Digest) -> None:
    if GitHubDeed.STATUS not in channel.does:
        return
    state = CommitState.SUCCESS if digest.is_resolved else CommitState.FAILURE
    url = next((line.url for line in digest.lines if is_web_url(line.url)), "")
    await client.set_status(channel.repository, digest.release, CommitStatus(state, headline(digest), url))


async def _comment(client: GitHubReleasesClient, channel: ChannelConfig, digest: Digest) -> None:
    """Comment once on the pull request that brought the release."""
    if GitHubDeed.COMMENT not in channel.does or digest.is_resolved:
        return
    number = await client.pull_request_of(channel.repository, digest.release)
    if number:
        since = digest.started_at - CLOCKS_DIFFER
        await client.comment_once(channel.repository, number, _mark(digest), github_text(digest), since)


def _mark(digest: Digest) -> str:
    return f"alert {sha256(digest.key.encode()).hexdigest()[:32]}"
