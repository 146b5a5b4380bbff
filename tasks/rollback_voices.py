"""The calls by which people are told of a way back: each is made so that doing it again tells nobody twice."""

from datetime import UTC, datetime

from prefect.runtime import task_run

from blocks.github import GitHub
from blocks.sentry import Sentry
from blocks.slack import Slack
from reports.slack import SlackMessage
from tasks.slack import or_plain
from tasks.vendors import vendor_task
from watchkeeper.clients.base import VendorRefused
from watchkeeper.clients.github_issues import IssueLink, IssueText
from watchkeeper.clients.sentry_releases import Deploy
from watchkeeper.clients.slack import SlackClient


@vendor_task("slack {channel}")
async def keep_message(  # noqa: PLR0913, PLR0917 - where, what and how it is found again
    slack: Slack, channel: str, message: SlackMessage, known: str, mark: str, since: datetime | None
) -> str:
    """Post a message, or edit the one that is there; returns what to name it by, "" for a webhook.

    Args:
        known: what an earlier call returned; "" for none.
        mark: what the message is found by when the answer to posting it was lost.
        since: when it may have been posted first, to look for it; None when it cannot have been.
    """
    async with slack.get_client() as client:
        found = known or await _found(client, channel, mark, since)
        return await or_plain(
            message.blocks, lambda blocks: client.update(channel, found, message.text, blocks, mark), channel
        )


@vendor_task("slack thread {channel}")
async def post_answer(slack: Slack, channel: str, message: SlackMessage, thread: str) -> str:
    """Post into the thread of a message; "" for the channel itself. At least once."""
    async with slack.get_client() as client:
        return await or_plain(
            message.blocks, lambda blocks: client.post(channel, message.text, blocks, thread), channel
        )


@vendor_task("github issue {repository}")
async def save_issue(github: GitHub, repository: str, text: IssueText, since: datetime, number: int) -> IssueLink:
    """Write an issue, or bring the one that is there up to date."""
    async with github.get_issues_client() as client:
        return await client.save_issue(repository, text, since, number)


@vendor_task("github comment {repository}")
async def save_comment(  # noqa: PLR0913, PLR0917 - where, what and how it is found again
    github: GitHub, repository: str, number: int, mark: str, body: str, since: datetime
) -> str:
    """Comment on a pull request, unless that was done before; returns the comment's address."""
    async with github.get_issues_client() as client:
        return await client.comment_once(repository, number, mark, body, since)


@vendor_task("sentry deploy {organization}")
async def save_deploy(sentry: Sentry, organization: str, projects: tuple[str, ...], deploy: Deploy) -> str:
    """Write a deploy down at its release, unless it is there; returns the release's version."""
    async with sentry.get_releases_client() as client:
        return await client.record_deploy(organization, projects, deploy)


async def _found(client: SlackClient, channel: str, mark: str, since: datetime | None) -> str:
    """Return the message that an earlier attempt may have posted; "" where there is none, or nobody may look."""
    attempt = task_run.run_count
    is_repeated = isinstance(attempt, int) and attempt > 1
    if client.is_webhook or (since is None and not is_repeated):
        return ""
    try:
        return await client.find(channel, mark, since or datetime.now(UTC))
    except VendorRefused:
        return ""  # without the scope to read it is posted once more rather than not at all
