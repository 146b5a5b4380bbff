"""What every channel says of a digest: sign, headline, one sentence of news, what somebody can do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from shlex import quote
from typing import Final

from reports.proposals import start_command
from reports.text import one_line, sentence
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import AlertStatus, Severity
from watchkeeper.domain.phrases import amount, clock, listed, span

SIGNS: Final[Mapping[Severity, str]] = {Severity.CRITICAL: "🔴", Severity.WARNING: "🟠", Severity.INFO: "🔵"}
RESOLVED_SIGN: Final = "🟢"
TEST: Final = "Test"
LONGEST: Final = 500  # characters of one sentence from outside
_PLAIN: Final = re.compile(r"[A-Za-z0-9_.:/@-]{1,120}")  # what a command may hold as it stands

_RELEASE: Final = re.compile(r"(release:[0-9a-f]{12})[0-9a-f]+")  # enough of a SHA, and short enough to be read


@dataclass(frozen=True, slots=True)
class Action:
    """What somebody can do about a group.

    Attributes:
        id: stable name for machines: `acknowledge`, `silence`, `rollback`.
        label: for people, as on a button.
        command: what to type; `NAME` stands for whoever types it.
        deployment: of the run form that does the same, and `parameters` to fill it in.
    """

    id: str
    label: str
    command: str
    deployment: str
    parameters: Mapping[str, object]


def sign(digest: Digest) -> str:
    return RESOLVED_SIGN if digest.is_resolved else SIGNS[digest.severity]


def headline(digest: Digest) -> str:
    """Return the title as one line, never an empty one; a test says that it is one."""
    title = cut(one_line(digest.title)) or f"{digest.severity.value} alert"
    return f"{TEST}: {title}" if digest.is_test else title


def line_words(line: Line, digest: Digest) -> str:
    """Return the summary of an alert, without the project's name where the headline has it."""
    return sentence(cut(one_line(line.summary).removeprefix(f"{digest.project_name}: ")))


def details(line: Line) -> list[str]:
    """Return the evidence as sentences, without what the summary says already."""
    return [
        sentence(cut(one_line(detail))) for detail in line.details if one_line(detail) not in one_line(line.summary)
    ]


def cut(text: str, most: int = LONGEST) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def standing(digest: Digest) -> str:
    """Return how many alerts there are and since when: `2 firing (1 critical, 1 warning), 1 resolved, since ...`."""
    if digest.is_resolved:
        number = amount(digest.resolved, "alert")
        return f"{number} resolved after {_lasted(digest)}, at {clock(_ended_at(digest))}"
    quiet = f", {digest.quiet:,} more silenced or acknowledged" if digest.quiet else ""
    if digest.firing == 1 and not digest.resolved:
        return f"Since {clock(digest.started_at)}{quiet}"
    counts = ", ".join(f"{number} {severity}" for severity, number in digest.counts if number)
    firing = f"{digest.firing:,} firing{f' ({counts})' if counts else ''}"
    resolved = f", {digest.resolved:,} resolved" if digest.resolved else ""
    return f"{firing}{resolved}{quiet}, since {clock(digest.started_at)}"


def carer(digest: Digest) -> str:
    """Return who works on it; "" once nobody needs to."""
    if digest.is_resolved or digest.is_test:
        return ""
    if digest.assigned_to:
        return f"Assigned to {one_line(digest.assigned_to)}"
    return f"{one_line(digest.acknowledged_by)} is on it" if digest.acknowledged_by else "Nobody is on it yet"


def left_out(digest: Digest) -> str:
    """Return how many alerts are not among the lines; "" when all are."""
    number = digest.firing + digest.resolved - len(digest.lines)
    return f"… and {number:,} more" if number > 0 else ""


