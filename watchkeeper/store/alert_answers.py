"""Alerts that a person ends by hand."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from watchkeeper.domain.alert_grouping import key_of
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_values import MOST_FLIPS, Alert, AlertStatus
from watchkeeper.store.alerts import open_alerts, save_alerts


def resolve_group(session: Session, group: Group, who: str, now: datetime) -> tuple[Alert, ...]:
    """Resolve what fires in a group, and return it; empty when nothing does."""
    told = frozenset[str]().union(*(each.firing for each in group.channels.values()))
    firing = [alert for alert in open_alerts(session) if alert.is_firing]
    ended = [
        replace(
            alert,
            status=AlertStatus.RESOLVED,
            resolved_at=now,
            resolved_by=who,
            flips=(*alert.flips, now)[-MOST_FLIPS:],
        )
        for alert in firing
        if alert.fingerprint in told or key_of(alert) == group.key
    ]
    lost = save_alerts(session, ended)
    return tuple(alert for alert in ended if alert.fingerprint not in lost)
