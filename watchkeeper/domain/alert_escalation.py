"""What happens when nobody acknowledges: one step after the other, until somebody does."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from watchkeeper.domain.alert_grouping import Gathering
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_muting import Heard
from watchkeeper.domain.alert_policy import AlertPolicy, Escalation, EscalationStep
from watchkeeper.domain.alert_routing import open_routes, person_of, resolve_people, route_of
from watchkeeper.domain.alert_scene import Scene
from watchkeeper.domain.alert_values import Alert, Severity

MOST_REPEATS: Final = 5


@dataclass(frozen=True, slots=True)
class Step:
    """Attributes: number: of steps taken with this one; channels: never empty; people: names of who is addressed."""

    number: int
    channels: tuple[str, ...]
    people: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """Whether somebody is called for a group.

    Attributes:
        escalation: of the weightiest alert that may be told now; None when there is none.
        is_over: True when no alert that fires has an escalation, also none that is muted or calm for the moment.
    """

    escalation: Escalation | None = None
    is_over: bool = True


def find_call(gathering: Gathering, scene: Scene, heard: Heard) -> Call:
    """Return the escalation of what fires in a group, by the routes of this hour."""
    if not scene.policy.escalations:
        return Call()
    routes = open_routes(scene.policy.routes, scene.now)
    found: list[tuple[Alert, Escalation]] = []
    for fingerprint in gathering.told | gathering.may_tell:
        alert = scene.alerts.get(fingerprint)
        route = route_of(alert, routes) if alert is not None and alert.is_firing else None
        escalation = scene.policy.escalations.get(route.escalation) if route is not None else None
        if alert is not None and escalation is not None and escalation.steps:
            found.append((alert, escalation))
    loud = [(alert, escalation) for alert, escalation in found if alert.holds and alert.fingerprint in heard.alerts]
    return Call(min(loud, key=lambda pair: _weight(pair[0]))[1] if loud else None, not found)


def _weight(alert: Alert) -> tuple[int, datetime, str]:
    return alert.severity.rank, alert.started_at, alert.fingerprint


def take_back(gathering: Gathering, scene: Scene) -> Gathering:
    """Return it without the acknowledgement of its group when something critical holds that nobody was told of.

    Whoever acknowledges before anybody was told has seen all that there is. The person who acknowledged is told.
    """
    group = gathering.group
    if group.acknowledged_at is None or not any(told.sequence for told in group.channels.values()):
        return gathering
    unknown = gathering.may_tell - gathering.told
    if all(scene.alerts[fingerprint].severity is not Severity.CRITICAL for fingerprint in unknown):
        return gathering
    person = person_of(group.acknowledged_by, scene.policy)
    heard_of = {name: replace(told, acknowledgement=group.acknowledged_at) for name, told in group.channels.items()}
    return replace(
        gathering,
        group=replace(
            group, channels=heard_of, acknowledged_at=None, acknowledged_by="", escalation_step=0, escalated_at=None
        ),
        overridden=group.acknowledged_by,
        owners=person.channels if person else (),
    )


def step_due_at(group: Group, call: Call) -> datetime | None:
    """Return when the next step is due; None when there is none, or somebody has acknowledged."""
    if call.escalation is None or group.escalated_at is None or group.acknowledged_at is not None:
        return None
    rounds = 1 + min(call.escalation.repeat, MOST_REPEATS)
    if group.escalation_step >= rounds * len(call.escalation.steps):
        return None
    return group.escalated_at + _next_step(group, call.escalation).after


def due_step(gathering: Gathering, call: Call, scene: Scene) -> Step | None:
    """Return the step to take now; one at a time, however late it is."""
    group = gathering.group
    due_at = step_due_at(group, call)
    if call.escalation is None or due_at is None or scene.now < due_at:
        return None
    step = _next_step(group, call.escalation)
    people = resolve_people(step.people, scene.policy, scene.now)
    channels = dict.fromkeys((*step.channels, *_channels_of(people, scene.policy)))
    return Step(group.escalation_step + 1, tuple(channels or gathering.wanted), people)


def _next_step(group: Group, escalation: Escalation) -> EscalationStep:
    return escalation.steps[group.escalation_step % len(escalation.steps)]


def _channels_of(people: Iterable[str], policy: AlertPolicy) -> Iterable[str]:
    return (channel for name in people if name in policy.people for channel in policy.people[name].channels)


def advance(group: Group, call: Call, step: Step | None, now: datetime) -> Group:
    """Return the group with the clock of its escalation: running once somebody was told, from each step on anew."""
    if step is not None:
        return replace(group, escalation_step=step.number, escalated_at=now)
    if call.is_over or group.acknowledged_at is not None:
        return replace(group, escalation_step=0, escalated_at=None) if group.escalated_at is not None else group
    was_told = any(told.sequence for told in group.channels.values())
    if call.escalation is not None and was_told and (group.escalated_at is None or group.escalated_at > now):
        return replace(group, escalated_at=now)
    return group
