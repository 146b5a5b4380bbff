"""Telling the right person once: one pass over all that is open.

dedupe -> flap detection -> mute (maintenance, silences, inhibition) -> group and route -> escalate -> notify

Each stage is a pure function in a module of its own. What they may rely on, and keep to:

* Muting concerns what is not told yet: whoever was told that something fires is told that it is resolved.
* Nothing is told twice: a channel is told what differs from what it knows, and what it knows is saved with the message.
* A pass that is lost has never been: the next one decides the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from watchkeeper.domain.alert_episodes import is_forgotten
from watchkeeper.domain.alert_escalation import Call, Step, advance, due_step, find_call, step_due_at, take_back
from watchkeeper.domain.alert_explaining import explain
from watchkeeper.domain.alert_grouping import Gathering, gather
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_muting import Heard, mute
from watchkeeper.domain.alert_passes import Known, Message, Pass
from watchkeeper.domain.alert_policy import AlertPolicy
from watchkeeper.domain.alert_scene import Scene, set_scene
from watchkeeper.domain.alert_storms import (
    Storm,
    Telling,
    last_told,
    new_storms,
    rest_storms,
    tell,
    write_messages,
)
from watchkeeper.domain.alert_transitions import Outlook, Transition, decide

__all__ = ["Known", "Message", "Pass", "explain", "run_pass"]


@dataclass(frozen=True, slots=True)
class _Decision:
    """What is decided of one group; `outlooks` are those of its channels, `step` is that of its escalation if due."""

    gathering: Gathering
    call: Call
    step: Step | None
    outlooks: Sequence[Outlook]

    @property
    def transitions(self) -> Iterator[Transition]:
        return (outlook.transition for outlook in self.outlooks if outlook.transition is not None)


def run_pass(known: Known, policy: AlertPolicy, now: datetime) -> Pass:
    """Return what is to be told and saved now; the same again when it was not saved."""
    scene = set_scene(known, policy, now)
    heard = mute(scene)
    scene = replace(scene, quiet=heard.quiet)
    lasts = last_told(known.groups)
    decisions = [_decide(each, lasts, heard, scene) for each in gather(scene, heard, known.groups)]
    before = {group.key: group for group in known.groups}
    after, messages = _tell(decisions, scene)
    return Pass(
        alerts=scene.marked,
        groups=tuple(group for key, group in after.items() if group != before.get(key) and not _is_void(group)),
        messages=messages,
        settled=_settled(scene, after.values()),
        suppressed=heard.muted,
        next_due=min(_dues(decisions, after), default=None),
    )


def _decide(gathering: Gathering, lasts: Mapping[Storm, datetime], heard: Heard, scene: Scene) -> _Decision:
    call = find_call(gathering, scene, heard)
    gathering = take_back(gathering, scene)
    group = gathering.group
    step = due_step(gathering, call, scene)
    outlooks = []
    for channel in dict.fromkeys((*gathering.channels, *(step.channels if step else ()))):
        told = group.channels.get(channel)
        last = lasts.get((channel, told.storm), told.at) if told is not None else None
        outlooks.append(decide(gathering, channel, last, step, scene))
    return _Decision(gathering, call, step, outlooks)


def _tell(decisions: Sequence[_Decision], scene: Scene) -> tuple[dict[str, Group], tuple[Message, ...]]:
    """Return all groups as they are afterwards, by key, also those that are closed now, and what is told of them."""
    done = (transition for decision in decisions for transition in decision.transitions)
    storms = new_storms(done, scene.policy.most_groups, scene.now)
    after = {each.gathering.group.key: _after(each, storms, scene) for each in decisions}
    tellings = [Telling(after[each.gathering.group.key], done) for each in decisions for done in each.transitions]
    still_open = {key: group for key, group in after.items() if group.closed_at is None}
    rested = rest_storms(tellings, still_open, scene.now)
    return {**after, **rested}, write_messages(tellings, still_open.values(), scene)


def _after(decision: _Decision, storms: Mapping[str, str], scene: Scene) -> Group:
    told = tell(decision.gathering.group, decision.transitions, storms, scene)
    group = advance(told, decision.call, decision.step, scene.now)
    if decision.gathering.may_tell or any(told.firing for told in group.channels.values()):
        return group
    return replace(group, closed_at=scene.now)


def _is_void(group: Group) -> bool:
    """True for a new group that has ended before it was stored: there was nobody to be told."""
    return not group.id and group.closed_at is not None


def _settled(scene: Scene, groups: Iterable[Group]) -> frozenset[int]:
    told = frozenset[str]().union(*(known.firing for group in groups for known in group.channels.values()))
    limits = scene.policy.flapping
    gone = {a.id for f, a in scene.alerts.items() if is_forgotten(a, limits, scene.now) and f not in told}
    return (scene.superseded | gone) - {0}


def _dues(decisions: Iterable[_Decision], after: Mapping[str, Group]) -> Iterator[datetime]:
    for decision in decisions:
        yield from (outlook.due_at for outlook in decision.outlooks if outlook.due_at is not None)
        due_at = step_due_at(after[decision.gathering.group.key], decision.call)
        if due_at is not None:
            yield due_at
