"""What has become of issues between two looks at them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.issue_events import IssueChange, IssueEvent
from watchkeeper.domain.issues import Issue

REGRESSED, RESOLVED = "regressed", "resolved"


@dataclass(frozen=True, slots=True)
class IssueState:
    """How an issue stood when it was last looked at, in the vendor's words."""

    status: str
    substatus: str


def issue_changes(before: Mapping[str, IssueState], issues: Iterable[Issue], now: datetime) -> tuple[IssueEvent, ...]:
    """Return what has become of the issues: the same looks give the same changes.

    The vendor says when an issue was first seen, but not when it came back or was resolved. It came back when it was
    last seen at the look that found it so; it was resolved by the time of the first look that found it resolved. One
    that was resolved before anybody looked was resolved at a time that nobody knows; so did one appear whose first
    event the vendor leaves out.

    Args:
        before: by the vendor's id; without those that were never looked at.
    """
    return tuple(event for issue in issues for event in _changes(before.get(issue.id), issue, now))


def _changes(before: IssueState | None, issue: Issue, now: datetime) -> list[IssueEvent]:
    events = []
    if issue.first_seen is not None:
        events.append(IssueEvent(issue.id, IssueChange.NEW, issue.first_seen, issue.level))
    if issue.substatus == REGRESSED and (before is None or before.substatus != REGRESSED):
        events.append(IssueEvent(issue.id, IssueChange.REGRESSED, issue.last_seen, issue.level))
    if issue.status == RESOLVED and before is not None and before.status != RESOLVED:
        events.append(IssueEvent(issue.id, IssueChange.RESOLVED, now, issue.level))
    return events
