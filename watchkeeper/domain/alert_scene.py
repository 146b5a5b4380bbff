"""What all stages of one pass look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from watchkeeper.domain.alert_episodes import dedupe, detect_flapping
from watchkeeper.domain.alert_groups import Group, group_key
from watchkeeper.domain.alert_passes import Known
from watchkeeper.domain.alert_policy import AlertPolicy, Silence
from watchkeeper.domain.alert_values import Alert

Alerts = Mapping[str, Alert]  # by fingerprint


@dataclass(frozen=True, slots=True)
class Scene:
    """All that one pass decides by.

    Attributes:
        alerts: one episode of each alert, with its flap mark as it is now.
        marked: those whose mark has changed.
        new_flappers: fingerprints of those that begin to flap.
        superseded: ids of resolved episodes that a later one stands for.
        told: fingerprints that any channel was told to be firing, and not yet to be resolved.
        storms: numbers of the storms that fingerprints were told in, and of those of open groups by their keys.
        quiet: fingerprints that are in maintenance, silenced or explained: they head no message.
    """

    alerts: Alerts
    marked: tuple[Alert, ...]
    new_flappers: frozenset[str]
    superseded: frozenset[int]
    silences: tuple[Silence, ...]
    policy: AlertPolicy
    now: datetime
    told: frozenset[str] = frozenset()
    storms: Mapping[str, int] = field(default_factory=dict)
    quiet: frozenset[str] = frozenset()

    def storm_of(self, alert: Alert) -> int:
        """Return the number of the storm that it belongs to; 0 for none."""
        home = self.storms.get(alert.fingerprint)
        return self.storms.get(group_key(alert.project, alert.cause or alert.rule), 0) if home is None else home

    def name_of(self, project: str) -> str:
        """Return what people call a project; "" is the watch itself."""
        return self.policy.names.get(project, project) or "the watch"


def set_scene(known: Known, policy: AlertPolicy, now: datetime) -> Scene:
    """Return what is known with one episode of each alert, and the marks of those that flap."""
    episodes = dedupe(known.alerts)
    flapping = detect_flapping(episodes, policy.flapping, now)
    alerts = {**episodes.current, **flapping.marked} if flapping.marked else episodes.current
    marked = tuple(flapping.marked.values())
    told = frozenset[str]().union(*(each.firing for group in known.groups for each in group.channels.values()))
    storms = _storms(known.groups)
    return Scene(alerts, marked, flapping.new, episodes.superseded, known.silences, policy, now, told, storms)


def _storms(groups: Sequence[Group]) -> Mapping[str, int]:
    if not any(group.storm for group in groups):
        return {}
    keys = {group.key: group.storm for group in groups}
    return keys | {f: group.storm for group in groups for told in group.channels.values() for f in told.firing}
