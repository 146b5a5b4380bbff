"""Which alerts are told together, and to whom."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from watchkeeper.domain.alert_groups import Group, group_key
from watchkeeper.domain.alert_muting import Heard
from watchkeeper.domain.alert_policy import Route
from watchkeeper.domain.alert_routing import channels_of, open_routes, route_of
from watchkeeper.domain.alert_scene import Scene
from watchkeeper.domain.alert_values import Alert

NOTHING: Final[frozenset[str]] = frozenset()


@dataclass(slots=True)
class Gathering:
    """A group, stored or new, with the alerts that it may tell now: fingerprints by the channel that they are for.

    Attributes:
        wanted: alerts that hold.
        flapping: alerts that may be told once, as flapping.
        overridden: whose acknowledgement something critical overrides now; "" for nobody's.
        owners: channels that reach this person alone.
    """

    group: Group
    wanted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    flapping: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    overridden: str = ""
    owners: tuple[str, ...] = ()

    @property
    def channels(self) -> Iterable[str]:
        """Return all that know something of it or may be told of it."""
        return dict.fromkeys((*self.group.channels, *self.wanted, *self.flapping, *self.owners))

    @property
    def told(self) -> frozenset[str]:
        """Return the fingerprints that any channel knows to be firing."""
        return NOTHING.union(*(told.firing for told in self.group.channels.values()))

    @property
    def may_tell(self) -> frozenset[str]:
        """Return the fingerprints that hold and may be told to anybody."""
        return NOTHING.union(*self.wanted.values())


def gather(scene: Scene, heard: Heard, groups: Iterable[Group]) -> tuple[Gathering, ...]:
    """Return the open groups, and a new one for each project and cause that has something to tell and none.

    An alert that somebody was told of stays with the group in which he was, even when its cause is seen otherwise now.
    """
    gatherings = {group.key: Gathering(group) for group in groups}
    homes = {f: each.group.key for each in gatherings.values() for f in each.told}
    routes = open_routes(scene.policy.routes, scene.now)
    for fingerprint, alert in heard.alerts.items():
        if alert.calm_since is None:
            gathering = _home(alert, homes.get(fingerprint), gatherings, scene)
            for channel in _channels(alert, routes, scene):
                gathering.wanted[channel].add(fingerprint)
    for fingerprint, alert in heard.flapping.items():
        if fingerprint in homes or alert.holds:
            gathering = _home(alert, homes.get(fingerprint), gatherings, scene)
            for channel in _channels(alert, routes, scene):
                gathering.flapping[channel].add(fingerprint)
    return tuple(gatherings.values())


def key_of(alert: Alert) -> str:
    return group_key(alert.project, alert.cause or alert.rule)


def _home(alert: Alert, key: str | None, gatherings: dict[str, Gathering], scene: Scene) -> Gathering:
    key = key or key_of(alert)
    if key not in gatherings:
        wait = scene.policy.timing.group_wait
        group = Group(key, alert.project, alert.cause or alert.rule, opened_at=scene.now, due_at=scene.now + wait)
        gatherings[key] = Gathering(group)
    return gatherings[key]


def _channels(alert: Alert, routes: tuple[Route, ...], scene: Scene) -> tuple[str, ...]:
    return channels_of(alert, route_of(alert, routes), scene.policy)
