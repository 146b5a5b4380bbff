"""What the watch tells of ways back by itself: that one is proposed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import quote as shell_quote
from typing import Any, Final

from reports import slack
from reports.slack import SlackMessage
from reports.text import sentence
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.rollback import Mark, Plan
from watchkeeper.domain.rollback_triggers import Proposal

MOST_REASON: Final = 300
_MOST_POINTS: Final = 6


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a person can do at once. `form`: address of the run form, filled in; "" when there is none."""

    command: str
    form: str = ""


def proposal_content(proposal: Proposal, plan: Plan | None) -> dict[str, Any]:
    """Return what is kept of a proposal, as plain data."""
    warnings = [] if plan is None else [f"{p.name}: {p.reason}" for p in plan.points if p.mark is Mark.WARNING]
    return {
        "key": proposal.key,
        "trigger": proposal.trigger.value,
        "release": proposal.release,
        "since": proposal.since.isoformat(),
        "reason": proposal.reason,
        "summary": plan.summary if plan else "",
        "warnings": warnings,
    }


def start_command(project: str, release: str) -> str:
    """Return the command that starts the way back; it asks for a YES before it changes anything."""
    reason = f"release {_plain(release)} is bad: proposed by the watch"
    return f"watchkeeper rollback start {shell_quote(project)} --no-dry-run --reason {shell_quote(reason)}"


def proposal_message(content: Mapping[str, Any], name: str, prepared: Prepared) -> SlackMessage:
    """Return the alert that going back is proposed. Nothing waits: a person starts it, or nobody does."""
    headline = f"🔴 *{slack.escape(name, 100)}*: going back is proposed"
    reason = slack.escape(sentence(str(content["reason"])), 900)
    since = datetime.fromisoformat(str(content["since"]))
    warnings = [slack.escape(sentence(str(each)), 300) for each in content.get("warnings", ())]
    paragraphs = [
        f"{headline}\n{reason}",
        f"*The plan*: {slack.escape(sentence(str(content['summary'])), 600)}" if content.get("summary") else "",
        f"*To be weighed*\n{slack.bullets(warnings, _MOST_POINTS)}" if warnings else "",
        _way(prepared, "Nothing has been done, and nothing waits. To go back", "it asks for a YES first"),
    ]
    blocks = [slack.section(paragraph) for paragraph in paragraphs if paragraph]
    return slack.slack_message(
        f"{headline}: {reason}".replace("*", ""), [*blocks, slack.context([f"Trouble since {clock(since)}"])]
    )


def _way(prepared: Prepared, lead: str, small: str) -> str:
    form = f"{slack.link(prepared.form, 'open the run, filled in')}, or " if prepared.form else ""
    return f"{lead}: {form}type ({small})\n```{slack.escape(prepared.command, 600).replace('`', '')}```"


def _plain(release: str) -> str:
    """Return the short form of a commit SHA, without what none has in it."""
    return "".join(c for c in release[:7] if c.isascii() and c.isalnum()) or "unknown"
