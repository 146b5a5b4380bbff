"""What the triggers would have done: shadow mode, and stored history played again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import same_commit, short_name
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.phrases import clock, span
from watchkeeper.domain.production import AliasJob
from watchkeeper.domain.rollback import RollbackPolicy
from watchkeeper.domain.rollback_proposals import TriggerHistory, watched
from watchkeeper.domain.rollback_triggers import Proposal, decide_rollback
from watchkeeper.domain.schedule import Maintenance, current_maintenance
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

OWN_WAY: Final = timedelta(minutes=5)  # from a proposal to production being back, with somebody at hand to approve
LOOKED_BACK: Final = 200  # checks before each one that a decision is made by: two days of quarters of an hour
CALM: Final = frozenset({Verdict.HEALTHY, Verdict.WARNING})


@dataclass(frozen=True, slots=True)
class Fired:
    """One time that the triggers would have fired.

    Attributes:
        is_false: it recovered by itself, or another release failed just the same; None while that is not known.
        ended_at: when the trouble really ended; None while it lasts.
        saved: what going back at once would have spared; nothing for a false one.
        reason: a sentence: how it really ended.
    """

    at: datetime
    proposal: Proposal
    is_false: bool | None
    ended_at: datetime | None
    saved: timedelta
    reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """The triggers over stored history. `window`: from the first check to the last; None when there are no checks."""

    project: str
    window: Window | None
    checks: int
    fired: tuple[Fired, ...]

    @property
    def false(self) -> int:
        return sum(fired.is_false is True for fired in self.fired)

    @property
    def saved(self) -> timedelta:
        return sum((fired.saved for fired in self.fired), timedelta())


@dataclass(frozen=True, slots=True)
class _Story:
    """A proposal, and what really happened: the checks after it, and the history of releases and moves."""

    proposal: Proposal
    at: datetime
    after: Sequence[HealthCheck]
    history: TriggerHistory


def replay(  # noqa: PLR0913, PLR0917 - the history and what it is judged by
    project: str,
    history: TriggerHistory,
    window: Window,
    limits: HealthLimits,
    policy: RollbackPolicy,
    maintenance: Sequence[Maintenance] = (),
) -> Replay:
    """Return what the triggers would have done in `window`, once for each trouble of a release.

    Args:
        history: checks before the window are what decisions are made by, checks after it tell how a trouble ended.
    """
    checks = [check for check in history.checks if check.check_type is CheckType.FULL]
    fired, seen = list[Fired](), set[str]()
    for place, check in enumerate(checks):
        if check.verdict is not Verdict.CRITICAL or (fired and _too_soon(fired[-1], check, policy)):
            continue
        at, known = check.window.end, checks[max(0, place + 1 - LOOKED_BACK) : place + 1]
        held = current_maintenance(maintenance, at)
        decided = decide_rollback(known, limits, watched(policy), history.live_since(check.release), at, held)
        if isinstance(decided, Proposal) and decided.key not in seen:
            seen.add(decided.key)
            fired.append(_fired(_Story(decided, at, checks[place + 1 :], history)))
    own = [check for check in checks if window.contains(check.window.start)]
    looked_at = Window(own[0].window.start, own[-1].window.end) if own else None
    return Replay(project, looked_at, len(own), tuple(each for each in fired if window.start < each.at <= window.end))


def _too_soon(last: Fired, check: HealthCheck, policy: RollbackPolicy) -> bool:
    """Return True for a trouble that has fired already, and within the cooldown after it."""
    lasts = last.ended_at is None or check.window.end <= last.ended_at
    same = _same(last.proposal.release, check.release)
    return (lasts and same) or check.window.end - last.at < policy.cooldown


def _fired(story: _Story) -> Fired:
    ended = _end(story.after)
    if ended is None:
        last = story.after[-1].window.end if story.after else story.at
        reason = f"it still lasts at the end of what is stored, {clock(last)}"
        return Fired(story.at, story.proposal, None, None, max(timedelta(), last - story.at - OWN_WAY), reason)
    at = ended.window.end
    false = _false(story, ended)
    if false:
        return Fired(story.at, story.proposal, is_false=True, ended_at=at, saved=timedelta(), reason=false)
    saved = max(timedelta(), at - story.at - OWN_WAY)
    known = False if ended.release else None  # it may have been the same release all the time
    return Fired(story.at, story.proposal, is_false=known, ended_at=at, saved=saved, reason=_how(story, ended))


def _end(after: Sequence[HealthCheck]) -> HealthCheck | None:
    """Return the first of two calm checks in a row; one that could not see neither ends nor continues anything."""
    known = [check for check in after if check.verdict is not Verdict.UNKNOWN]
    return next((one for one, other in pairwise(known) if {one.verdict, other.verdict} <= CALM), None)


def _false(story: _Story, ended: HealthCheck) -> str:
    """Return why going back would have been wrong; "" when it would not."""
    bad = story.proposal.release
    during = [check for check in story.after if check.window.end < ended.window.end]
    blamed = next((check for check in during if check.blame.fault is Fault.PLATFORM), None)
    if blamed is not None:
        return f"it turned out to be the platform's fault: {blamed.blame.reason}"
    if _same(ended.release, bad):
        return f"it recovered by itself after {span(ended.window.end - story.at)}, on the same release"
    older = [check for check in during if check.verdict is Verdict.CRITICAL and _is_older(check.release, story)]
    if len(older) > 1:
        return f"{short_name(older[-1].release)}, which had served before, failed just the same"
    return ""


def _is_older(release: str, story: _Story) -> bool:
    own, other = story.history.live_since(story.proposal.release), story.history.live_since(release)
    return bool(release) and own is not None and other is not None and other < own


def _how(story: _Story, ended: HealthCheck) -> str:
    back = [m for m in story.history.moves if m.kind == "rollback" and m.job is AliasJob.SUCCEEDED]
    moved = next((m for m in back if story.at - OWN_WAY <= m.requested_at <= ended.window.end), None)
    if moved is not None:
        return f"somebody rolled it back at {clock(moved.requested_at)}"
    return f"release {short_name(ended.release) or 'unknown'} took its place, seen at {clock(ended.window.end)}"


def _same(one: str, other: str) -> bool:
    return one == other or same_commit(one, other)
