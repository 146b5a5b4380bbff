"""A digest as Slack shows it: one message that is kept up to date, and a line in its thread for each change."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from reports import slack
from reports.alert_words import SIGNS, actions, carer, details, headline, left_out, line_words, news, sign, standing
from reports.slack import Block, SlackMessage
from reports.text import is_web_url, one_line
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import AlertStatus, Severity

MOST_DETAILS: Final = 3  # sentences below an alert; the others are in the thread
SEEN_FOR: Final = timedelta(hours=1)  # how long a message is taken to be in sight: later an edit goes unseen
LONGEST_DETAIL: Final = 500
_COLORS: Final = {Severity.CRITICAL: "#e01e5a", Severity.WARNING: "#ecb22e", Severity.INFO: "#36c5f0"}
_RESOLVED_COLOR: Final = "#2eb67d"
_PERSON: Final = re.compile(r"[UW][A-Z0-9]{2,}")
_TEAM: Final = re.compile(r"S[A-Z0-9]{2,}")
_SIGNS: Final[Mapping[Reason, str]] = {
    Reason.SOME_RESOLVED: "🟢",
    Reason.ALL_RESOLVED: "🟢",
    Reason.REMINDER: "⏰",
    Reason.ESCALATION: "📣",
    Reason.FLAPPING: "🔁",
    Reason.ACKNOWLEDGED: "👀",
}


def alert_message(digest: Digest, handles: Mapping[str, str], forms: Mapping[str, str]) -> SlackMessage:
    """Return where a group stands now: the message that is edited at each change.

    Args:
        handles: Slack's ids of people, by name.
        forms: addresses of run forms that are filled in, by the id of the action.
    """
    title = f"{sign(digest)} *{slack.escape(headline(digest), 500)}*"
    color = _RESOLVED_COLOR if digest.is_resolved else _COLORS[digest.severity]
    body = [*_alerts(digest), *_small_print(digest, handles), *_actions(digest, forms)]
    return SlackMessage(title.replace("*", ""), [slack.section(title)], (slack.colored(body, color),))


def change_message(digest: Digest, handles: Mapping[str, str], *, is_loud: bool) -> SlackMessage | None:
    """Return what has changed, for the thread; None where the message itself says all there is.

    Args:
        is_loud: the channel sees it, too, without what it answers to: so the headline is repeated.
    """
    if digest.reason is Reason.FIRST:
        return _details(digest)
    words = slack.escape(news(digest), 1500)
    if digest.people and digest.reason is Reason.ESCALATION:
        words = f"{_called(digest, handles)}: {words[0].lower()}{words[1:]}"
    if is_loud:
        about = f"*{slack.escape(headline(digest), 500)}*"
        words = about if digest.is_resolved else f"{about}\n{words}"  # that headline says all of it
    text = f"{_SIGNS.get(digest.reason, sign(digest))} {words}"
    return slack.slack_message(text.replace("*", ""), [slack.section(text)])


def is_loud(digest: Digest, posted_at: datetime) -> bool:
    """Return whether a change must be seen in the channel, too: an edit notifies nobody, an answer only who follows.

    Args:
        posted_at: when the message was posted that is edited.
    """
    match digest.reason:
        case Reason.ESCALATION | Reason.REMINDER:
            return True
        case Reason.NEW_IN_GROUP | Reason.ALL_RESOLVED:
            return digest.severity is Severity.CRITICAL or digest.at - posted_at > SEEN_FOR
        case _:
            return False


def _alerts(digest: Digest) -> list[Block]:
    """Return the alerts, the weightiest first; one that stands alone is the headline already.

    Of what is over only the summary is left: the evidence is in the thread, if there was much, and at its source.
    """
    total = digest.firing + digest.resolved
    if total == 1 and len(digest.lines) == 1:
        text = "" if digest.is_resolved else "\n".join(_below(digest.lines[0]))
        return [slack.section(text)] if text else []
    blocks = [slack.section("\n".join(_lines(line, digest))) for line in digest.lines]
    more = left_out(digest)
    return [*blocks, *([slack.section(more)] if more else [])]


def _lines(line: Line, digest: Digest) -> list[str]:
    words = slack.escape(line_words(line, digest), 500)
    if line.status is AlertStatus.RESOLVED:
        return [f"🟢 ~{words.replace('~', '-')}~"]
    return [f"{SIGNS[line.severity]} {words}", *_below(line)]


def _below(line: Line) -> list[str]:
    shown = [slack.escape(words, LONGEST_DETAIL) for words in details(line)[:MOST_DETAILS]]
    closer = slack.link(line.url, "Look closer") if is_web_url(line.url) else ""
    links = " · ".join(filter(None, (closer, _runbook(line.runbook))))
    return [*shown, *([links] if links else [])]


def _runbook(place: str) -> str:
    """Return the runbook as a link, or where it lies: those of the house are files that came with it."""
    if not place or is_web_url(place):
        return slack.link(place, "What to do") if place else ""
    return f"What to do: `{slack.escape(place, 300).replace('`', '')}`"


def _small_print(digest: Digest, handles: Mapping[str, str]) -> list[Block]:
    called = f"Called: {_called(digest, handles)}" if digest.people and not digest.is_resolved else ""
    texts = [slack.escape(standing(digest)), slack.escape(carer(digest)), called]
    return [slack.context([text for text in texts if text])]


def _actions(digest: Digest, forms: Mapping[str, str]) -> list[Block]:
    """Return what can be done, as a link to its form where there is one, and as a command.

    Links and not buttons: Slack marks a clicked button with a warning where no one answers its event.
    """
    lines = [
        f"{slack.link(forms.get(action.id, ''), action.label)}: `{slack.escape(action.command, 600).replace('`', '')}`"
        for action in actions(digest)
    ]
    return [slack.context(["\n".join(lines)])] if lines else []


def _details(digest: Digest) -> SlackMessage | None:
    """Return the evidence that the message has no room for."""
    blocks = []
    for line in digest.lines:
        more = [slack.escape(words, LONGEST_DETAIL) for words in details(line)[MOST_DETAILS:]]
        if more:
            head = f"*{slack.escape(line_words(line, digest), 500)}*"
            blocks.append(slack.section("\n".join([head, slack.bullets(more, 20)])))
    return slack.slack_message("More evidence", blocks) if blocks else None


def _called(digest: Digest, handles: Mapping[str, str]) -> str:
    return ", ".join(_mention(name, handles.get(name, "")) for name in digest.people)


def _mention(name: str, handle: str) -> str:
    """Return what notifies a person or a group; the bare name where Slack's id is not known."""
    if _PERSON.fullmatch(handle):
        return f"<@{handle}>"
    return f"<!subteam^{handle}>" if _TEAM.fullmatch(handle) else slack.escape(one_line(name), 100)
