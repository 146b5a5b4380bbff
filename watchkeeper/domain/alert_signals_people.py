"""Signals of what waits for people: issues, ways back, custody."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_facts import STALE, AlertFacts, IssueLife, cause_of
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import labels_of
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.error_categories import categorise
from watchkeeper.domain.issues import TITLE, Issue, how_often
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.redaction import shortened
from watchkeeper.domain.rollback import Outcome, Rollback, RollbackKind, RollbackState
from watchkeeper.domain.verdicts import Component, Verdict

DAY: Final = timedelta(days=1)
NEW_FOR: Final = timedelta(days=7)  # an issue that nobody has resolved by then is no news any more
_MINUTE: Final = timedelta(minutes=1)
_NOT_CURED: Final = frozenset({Outcome.NOT_CURED, Outcome.NOT_MOVED})


def new_issue(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the events of each grave issue that is new and that people still meet."""
    return (
        _issue(facts, life, "new_issue", now) for life in facts.issues if life.is_new and _is_live(facts, life, now)
    )


def regressed_issue(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the events of each grave issue that had been resolved and came back."""
    lives = (life for life in facts.issues if not life.is_new and _is_live(facts, life, now))
    return (_issue(facts, life, "regressed_issue", now) for life in lives)


def rollback_waiting(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the minutes that somebody has been asked for a YES; 0 when nobody is."""
    asked = facts.way_back_at(now)
    if asked is None or asked.state is not RollbackState.AWAITING_APPROVAL:
        yield Signal(facts.project, "rollback_waiting", 0.0, now)
        return
    since = asked.approve_until - asked.approval_timeout if asked.approve_until else asked.requested_at
    told = f"{_named(asked)} waits for a YES since {clock(since)}"
    details = (told, asked.reason, f"to answer: watchkeeper rollback approve {asked.id} --as NAME --follow")
    yield Signal(
        facts.project,
        "rollback_waiting",
        max(0.0, (now - since) / _MINUTE),
        now,
        details=tuple(filter(None, details)),
        release=asked.from_sha,
    )


def rollback_not_cured(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield whether the last way back of the last day has failed, or has not helped, and the trouble goes on."""
    last = facts.way_back_at(now)
    failed = last is not None and (last.outcome in _NOT_CURED or last.state is RollbackState.FAILED)
    if last is None or not failed or not _goes_on(facts, last, now):
        yield Signal(facts.project, "rollback_not_cured", 0.0, now)
        return
    what = "has not helped" if last.outcome is Outcome.NOT_CURED else "has failed"
    details = (f"{_named(last)} {what}", last.error, last.reason)
    told = tuple(filter(None, details))
    yield Signal(facts.project, "rollback_not_cured", 1.0, now, details=told, release=last.from_sha)


def rollback_expired(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield whether nobody has answered the last way back of the last day in time, and the trouble goes on."""
    last = facts.way_back_at(now)
    if last is None or last.state is not RollbackState.EXPIRED or not _goes_on(facts, last, now):
        yield Signal(facts.project, "rollback_expired", 0.0, now)
        return
    what = f"nobody has answered {_named(last)} in time: it has expired, and production was not touched"
    told = tuple(filter(None, (what, last.reason, f"to ask again: watchkeeper rollback {_again(last)}")))
    yield Signal(facts.project, "rollback_expired", 1.0, now, details=told, release=last.from_sha)


def in_custody(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield whether new builds do not go live since a rollback, and how to end that."""
    if Component.DELIVERY not in facts.components:
        return
    check, ours = facts.check_at(now), facts.custody
    if check is None and ours is None:
        yield Signal(facts.project, "in_custody", None, now)
        return
    if ours is None and not (check and check.in_custody):
        yield Signal(facts.project, "in_custody", 0.0, now)
        return
    held = short_name(ours.to_sha) if ours and ours.to_sha else short_name(check.release) if check else ""
    told = f"production is held at {f'release {held}' if held else 'an earlier release'}: new builds do not go live"
    way_out = f"to let the newest build go live: watchkeeper rollback promote {facts.project}"
    yield Signal(facts.project, "in_custody", 1.0, now, details=(told, way_out), release=ours.from_sha if ours else "")


def _goes_on(facts: AlertFacts, last: Rollback, now: datetime) -> bool:
    """Return True for a day after a way back has ended, unless all that was seen since its end is well."""
    over, check = last.finished_at, facts.check_at(now)
    if over is None or now - over > DAY:
        return False
    return check is None or check.verdict is not Verdict.HEALTHY or check.window.start < over


def _is_live(facts: AlertFacts, life: IssueLife, now: datetime) -> bool:
    """Return True while the issue is news: nobody has resolved it, and somebody has met it lately.

    Lately is within a day, and within two checks when the release that it began with has been replaced.
    """
    replaced = _served_since(facts, now)
    quiet_after = STALE if replaced is not None and life.since < replaced else DAY
    is_over = life.until is not None and life.until <= now
    return life.since <= now < min(life.since + NEW_FOR, life.issue.last_seen + quiet_after) and not is_over


def _served_since(facts: AlertFacts, now: datetime) -> datetime | None:
    """Return since when production serves what it serves now; None when that is not known."""
    if facts.custody is not None:
        return facts.custody.finished_at
    check = facts.check_at(now)
    if check is None or not check.release:
        return None
    return max(
        (d.created_at for d in facts.deployments if d.sha == check.release and d.created_at <= now), default=None
    )


def _issue(facts: AlertFacts, life: IssueLife, name: str, now: datetime) -> Signal:
    issue = life.issue
    told = f"{issue.short_id or issue.id} {shortened(issue.title, TITLE)}"
    kind = categorise(issue.title).words
    met = ", ".join(filter(None, (issue.level, kind, how_often(issue), _first_seen(issue))))
    labels = labels_of(issue=issue.short_id or issue.id, level=issue.level.value)
    cause = cause_of(facts.check_at(now))
    events = float(_events(issue))
    return Signal(facts.project, name, events, now, labels, details=(told, met), cause=cause, url=issue.url)


def _events(issue: Issue) -> int:
    """Return the events since the issue was first seen: one at least, or it would not be there."""
    return 1 if issue.count is None else issue.count


def _first_seen(issue: Issue) -> str:
    return f"first seen {clock(issue.first_seen)}" if issue.first_seen else "first seen at an unknown time"


def _again(rollback: Rollback) -> str:
    """Return what to type to ask for the same once more."""
    match rollback.kind:
        case RollbackKind.PROMOTE:
            return f"promote {rollback.project}"
        case RollbackKind.UNDO:
            return f"undo {rollback.undoes}"
    return f'start {rollback.project} --no-dry-run --reason "..."'


def _named(rollback: Rollback) -> str:
    kind = "the rollback" if rollback.kind is RollbackKind.ROLLBACK else f"the {rollback.kind.value}"
    return f"{kind} {rollback.id} to {short_name(rollback.to_sha)}" if rollback.to_sha else f"{kind} {rollback.id}"
