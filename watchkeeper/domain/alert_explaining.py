"""Why somebody was told of an alert, or was not."""

from collections.abc import Iterator
from datetime import datetime

from watchkeeper.domain.alert_grouping import key_of
from watchkeeper.domain.alert_groups import Group, Told
from watchkeeper.domain.alert_matchers import show_matchers
from watchkeeper.domain.alert_muting import mute
from watchkeeper.domain.alert_passes import Known
from watchkeeper.domain.alert_policy import AlertPolicy
from watchkeeper.domain.alert_routing import channels_of, open_routes, route_of
from watchkeeper.domain.alert_scene import Scene, set_scene
from watchkeeper.domain.alert_values import Alert, AlertStatus
from watchkeeper.domain.phrases import clock


def explain(alert: Alert, known: Known, policy: AlertPolicy, now: datetime) -> tuple[str, ...]:
    """Return sentences: how an alert stands, what mutes it, where it goes, and what each channel knows of it."""
    scene = set_scene(known, policy, now)
    alert = scene.alerts.get(alert.fingerprint, alert)
    group = _group_of(alert, known)
    return (
        _standing(alert),
        *(f"Nobody is told of it now: {reason}." for f, reason in mute(scene).muted.items() if f == alert.fingerprint),
        _way(alert, scene),
        *(_knowledge(alert, group, scene) if group else [f"No group {key_of(alert)} is open."]),
    )


def _group_of(alert: Alert, known: Known) -> Group | None:
    knowing = (g for g in known.groups if any(alert.fingerprint in told.firing for told in g.channels.values()))
    return next(knowing, None) or next((group for group in known.groups if group.key == key_of(alert)), None)


def _standing(alert: Alert) -> str:
    if alert.status is AlertStatus.PENDING:
        return (
            f"Its condition holds since {clock(alert.started_at)}, not yet as long as its rule wants: nobody is told."
        )
    if alert.resolved_at is not None:
        by = f" by {alert.resolved_by}" if alert.resolved_by else ""
        never = "" if alert.fired_at else ", before it fired: nobody is told"
        return f"It was resolved at {clock(alert.resolved_at)}{by}{never}."
    if alert.calm_since is not None:
        return f"It is calm since {clock(alert.calm_since)}: it is not told anew, and resolved when it stays so."
    return f"It fires since {clock(alert.fired_at or alert.started_at)}."


def _way(alert: Alert, scene: Scene) -> str:
    route = route_of(alert, open_routes(scene.policy.routes, scene.now))
    channels = ", ".join(channels_of(alert, route, scene.policy)) or "no channel"
    if route is None:
        return f"It goes to {channels}: no route matches at this hour, so these are the default channels."
    escalation = f", with the escalation {route.escalation}" if route.escalation else ""
    return f"It goes to {channels}: the first route that matches is for {show_matchers(route.matchers)}{escalation}."


def _knowledge(alert: Alert, group: Group, scene: Scene) -> Iterator[str]:
    if not any(told.sequence for told in group.channels.values()):
        yield f"Group {group.key} waits for more until {clock(group.due_at)}."
    if group.storm:
        yield (
            f"Group {group.key} was told in storm {group.storm}, together with others: "
            f"`watchkeeper alerts why --storm {group.storm}` shows all of it."
        )
    for channel, told in group.channels.items():
        yield _known_to(alert, channel, told, scene)
    if group.acknowledged_at is not None:
        yield (
            f"{group.acknowledged_by} has acknowledged group {group.key} at {clock(group.acknowledged_at)}: "
            "no reminder and no escalation until something critical comes new."
        )
    if group.escalation_step and group.escalated_at is not None:
        yield f"Step {group.escalation_step} of the escalation was taken at {clock(group.escalated_at)}."


def _known_to(alert: Alert, channel: str, told: Told, scene: Scene) -> str:
    if told.at is None:
        return f"{channel} was told nothing."
    again = clock(told.at + scene.policy.timing.group_interval)
    knows = "knows that it fires" if alert.fingerprint in told.firing else "does not know that it fires"
    return f"{channel} {knows}; told last at {clock(told.at)}, changes are told from {again} on."
