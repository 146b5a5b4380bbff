"""What is on record of alerts, for people who ask."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_explaining import explain
from watchkeeper.domain.alert_groups import Group, group_key
from watchkeeper.domain.alert_policy import Silence
from watchkeeper.domain.alert_values import Alert
from watchkeeper.domain.circuits import Circuit
from watchkeeper.domain.outbox import SHOWN_FOR, Lost
from watchkeeper.store import alerts
from watchkeeper.store.alert_groups import groups_of_storm, open_groups
from watchkeeper.store.alert_messages import lost_messages
from watchkeeper.store.alert_passes import known
from watchkeeper.store.channel_states import channel_states
from watchkeeper.store.database import reading
from watchkeeper.store.silences import silences


@dataclass(frozen=True, slots=True)
class Listed:
    """Alerts, the newest first, and the open group of each that is in one, by the number of the alert.

    `lost`: messages that did not reach their channel, the newest first.
    """

    alerts: tuple[Alert, ...]
    groups: Mapping[int, Group]
    lost: tuple[Lost, ...] = ()


def list_alerts(project: str | None, *, with_resolved: bool, most: int, now: datetime) -> Listed:
    """Return what fires or is about to, and with `with_resolved` what is over; of one project or of all (None)."""
    with reading(database()) as session:
        found = alerts.list_alerts(session, project, with_resolved=with_resolved, limit=most)
        lost = lost_messages(session, now - SHOWN_FOR)
        return Listed(found, _homes(found, open_groups(session)), lost)


def not_delivered(since: datetime) -> tuple[Lost, ...]:
    """Return the messages that were lost since then and not made up for, the newest first."""
    with reading(database()) as session:
        return lost_messages(session, since)


def list_storm(number: int) -> Listed:
    """Return the alerts of a storm that fire, of all its groups.

    Raises:
        LookupError: there is none of this number, or it is over.
    """
    with reading(database()) as session:
        groups = groups_of_storm(session, number)
        if not groups:
            raise LookupError(f"there is no storm {number} that goes on: `watchkeeper alerts list` shows their numbers")
        firing = tuple(alert for alert in alerts.open_alerts(session) if alert.is_firing)
        homes = _homes(firing, open_groups(session))
    members = {group.id for group in groups}
    found = [alert for alert in firing if alert.id in homes and homes[alert.id].id in members]
    return Listed(tuple(sorted(found, key=lambda alert: (alert.severity.rank, alert.id))), homes)


def why(configuration: Configuration, number: int, now: datetime) -> tuple[Alert, tuple[str, ...]]:
    """Return an alert, and why somebody was told of it or was not.

    Raises:
        UnknownAlert: there is none of this number.
    """
    with reading(database()) as session:
        alert = alerts.alert(session, number)
        return alert, explain(alert, known(session, now), configuration.alert_policy, now)


def list_silences(now: datetime) -> tuple[Silence, ...]:
    """Return the silences that hold or will, the oldest first."""
    with reading(database()) as session:
        return silences(session, now)


def circuits() -> dict[str, Circuit]:
    """Return how the channels do that have ever failed, by their names."""
    with reading(database()) as session:
        return channel_states(session)


def _homes(found: Iterable[Alert], groups: Iterable[Group]) -> dict[int, Group]:
    """Return the group in which an alert was told, else the one in which it would be."""
    several = tuple(groups)
    by_key = {group.key: group for group in several}
    telling = {
        fingerprint: group for group in several for told in group.channels.values() for fingerprint in told.firing
    }
    homes = {
        alert.id: telling.get(alert.fingerprint) or by_key.get(group_key(alert.project, alert.cause))
        for alert in found
        if not alert.is_resolved
    }
    return {number: group for number, group in homes.items() if group is not None}
