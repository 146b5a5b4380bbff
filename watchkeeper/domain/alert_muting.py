"""Alerts that nobody is told of: in maintenance, silenced, explained by another one, or changing too often.

Muting keeps an alert from being told, reminded of and escalated; it is watched all the same, and whoever was told of it
before is told of its end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from watchkeeper.domain.alert_inhibition import inhibited
from watchkeeper.domain.alert_policy import Silence, match_all
from watchkeeper.domain.alert_scene import Alerts, Scene
from watchkeeper.domain.alert_values import Alert
from watchkeeper.domain.phrases import clock, span
from watchkeeper.domain.schedule import current_maintenance

Reasons = Mapping[str, str]  # by fingerprint, a sentence
Stage = Callable[[Alerts, Scene], Reasons]


@dataclass(frozen=True, slots=True)
class Heard:
    """Attributes: alerts: what may be told; flapping: what may be told once, as that; muted: why nothing else is.

    `quiet` are those of `muted` that people or other alerts keep quiet, and resolved ones that people would.
    """

    alerts: Alerts
    flapping: Alerts
    muted: Reasons
    quiet: frozenset[str] = frozenset()


def mute(scene: Scene) -> Heard:
    """Return what is left of the firing and flapping alerts after each stage has taken out what it has a reason for."""
    left = {f: alert for f, alert in scene.alerts.items() if alert.is_firing or alert.is_flapping}
    muted: dict[str, str] = {}
    for stage in STAGES:
        reasons = stage(left, scene)
        if reasons:
            muted |= reasons
            left = {fingerprint: alert for fingerprint, alert in left.items() if fingerprint not in reasons}
    quiet = frozenset(muted) | _quiet_ends(scene)
    reasons = flapping(left, scene)
    if not reasons:
        return Heard(left, {}, muted, quiet)
    alerts = {fingerprint: alert for fingerprint, alert in left.items() if fingerprint not in reasons}
    return Heard(alerts, {fingerprint: left[fingerprint] for fingerprint in reasons}, {**muted, **reasons}, quiet)


def _quiet_ends(scene: Scene) -> frozenset[str]:
    """Return what is resolved, was told, and is in maintenance or silenced: its end is told, and heads no other."""
    over = {f: alert for f, alert in scene.alerts.items() if f in scene.told and alert.is_resolved}
    return frozenset((*in_maintenance(over, scene), *silenced(over, scene)))


def in_maintenance(alerts: Alerts, scene: Scene) -> Reasons:
    entries = {
        project: entry
        for project, all_entries in scene.policy.maintenance.items()
        if (entry := current_maintenance(all_entries, scene.now)) is not None
    }
    if not entries:
        return {}
    sentences = {project: _maintained(scene.name_of(project), entry.reason) for project, entry in entries.items()}
    return {f: sentences[alert.project] for f, alert in alerts.items() if alert.project in sentences}


def _maintained(name: str, reason: str) -> str:
    return f"{name} is in maintenance" + (f": {reason}" if reason else "")


def silenced(alerts: Alerts, scene: Scene) -> Reasons:
    found: dict[str, str] = {}
    for silence in scene.silences:
        if silence.holds(scene.now):
            sentence = _silenced(silence)
            found |= {f: sentence for f, a in alerts.items() if f not in found and _is_silenced(a, silence, scene)}
    return found


def _is_silenced(alert: Alert, silence: Silence, scene: Scene) -> bool:
    if silence.storm and scene.storm_of(alert) != silence.storm:
        return False
    return match_all(silence.matchers, alert)


def _silenced(silence: Silence) -> str:
    said = f": {silence.comment}" if silence.comment else ""
    return f"silenced by {silence.author} until {clock(silence.until)}{said}"


def flapping(alerts: Alerts, scene: Scene) -> Reasons:
    limits = scene.policy.flapping
    sentence = (
        f"it has changed {limits.changes} times or more within {span(limits.within)}: "
        f"told once, then not until it is stable for {span(limits.stable_after)}"
    )
    return {fingerprint: sentence for fingerprint, alert in alerts.items() if alert.is_flapping}


STAGES: Final[tuple[Stage, ...]] = (in_maintenance, silenced, inhibited)
