"""Many groups at once: more new ones than a channel is told one by one are one message, and stay one to their end.

Whatever is told of them later has the key of that message, so that it is one page and one ticket that ends when the
last of them ends, and one message that changes at most once in a group interval. What was told apart is ended apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group, Notification, Reason, Told
from watchkeeper.domain.alert_passes import Message
from watchkeeper.domain.alert_routing import person_of
from watchkeeper.domain.alert_scene import Scene
from watchkeeper.domain.alert_transitions import Transition
from watchkeeper.domain.alert_writing import Content, digest_key, write_digest

Storm = tuple[str, str]  # channel and key

_ORDER: Final = (
    Reason.ESCALATION,
    Reason.FLAPPING,
    Reason.FIRST,
    Reason.NEW_IN_GROUP,
    Reason.SOME_RESOLVED,
    Reason.ACKNOWLEDGED,
    Reason.REMINDER,
)


@dataclass(frozen=True, slots=True)
class Telling:
    """A transition with the group as it is after everything that is told of it now."""

    group: Group
    transition: Transition


def last_told(groups: Iterable[Group]) -> Mapping[Storm, datetime]:
    """Return when each storm was told last."""
    found: dict[Storm, datetime] = {}
    for group in groups:
        for channel, told in group.channels.items():
            if told.storm and told.at is not None:
                storm = (channel, told.storm)
                found[storm] = max(told.at, found.get(storm, told.at))
    return found


def new_storms(transitions: Iterable[Transition], most_groups: int, now: datetime) -> Mapping[str, str]:
    """Return the key of a storm for each channel that learns of more groups now than it is told one by one."""
    counted = Counter(transition.channel for transition in transitions if not transition.told.sequence)
    key = f"watchkeeper/storm/{now:%Y%m%dT%H%M%S}"
    return {channel: key for channel, number in counted.items() if number > most_groups}


def _storm_of(transition: Transition, storms: Mapping[str, str]) -> str:
    """Return the key of the storm that a transition is told in; "" for a message of its own."""
    return transition.told.storm if transition.told.sequence else storms.get(transition.channel, "")


def write_messages(tellings: Iterable[Telling], groups: Iterable[Group], scene: Scene) -> tuple[Message, ...]:
    """Return one message for each group and channel, and for each storm and channel; the weightiest first.

    Args:
        groups: all open ones as they are afterwards: a storm is told with all of its groups.
    """
    together: defaultdict[Storm, list[Telling]] = defaultdict(list)
    messages = []
    for telling in tellings:
        storm = telling.group.channels[telling.transition.channel].storm
        if storm:
            together[telling.transition.channel, storm].append(telling)
        else:
            messages.append(_message_of_group(telling, scene))
    if together:
        members = storm_members(groups)
        messages += [_message_of_storm(s, found, members.get(s, ()), scene) for s, found in together.items()]
    return tuple(sorted(messages, key=lambda message: _weight(message.digest)))


def _weight(digest: Digest) -> tuple[bool, int, datetime, str]:
    return digest.is_resolved, digest.severity.rank, digest.started_at, digest.key


def storm_members(groups: Iterable[Group]) -> Mapping[Storm, Sequence[Group]]:
    found: defaultdict[Storm, list[Group]] = defaultdict(list)
    for group in groups:
        for channel, told in group.channels.items():
            if told.storm:
                found[channel, told.storm].append(group)
    return found


def rest_storms(tellings: Iterable[Telling], groups: Mapping[str, Group], now: datetime) -> Mapping[str, Group]:
    """Return groups that must keep in mind when their storm was told, because those that were told are closed."""
    told = {(t.transition.channel, t.group.channels[t.transition.channel].storm) for t in tellings}
    told = {storm for storm in told if storm[1]}
    found: dict[str, Group] = {}
    members = storm_members(groups.values()) if told else {}
    for channel, key in told:
        left = members.get((channel, key), ())
        if left and last_told(left)[channel, key] < now:
            group = found.get(left[0].key, left[0])
            knows = replace(group.channels[channel], at=now)
            found[group.key] = replace(group, channels={**group.channels, channel: knows})
    return found


def _message_of_group(telling: Telling, scene: Scene) -> Message:
    group, done = telling.group, telling.transition
    content = Content(
        digest_key(group),
        done.reason,
        (group,),
        done.firing,
        done.new,
        done.gone,
        done.step,
        people=_people(telling, scene),
        announced=_announced(telling),
        overridden=done.overridden,
    )
    return Message(done.channel, write_digest(content, scene), (_notification(telling, scene),))


def _announced(telling: Telling) -> str:
    """Return who has acknowledged since the channel was told last; "" for nobody."""
    is_new = telling.group.acknowledged_at != telling.transition.told.acknowledgement
    return telling.group.acknowledged_by if is_new and telling.transition.told.sequence else ""


def _people(telling: Telling, scene: Scene) -> tuple[str, ...]:
    """Return whom a message addresses: who is called, and whose acknowledgement does not count any more."""
    done = telling.transition
    owner = person_of(done.overridden, scene.policy)
    return tuple(dict.fromkeys((*(done.step.people if done.step else ()), *([owner.name] if owner else []))))


def _message_of_storm(storm: Storm, tellings: Sequence[Telling], members: Sequence[Group], scene: Scene) -> Message:
    channel, key = storm
    firing = frozenset[str]().union(*(group.channels[channel].firing for group in members))
    done = [telling.transition for telling in tellings]
    several = tuple(members) or tuple(telling.group for telling in tellings)
    content = Content(
        key,
        _reason(done) if firing else Reason.ALL_RESOLVED,
        several,
        firing,
        frozenset[str]().union(*(transition.new for transition in done)),
        frozenset[str]().union(*(transition.gone for transition in done)),
        next((transition.step for transition in done if transition.step), None),
        acknowledged=_acknowledged(channel, several, tellings),
        people=tuple(dict.fromkeys(name for telling in tellings for name in _people(telling, scene))),
        announced=_names(_announced(telling) for telling in tellings),
        overridden=_names(transition.overridden for transition in done),
    )
    digest = replace(write_digest(content, scene), group=0, storm=min(group.storm for group in several))
    return Message(channel, digest, tuple(_notification(t, scene) for t in tellings), is_storm=True)


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(set(names) - {""}))


def _acknowledged(channel: str, members: Iterable[Group], tellings: Iterable[Telling]) -> frozenset[str]:
    """Return the alerts of those groups of a storm that somebody has acknowledged; none when all of it is."""
    several = tuple(members)
    if all(group.acknowledged_at is not None for group in several):
        return frozenset()
    firing = (group.channels[channel].firing for group in several if group.acknowledged_at is not None)
    gone = (each.transition.gone for each in tellings if each.group.acknowledged_at is not None)
    return frozenset[str]().union(*firing, *gone)


def storm_numbers(groups: Iterable[Group]) -> Mapping[str, int]:
    """Return by its key the number of the storm that each group was told in: the number of the storm's first group.

    What was told in one storm and is told in another one elsewhere, as to whom it is escalated, keeps its number and
    gives it to the other.

    Args:
        groups: with the numbers of their rows.
    """
    members: defaultdict[str, dict[str, Group]] = defaultdict(dict)
    for group in groups:
        for told in group.channels.values():
            if told.storm:
                members[told.storm][group.key] = group
    numbers: dict[str, int] = {}
    for _, several in sorted(members.items()):
        known = {key: group.storm or numbers.get(key, 0) for key, group in several.items()}
        number = min(filter(None, known.values()), default=min(group.id for group in several.values()))
        numbers |= {key: has or number for key, has in known.items()}
    return numbers


def _reason(transitions: Iterable[Transition]) -> Reason:
    reasons = {transition.reason for transition in transitions}
    return next((reason for reason in _ORDER if reason in reasons), Reason.SOME_RESOLVED)


def _notification(telling: Telling, scene: Scene) -> Notification:
    done = telling.transition
    return Notification(
        group=telling.group.key,
        channel=done.channel,
        sequence=done.told.sequence + 1,
        reason=done.reason,
        at=scene.now,
        firing=done.firing,
        resolved=done.gone,
        people=_people(telling, scene),
    )


def _heard_of(transition: Transition, group: Group) -> datetime | None:
    """Return the acknowledgement that the channel has been told of: that of now, else the last."""
    return group.acknowledged_at or transition.told.acknowledgement


def tell(group: Group, transitions: Iterable[Transition], storms: Mapping[str, str], scene: Scene) -> Group:
    """Return the group with what its channels know after these transitions; `storms` are the new ones, by channel."""
    told = {
        t.channel: Told(t.told.sequence + 1, t.firing, scene.now, _storm_of(t, storms), _heard_of(t, group))
        for t in transitions
    }
    due_at = scene.now + scene.policy.timing.group_interval
    return replace(group, channels={**group.channels, **told}, due_at=due_at) if told else group