def news(digest: Digest) -> str:
    """Return in one or two sentences why this is told now."""
    age = span(digest.at - digest.started_at)
    many = f": {digest.firing:,} firing" if digest.firing > 1 else ""
    said = {
        Reason.FIRST: f"Began {age} ago.",
        Reason.NEW_IN_GROUP: f"New: {_newest(digest)} {digest.firing:,} firing now.",
        Reason.SOME_RESOLVED: f"Resolved: {_gone(digest)} {digest.firing:,} still firing.",
        Reason.ALL_RESOLVED: f"Resolved after {_lasted(digest)}.",
        Reason.REMINDER: f"Still so after {age}{many}. {carer(digest)}.",
        Reason.ESCALATION: f"Please have a look: nobody has taken it on for {age}.",
        Reason.FLAPPING: "It comes and goes too often to be told each time. You hear of it again when it has settled.",
        Reason.ACKNOWLEDGED: f"{_acknowledgement(digest)} No reminders until it changes.",
    }[digest.reason]
    if digest.overridden:
        return f"{said} Something critical is new: the acknowledgement of {one_line(digest.overridden)} is over."
    announced = digest.announced and digest.reason is not Reason.ACKNOWLEDGED and not digest.is_resolved
    return f"{said} {_acknowledgement(digest)}" if announced else said


def _acknowledgement(digest: Digest) -> str:
    """Return who is on what, and where it was said, as in "Ada in pager is on it"."""
    who = one_line(digest.announced or digest.acknowledged_by)
    return f"{who} is on {'a part of it' if is_partly_acknowledged(digest) else 'it'}."


def is_partly_acknowledged(digest: Digest) -> bool:
    """Return whether it is told that somebody is on some groups of a storm and nobody on others."""
    return bool(digest.announced) and not digest.acknowledged_by


def actions(digest: Digest) -> tuple[Action, ...]:
    """Return what can be done about a group, or a storm, that fires; nothing for a test."""
    if digest.is_resolved or digest.is_test or not (digest.group or digest.storm):
        return ()
    found = [] if digest.acknowledged_by else [_acknowledge(digest)]
    if digest.storm:
        return (*found, _silence_storm(digest))
    if digest.project and _PLAIN.fullmatch(digest.cause):
        found.append(_silence(digest))
    if digest.project and digest.release and digest.severity is Severity.CRITICAL:
        found.append(_roll_back(digest))
    return tuple(found)


def _acknowledge(digest: Digest) -> Action:
    what = f"--storm {digest.storm}" if digest.storm else f"{digest.group}"
    target = {"storm": digest.storm} if digest.storm else {"group": digest.group}
    parameters = {"action": "acknowledge", **target}
    return Action(
        "acknowledge", "Take it on", f"watchkeeper alerts ack {what} --as NAME", "alerts/acknowledge", parameters
    )


def _silence_storm(digest: Digest) -> Action:
    command = f"watchkeeper alerts silence --storm {digest.storm} --for 1h --as NAME --comment WHY"
    parameters = {"action": "silence", "storm": digest.storm, "hours": 1}
    return Action("silence", "Quiet for an hour", command, "alerts/silence", parameters)


def _silence(digest: Digest) -> Action:
    release = _RELEASE.fullmatch(digest.cause)
    cause = f"cause=~{release[1]}.*" if release else f"cause={digest.cause}"
    matchers = [f"project={digest.project}", cause]
    shown = " ".join(quote(matcher) for matcher in matchers)
    command = f"watchkeeper alerts silence {shown} --for 1h --as NAME --comment WHY"
    parameters = {"action": "silence", "matchers": matchers, "hours": 1}
    return Action("silence", "Quiet for an hour", command, "alerts/silence", parameters)


def _roll_back(digest: Digest) -> Action:
    command = start_command(digest.project, digest.release)
    reason = f"release {digest.release[:7]} is bad: {one_line(digest.title)}"[:300]
    parameters = {"project": digest.project, "reason": reason, "dry_run": False}
    return Action("rollback", "Prepare a way back", command, "emergency-rollback/manual", parameters)


def _lasted(digest: Digest) -> str:
    return span(_ended_at(digest) - digest.started_at)


def _ended_at(digest: Digest) -> datetime:
    """Return when the last alert ended, which is before it is told."""
    return max((line.resolved_at for line in digest.lines if line.resolved_at), default=digest.at)


def _newest(digest: Digest) -> str:
    firing = [line for line in digest.lines if line.status is AlertStatus.FIRING]
    return line_words(max(firing, key=lambda line: line.since), digest) if firing else "more of the same."


def _gone(digest: Digest) -> str:
    gone = [line_words(line, digest).rstrip(".") for line in digest.lines if line.status is AlertStatus.RESOLVED]
    return sentence(listed(gone, 2)) if gone else f"{amount(digest.resolved, 'alert')}."
