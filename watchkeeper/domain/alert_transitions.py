"""Whether a channel is told something of a group now, and why.

| what is so | reason | when |
| --- | --- | --- |
| a step of an escalation is due | escalation | at once |
| an alert begins to change too often | flapping | at once |
| all that it knew of is resolved | all resolved | after the group interval |
| something holds that it does not know of | first, or new in group | after the group wait, or the group interval |
| some of what it knew of is resolved | some resolved | after the group interval |
| something critical overrides an acknowledgement | first, or new in group | at once |
| somebody has acknowledged | acknowledged | at once; so is a channel that did not take the first |
| nothing has happened, nobody has acknowledged | reminder | after the repeat interval |

The first line that holds is the reason; whatever is told, it is all that there is to tell. A channel that has refused
a message is told again after a pause, but for an escalation. Intervals are counted from when the channel was last told
anything of the group, so that a change of a quiet group is told at once. The first critical alert of a milder group
waits for the group wait only. The end waits for the interval as well: what was resolved and holds again within it is
told neither way.
"""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_escalation import Step
from watchkeeper.domain.alert_grouping import NOTHING, Gathering
from watchkeeper.domain.alert_groups import Group, Reason, Told
from watchkeeper.domain.alert_scene import Scene
from watchkeeper.domain.alert_values import Severity

NEVER: Final = datetime.max.replace(tzinfo=UTC)
REFUSED_PAUSE: Final = timedelta(minutes=15)  # until a channel is told again what it has refused
REMIND_OF_INFO: Final = timedelta(hours=24)  # at the earliest, of a group in which nothing is worse than info


