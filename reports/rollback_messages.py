"""A way back as Slack shows it: one message that is kept up to date, and a line in its thread for each step."""

from collections.abc import Mapping, Sequence
from typing import Final

from reports import slack
from reports.rollback_words import (
    MARKS,
    asked_by,
    clock,
    commands,
    custody_words,
    evidence_sentences,
    headline,
    notable,
    point_words,
    question,
    runbook,
    sign,
    step_words,
    what,
)
from reports.slack import SlackMessage
from reports.text import sentence
from watchkeeper.domain.rollback import Rollback, RollbackState
from watchkeeper.store.rollbacks import TimelineEntry

MOST_POINTS: Final = 8
MOST_STEPS: Final = 20


def rollback_message(rollback: Rollback, name: str, links: Mapping[str, str]) -> SlackMessage:
    """Return where a way back stands now: the message that is edited at each step.

    Args:
        name: of the project, for people.
        links: URLs by label, in the order they are shown.
    """
    title = f"{sign(rollback)} *{slack.escape(name, 100)}*: {slack.escape(headline(rollback), 400)}"
    paragraphs = [title, _error(rollback), _evidence(rollback), _points(rollback), _question(rollback)]
    blocks = [slack.section(paragraph) for paragraph in paragraphs if paragraph]
    small = [slack.escape(asked_by(rollback), 900), custody_words(rollback), runbook(rollback)]
    blocks += [slack.context([text for text in small if text]), *slack.links_line(links)]
    return slack.slack_message(title.replace("*", ""), blocks)


def steps_message(entries: Sequence[TimelineEntry]) -> SlackMessage:
    """Return what has happened since people were told last, for the thread."""
    lines = [f"`{entry.at:%H:%M:%S}` {slack.escape(step_words(entry), 600)}" for entry in entries]
    text = slack.bullets(lines, MOST_STEPS)
    return slack.slack_message(text, [slack.section(text)])


def reminder_message(rollback: Rollback) -> SlackMessage:
    """Return the reminder at half time, for the thread and the channel."""
    until = f" until {clock(rollback.approve_until)}" if rollback.approve_until else ""
    text = f"⏰ Still waiting for a YES or a NO{until}: {slack.escape(what(rollback), 400)}"
    return slack.slack_message(text, [slack.section(f"{text}\n{_question(rollback)}")])


def news_message(rollback: Rollback, news: str) -> SlackMessage:
    """Return what has changed while an answer is waited for. Whoever says YES now must do so to what is true now."""
    text = f"❗ Something has changed since it was asked: {slack.escape(sentence(news), 900)}"
    if rollback.state is RollbackState.AWAITING_APPROVAL:
        text += " With a YES it is looked at once more, and asked again if it still holds."
    return slack.slack_message(text, [slack.section(text)])


def _error(rollback: Rollback) -> str:
    if not rollback.error:
        return ""
    alternative = rollback.plan.alternative if rollback.plan and rollback.plan.is_blocked else ""
    instead = f"\n*What to do instead.* {slack.escape(sentence(alternative), 600)}" if alternative else ""
    return f"{slack.escape(sentence(rollback.error), 1200)}{instead}"


def _evidence(rollback: Rollback) -> str:
    return "\n".join(slack.escape(line, 700) for line in evidence_sentences(rollback.evidence))


def _points(rollback: Rollback) -> str:
    points = notable(rollback.plan) if rollback.plan else ()
    lines = [f"{MARKS[point.mark]} {slack.escape(point_words(point), 300)}" for point in points]
    return slack.bullets(lines, MOST_POINTS)


def _question(rollback: Rollback) -> str:
    if rollback.state is not RollbackState.AWAITING_APPROVAL:
        return ""
    yes, no = commands(rollback)
    asked = slack.escape(" ".join(question(rollback)), 900)
    return f"{asked}\nPress *Resume* in the Prefect run, or type\n`{yes}`\n`{no}`"
