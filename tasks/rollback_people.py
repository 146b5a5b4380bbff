"""Tells people of a way back: a message in Slack with a thread, an incident at GitHub, the releases at Sentry.

Each of them is tried for itself at every step, and none holds up the way back. What came of it is noted in the row:
what was told is not told again, what could not be told is tried again at the next step.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from prefect import get_run_logger
from prefect.artifacts import acreate_markdown_artifact

from blocks.github import GitHub
from blocks.sentry import Sentry
from blocks.slack import Slack
from reports.rollback import issue_text, issue_title, plan_text, pull_request_comment
from reports.rollback_messages import news_message, reminder_message, rollback_message, steps_message
from reports.slack import SlackMessage
from tasks.asking import ask_with
from tasks.rollback_plan import fetch_changes
from tasks.rollback_voices import keep_message, post_answer, save_comment, save_deploy, save_issue
from tasks.store import database
from watchkeeper.clients.github_issues import IssueLink, IssueText
from watchkeeper.clients.sentry_releases import Deploy
from watchkeeper.config import Project
from watchkeeper.domain.rollback import Rollback, RollbackKind, RollbackState
from watchkeeper.domain.rollback_changes import Changes
from watchkeeper.domain.verdicts import Missing
from watchkeeper.store import rollbacks
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollbacks import RollbackChanges

TOLD: Final = "told"  # the key of the state that people were told of
CLOCKS_DIFFER: Final = timedelta(hours=1)
_ACTOR: Final = "watchkeeper"
# From here on production may have changed, which makes it an incident that others must find.
_IS_INCIDENT: Final = frozenset(
    {
        RollbackState.EXECUTING,
        RollbackState.VERIFYING,
        RollbackState.SUCCEEDED,
        RollbackState.FAILED,
        RollbackState.UNDONE,
    }
)


async def tell_rollback(project: Project, rollback: Rollback, links: Mapping[str, str] | None = None) -> Rollback:
    """Tell people where a way back stands, wherever the project has a place for it; return it with what was noted.

    Args:
        links: URLs by label, beside those that are known of it; as that of the run.
    """
    shown = {**(links or {}), **links_of(rollback)}
    several = await asyncio.gather(
        _tell_slack(project, rollback, shown), _tell_github(project, rollback, shown), _tell_sentry(project, rollback)
    )
    notes = {place: told for each in several for place, told in each.items()}
    for place, told in notes.items():
        if told.startswith("not told"):
            get_run_logger().warning("Rollback %s, %s: %s.", rollback.id, place, told)
    return _note(rollback.id, {}, {**notes, TOLD: rollback.state.value})


async def remind_of_rollback(project: Project, rollback: Rollback) -> None:
    """Remind those who may answer, in the thread of the question."""
    await _answer(project, rollback, reminder_message(rollback))


async def tell_rollback_news(project: Project, rollback: Rollback, news: str) -> None:
    """Tell those who are asked what has changed since, in the thread of the question."""
    await _answer(project, rollback, news_message(rollback, news))


async def show_rollback_plan(project: Project, rollback: Rollback) -> None:
    """Write the plan as the newest version of the artifact `rollback-<project>`."""
    await acreate_markdown_artifact(
        key=f"rollback-{rollback.project}",
        markdown=plan_text(rollback, project.name),
        description=f"Rollback {rollback.id} of {project.name}: {rollback.state.replace('_', ' ')}",
    )


def links_of(rollback: Rollback) -> dict[str, str]:
    """Return the addresses that are known of a way back, by label."""
    plan, evidence = rollback.plan, rollback.evidence
    found = {
        "incident": rollback.github_issue,
        "errors": evidence.url if evidence else "",
        "what served": plan.serving.inspector_url if plan and plan.serving else "",
        "the target": plan.target.inspector_url if plan and plan.target else "",
    }
    return {label: url for label, url in found.items() if url}


# --- Slack


async def _tell_slack(project: Project, rollback: Rollback, links: Mapping[str, str]) -> dict[str, str]:
    """Keep the message of a way back up to date, and put what has happened since into its thread."""
    channel = rollback.slack_channel or project.slack_channel
    if not channel:
        return {}
    was_tried = "slack" in rollback.notes
    if not was_tried:
        _note(rollback.id, {}, {"slack": "about to be told"})
    since = rollback.requested_at if was_tried and not rollback.slack_thread else None
    message = rollback_message(rollback, project.name, links)
    thread: str | Missing = await ask_with(
        Slack,
        project.slack_credentials,
        lambda block: keep_message(
            block, channel, message, rollback.slack_thread, f"rollback-{rollback.id}", since, return_state=True
        ),
    )
    if isinstance(thread, Missing):
        return {"slack": f"not told: {thread.reason}"}
    if thread != rollback.slack_thread:
        _note(rollback.id, {"slack_channel": channel, "slack_thread": thread}, {})
    return {"slack": f"told, {rollback.state}", **await _tell_steps(project, rollback, channel, thread)}


async def _tell_steps(project: Project, rollback: Rollback, channel: str, thread: str) -> dict[str, str]:
    with reading(database()) as session:
        entries = [entry for entry in rollbacks.timeline(session, rollback.id) if entry.sentence]
    known = int(rollback.notes.get("slack_steps", "0"))
    if not thread or len(entries) <= known:
        return {}
    message = steps_message(entries[known:])
    posted = await ask_with(
        Slack,
        project.slack_credentials,
        lambda block: post_answer(block, channel, message, thread, return_state=True),
    )
    return {} if isinstance(posted, Missing) else {"slack_steps": str(len(entries))}


async def _answer(project: Project, rollback: Rollback, message: SlackMessage) -> None:
    """Post into the thread; where there is none, into the channel."""
    channel = rollback.slack_channel or project.slack_channel
    if not channel:
        return
    posted = await ask_with(
        Slack,
        project.slack_credentials,
        lambda block: post_answer(block, channel, message, rollback.slack_thread, return_state=True),
    )
    if isinstance(posted, Missing):
        get_run_logger().warning("Rollback %s: nobody was reminded: %s.", rollback.id, posted.reason)


# --- GitHub


async def _tell_github(project: Project, rollback: Rollback, links: Mapping[str, str]) -> dict[str, str]:
    """Keep the incident up to date, and comment on the pull request that broke it."""
    place = project.github
    is_incident = rollback.state in _IS_INCIDENT and rollback.kind is RollbackKind.ROLLBACK and not rollback.dry_run
    if place is None or not is_incident:
        return {}
    with reading(database()) as session:
        timeline, answers = rollbacks.timeline(session, rollback.id), rollbacks.answers(session, rollback.id)
    text = IssueText(
        mark=f"rollback {rollback.id} of {rollback.project}",
        title=issue_title(rollback, project.name),
        body=issue_text(rollback, timeline, answers, links),
        labels=("incident",),
        is_closed=rollback.state is RollbackState.UNDONE,
    )
    since, number = rollback.requested_at - CLOCKS_DIFFER, int(rollback.notes.get("issue", "0"))
    saved: IssueLink | Missing = await ask_with(
        GitHub,
        project.credentials,
        lambda block: save_issue(block, place.repository, text, since, number, return_state=True),
    )
    if isinstance(saved, Missing):
        return {"github": f"not told: {saved.reason}"}
    if saved.url != rollback.github_issue:
        _note(rollback.id, {"github_issue": saved.url}, {})
    told = {"github": f"told, {rollback.state}", "issue": str(saved.number)}
    return {**told, **await _comment(project, rollback, {**links, "incident": saved.url})}


async def _comment(project: Project, rollback: Rollback, links: Mapping[str, str]) -> dict[str, str]:
    """Say at the pull request that brought the release what became of it; once, when production has moved."""
    place, key = project.github, "pull_request"
    is_due = rollback.moved_at is not None and rollback.from_sha and rollback.to_sha
    if place is None or not is_due or rollback.notes.get(key, "").startswith("http"):
        return {}
    changes: Changes | Missing = await ask_with(
        GitHub,
        project.credentials,
        lambda block: fetch_changes(block, place.repository, rollback.to_sha, rollback.from_sha, return_state=True),
    )
    if isinstance(changes, Missing):
        return {key: f"not told: {changes.reason}"}
    brought = [pull for pull in changes.pull_requests if pull.merge_sha == rollback.from_sha]
    pull = next(iter((*brought, *changes.pull_requests)), None)
    if pull is None:
        return {key: "the release came by no pull request"}
    mark, body = f"rollback {rollback.id}", pull_request_comment(rollback, project.name, links)
    since = rollback.requested_at - CLOCKS_DIFFER
    url: str | Missing = await ask_with(
        GitHub,
        project.credentials,
        lambda block: save_comment(block, place.repository, pull.number, mark, body, since, return_state=True),
    )
    return {key: f"not told: {url.reason}" if isinstance(url, Missing) else url}


# --- Sentry


async def _tell_sentry(project: Project, rollback: Rollback) -> dict[str, str]:
    """Write down at the release that serves again that it was deployed; once."""
    place, moved_at, key = project.sentry, rollback.moved_at, "sentry"
    if place is None or moved_at is None or not rollback.to_sha or rollback.notes.get(key, "").startswith("deploy of"):
        return {}
    deploy = Deploy(
        sha=rollback.to_sha,
        environment=place.environment,
        name=f"watchkeeper {rollback.kind} #{rollback.id}",
        url=rollback.github_issue,
        started_at=rollback.move_started_at or moved_at,
        finished_at=moved_at,
    )
    version: str | Missing = await ask_with(
        Sentry,
        project.credentials,
        lambda block: save_deploy(block, place.organization, place.projects, deploy, return_state=True),
    )
    return {key: f"not told: {version.reason}" if isinstance(version, Missing) else f"deploy of {version}"}


def _note(rollback: int, changes: RollbackChanges, notes: Mapping[str, str]) -> Rollback:
    """Write down what was told, beside what is noted already, and return the way back as it stands."""
    with transaction(database()) as session:
        kept = rollbacks.rollback(session, rollback)
        if kept is None:
            raise rollbacks.UnknownRollback(rollback)
        new: RollbackChanges = {**changes, "notes": {**kept.notes, **notes}}
        rollbacks.record(session, rollback, new, _ACTOR, "", datetime.now(UTC))
        return rollbacks.rollback(session, rollback) or kept