@dataclass(frozen=True, slots=True)
class Transition:
    """What one channel is told of one group.

    Attributes:
        told: what it knew before.
        firing: fingerprints that it knows to be firing afterwards; new and gone: what it did not know of either.
        step: of the escalation, with reason `ESCALATION` only.
        overridden: whose acknowledgement does not count any more; "" for nobody's.
    """

    channel: str
    reason: Reason
    told: Told
    firing: frozenset[str]
    new: frozenset[str] = NOTHING
    gone: frozenset[str] = NOTHING
    step: Step | None = None
    overridden: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Attributes: transition: what is told now, None for nothing; due_at: when there will be something; None: never."""

    transition: Transition | None = None
    due_at: datetime | None = None


def decide(gathering: Gathering, channel: str, last: datetime | None, step: Step | None, scene: Scene) -> Outlook:
    """Return what a channel is told.

    Args:
        last: when the channel was last told anything of the group, or of the storm that it belongs to.
        step: of the escalation, when one is due.
    """
    group = gathering.group
    told = group.channels.get(channel, Told())
    wanted = gathering.wanted.get(channel, NOTHING)
    gone = frozenset(f for f in told.firing if not _lasts(f, scene))
    flaps = frozenset(f for f in gathering.flapping.get(channel, ()) if _must_notice(f, told, scene))
    called = step is not None and channel in step.channels
    hears_all = called or channel in gathering.owners
    new = frozenset((wanted | (gathering.may_tell if hears_all else NOTHING)) - told.firing) | (flaps - told.firing)
    firing = (told.firing - gone) | new
    is_news = _is_unaware(group, told) and not firing <= scene.quiet
    is_urgent = is_news or bool(gathering.overridden and new)
    reason = Reason.ESCALATION if called else Reason.FLAPPING if flaps else _change(told, new, gone, firing)
    if reason is Reason.FIRST and channel in group.channels and _was_acknowledged(group, new, scene):
        reason = Reason.ACKNOWLEDGED
    if reason is not Reason.ESCALATION and told.retry_at is not None and _is_held(told.retry_at, scene.now):
        return Outlook(due_at=told.retry_at if reason or is_news else None)
    ready_at = min(_ready_at(group, told, last, scene), _grave_at(told, new, scene))
    remind_at = _remind_at(group, scene.now, (wanted | new) & firing, scene)
    if reason in {Reason.ESCALATION, Reason.FLAPPING} or (reason and (is_urgent or ready_at <= scene.now)):
        overridden = gathering.overridden if new else ""
        change = Transition(channel, reason, told, firing, new, gone, step if called else None, overridden)
        return Outlook(change, remind_at)
    if reason:
        return Outlook(due_at=ready_at)
    if is_news:
        return Outlook(Transition(channel, Reason.ACKNOWLEDGED, told, firing))
    due_at = _remind_at(group, last, wanted & told.firing, scene)
    if due_at is not None and due_at <= scene.now:
        return Outlook(Transition(channel, Reason.REMINDER, told, told.firing), remind_at)
    return Outlook(due_at=due_at)


def _change(told: Told, new: AbstractSet[str], gone: AbstractSet[str], firing: AbstractSet[str]) -> Reason | None:
    if gone and not firing:
        return Reason.ALL_RESOLVED
    if new:
        return Reason.NEW_IN_GROUP if told.sequence else Reason.FIRST
    return Reason.SOME_RESOLVED if gone else None


def _was_acknowledged(group: Group, new: AbstractSet[str], scene: Scene) -> bool:
    """Return whether somebody has acknowledged all of this: a channel that did not take it in time calls nobody now."""
    at = group.acknowledged_at
    return at is not None and all((scene.alerts[f].fired_at or scene.alerts[f].started_at) <= at for f in new)


def _is_held(retry_at: datetime, now: datetime) -> bool:
    """Return whether the pause lasts; a clock that was put back makes it no longer."""
    return now < retry_at <= now + REFUSED_PAUSE


def _lasts(fingerprint: str, scene: Scene) -> bool:
    """Return whether an alert that was told is still to be thought of as firing."""
    alert = scene.alerts.get(fingerprint)
    return alert is not None and (alert.is_firing or alert.is_flapping)


def _must_notice(fingerprint: str, told: Told, scene: Scene) -> bool:
    if fingerprint in told.firing:
        return fingerprint in scene.new_flappers
    return scene.alerts[fingerprint].holds


def _is_unaware(group: Group, told: Told) -> bool:
    """Return whether a channel knows the group, and not yet that somebody has acknowledged it."""
    return group.acknowledged_at is not None and bool(told.sequence) and told.acknowledgement != group.acknowledged_at


def _ready_at(group: Group, told: Told, last: datetime | None, scene: Scene) -> datetime:
    """Return when a change may be told; a clock that was put back since makes it now."""
    if last is None or not told.sequence:
        waits = not any(other.sequence for other in group.channels.values()) and group.opened_at <= scene.now
        return group.due_at if waits else scene.now
    return last + scene.policy.timing.group_interval if last <= scene.now else scene.now


def _grave_at(told: Told, new: AbstractSet[str], scene: Scene) -> datetime:
    """Return when the first critical alerts of a group may be told in which a channel knows of milder ones alone."""
    if not told.sequence or told.storm or any(_is_critical(f, scene) for f in told.firing):
        return NEVER
    grave = (scene.alerts[f] for f in new if _is_critical(f, scene))
    since = min((alert.fired_at or alert.started_at for alert in grave), default=None)
    return NEVER if since is None else since + scene.policy.timing.group_wait


def _is_critical(fingerprint: str, scene: Scene) -> bool:
    alert = scene.alerts.get(fingerprint)
    return alert is not None and alert.severity is Severity.CRITICAL


def _remind_at(group: Group, last: datetime | None, firing: AbstractSet[str], scene: Scene) -> datetime | None:
    """Return when a channel is to be reminded that was told last at `last` and may be told of these."""
    if not firing or last is None or group.acknowledged_at is not None:
        return None
    is_info = all(scene.alerts[fingerprint].severity is Severity.INFO for fingerprint in firing)
    interval = scene.policy.timing.repeat_interval
    return last + (max(interval, REMIND_OF_INFO) if is_info else interval)
