"""Which episode of each alert counts, and which alerts change too often to be told each time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from watchkeeper.domain.alert_policy import FlapLimits
from watchkeeper.domain.alert_values import Alert, AlertStatus

_WEIGHTS: Final = {AlertStatus.FIRING: 3, AlertStatus.RESOLVED: 2, AlertStatus.PENDING: 1}


@dataclass(frozen=True, slots=True)
class Episodes:
    """One episode of each alert.

    Attributes:
        current: by fingerprint.
        were_flapping: fingerprints with an earlier episode that is marked as flapping.
        superseded: ids of resolved episodes that a later one stands for.
    """

    current: Mapping[str, Alert]
    were_flapping: frozenset[str] = frozenset()
    superseded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Flapping:
    """Attributes: marked: alerts whose mark changes now, by fingerprint; new: those that begin to flap."""

    marked: Mapping[str, Alert]
    new: frozenset[str]


def dedupe(alerts: Iterable[Alert]) -> Episodes:
    """Return of each fingerprint the episode that fires; without one the last that was resolved; else the pending one.

    A condition that was resolved and holds again before anybody was told of either is thereby still the same thing.
    """
    current: dict[str, Alert] = {}
    earlier: list[Alert] = []
    for alert in alerts:
        fingerprint = alert.fingerprint
        other = current.setdefault(fingerprint, alert)
        if other is not alert:
            current[fingerprint], loser = (alert, other) if _weight(alert) > _weight(other) else (other, alert)
            earlier.append(loser)
    were_flapping = frozenset(alert.fingerprint for alert in earlier if alert.is_flapping)
    return Episodes(current, were_flapping, frozenset(alert.id for alert in earlier if alert.is_resolved))


def _weight(alert: Alert) -> tuple[int, datetime]:
    never_fired = alert.is_resolved and alert.fired_at is None
    return (0 if never_fired else _WEIGHTS[alert.status]), alert.started_at


def detect_flapping(episodes: Episodes, limits: FlapLimits, now: datetime) -> Flapping:
    """Return the marks that change: an alert flaps from so many changes on until it is stable."""
    marked: dict[str, Alert] = {}
    new: set[str] = set()
    for fingerprint, alert in episodes.current.items():
        was = alert.is_flapping or fingerprint in episodes.were_flapping
        if not was and len(alert.flips) < limits.changes:
            continue
        flaps = _is_stirred(alert, limits, now) and (was or _has_changed_often(alert, limits, now))
        if flaps is not alert.is_flapping:
            marked[fingerprint] = replace(alert, is_flapping=flaps)
        if flaps and not was:
            new.add(fingerprint)
    return Flapping(marked, frozenset(new))


def _is_stirred(alert: Alert, limits: FlapLimits, now: datetime) -> bool:
    return bool(alert.flips) and now - alert.flips[-1] < limits.stable_after


def _has_changed_often(alert: Alert, limits: FlapLimits, now: datetime) -> bool:
    return sum(now - flip < limits.within for flip in alert.flips) >= limits.changes


def is_forgotten(alert: Alert, limits: FlapLimits, now: datetime) -> bool:
    """True for a resolved alert whose changes do not count any more for a new episode of it."""
    if not alert.is_resolved or alert.is_flapping:
        return False
    return alert.fired_at is None or not alert.flips or now - alert.flips[-1] >= limits.within
