"""Groups of errors of one cause, and which of them matter to a verdict (source: Sentry)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.phrases import amount
from watchkeeper.domain.redaction import shortened
from watchkeeper.domain.verdicts import Evidence, Finding, Verdict
from watchkeeper.domain.windows import Window

SEVERAL_EVENTS, SEVERAL_USERS = 5, 3  # from which an issue is more than a curiosity
WIDE = 1_000  # ... and one in so many requests, so that a busy product does not wake anyone for a trifle
SHOWN = 3  # issues told by name
TITLE = 120  # characters of a title that are told


class IssueLevel(StrEnum):
    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    UNKNOWN = "unknown"

    @property
    def is_grave(self) -> bool:
        return self in {IssueLevel.FATAL, IssueLevel.ERROR}


@dataclass(frozen=True, slots=True)
class Issue:
    """A group of errors of one cause.

    Attributes:
        project: the vendor's project slug.
        status: resolved, unresolved, ignored or unknown; `substatus` new, regressed, escalating, ongoing ... or "".
        count, users: events since it was first seen and people affected, over its whole life; None where the vendor
            does not say, as with `first_seen`.
        last_seen: or the start of the range in which it was seen, where the vendor does not say when.
        recent_count, recent_users: of the range that was asked for; None where the vendor does not say.
    """

    id: str
    short_id: str
    project: str
    title: str
    culprit: str
    level: IssueLevel
    status: str
    substatus: str
    count: int | None
    users: int | None
    first_seen: datetime | None
    last_seen: datetime
    url: str
    is_unhandled: bool = False
    recent_count: int | None = None
    recent_users: int | None = None

    @property
    def lately(self) -> tuple[int, int]:
        """Return events and people of the range that was asked for, of the whole life where that is not known.

        Where neither is known, one: it would not be there without an event.
        """
        count = self.count if self.recent_count is None else self.recent_count
        users = self.users if self.recent_users is None else self.recent_users
        return 1 if count is None else count, 1 if users is None else users


def new_issues(issues: Iterable[Issue], window: Window) -> tuple[Issue, ...]:
    """Return the issues first seen in the window, by the vendor's own time, those with most events first."""
    return _by_weight(issue for issue in issues if issue.first_seen and window.contains(issue.first_seen))


def regressed_issues(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return the issues that were resolved and came back, those with most events first."""
    return _by_weight(issue for issue in issues if issue.substatus == "regressed")


def told_issues(issues: Iterable[Issue], window: Window) -> tuple[tuple[str, Issue], ...]:
    """Return ("new" or "regressed", issue) for each that showed itself in the window for the first time, or again."""
    seen = {issue.id: issue for issue in issues if issue.status not in {"resolved", "ignored"}}.values()
    new = new_issues(seen, window)
    again = [i for i in regressed_issues(seen) if window.contains(i.last_seen) and i not in new]
    return (*(("new", issue) for issue in new), *(("regressed", issue) for issue in again))


def issue_findings(issues: Iterable[Issue], window: Window, total: int) -> list[Finding]:
    """Return what the issues of the window say: grave ones with several events or people warn, the rest are notes.

    Args:
        total: requests or sessions in the window; 0 when not known.
    """
    told = told_issues(issues, window)
    findings = [_finding(kind, issue, total) for kind, issue in told]
    grave = [finding for finding in findings if finding.verdict is Verdict.WARNING]
    notes = [finding for finding in findings if finding.verdict is Verdict.HEALTHY]
    shown = [*grave[:SHOWN], *notes[: max(0, SHOWN - len(grave))]]
    if len(findings) > len(shown):
        rest = amount(len(findings) - len(shown), "more issue")
        shown.append(Finding(Verdict.HEALTHY, f"{rest} showed up in the window"))
    return shown


def issue_evidence(issues: Iterable[Issue], window: Window) -> tuple[Evidence, ...]:
    """Return the issues that are told as links, with their events."""
    told = told_issues(issues, window)[:SHOWN]
    return tuple(
        Evidence(f"{kind} issue {issue.short_id or issue.id}", *_counted(issue), issue.url) for kind, issue in told
    )


def _counted(issue: Issue) -> tuple[int | str, str]:
    """Return how many events and of what time, for people."""
    if issue.count is None:
        return "unknown", "events"
    return issue.count, "events since it was first seen"


def _by_weight(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    return tuple(sorted(issues, key=lambda issue: (not issue.level.is_grave, *weight(issue), issue.id)))


def weight(issue: Issue) -> tuple[int, int]:
    """Return what sorts the issues with most events and people first; those whose number is not known come last."""
    return -(issue.count or 0), -(issue.users or 0)


def _finding(kind: str, issue: Issue, total: int) -> Finding:
    events, users = issue.lately  # what an old issue has in its life says nothing of the window
    several = events >= max(SEVERAL_EVENTS, total // WIDE) or users >= max(SEVERAL_USERS, total // WIDE)
    verdict = Verdict.WARNING if several and issue.level.is_grave else Verdict.HEALTHY
    return Finding(verdict, f"{kind} issue: {_named(issue)}", 65 if verdict is Verdict.WARNING else 100)


def _named(issue: Issue) -> str:
    return f"{issue.short_id or issue.id} {shortened(issue.title, TITLE)} ({issue.level}, {how_often(issue)})"


def how_often(issue: Issue) -> str:
    """Return how often it has happened and to how many, for people: over its life, and lately where that is less."""
    if issue.count is None and issue.recent_count is None:
        return "an unknown number of events"
    if issue.count is None:
        return f"{amount(issue.recent_count or 0, 'event')} lately"
    people = f", {issue.users:,} {'person' if issue.users == 1 else 'people'}" if issue.users else ""
    recent = issue.recent_count
    lately = f", {recent:,} of them lately" if recent is not None and recent < issue.count else ""
    return f"{amount(issue.count, 'event')}{lately}{people}"
