"""Signals of the watch itself: is it on time, do its runs, reports and messages get through."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_facts import US
from watchkeeper.domain.alert_signals import MISCONFIGURED, Signal
from watchkeeper.domain.alert_values import labels_of
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.outbox import Lost
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.verdicts import Gap

MINUTE: Final = timedelta(minutes=1)
WATCH: Final = ""  # the project of its alerts


def check_age(newest: datetime | None, now: datetime) -> Signal:
    """Return the minutes since the end of the newest full check; not known where none was ever made."""
    if newest is None:
        return Signal(WATCH, "check_age", None, now)
    told = (f"the last full health check was made for {clock(newest)}",)
    return Signal(WATCH, "check_age", max(0.0, (now - newest) / MINUTE), now, details=told)


def offline(latest: Iterable[HealthCheck | None], now: datetime) -> Signal:
    """Return whether our own connectivity is down, which explains what nobody could look at.

    Args:
        latest: the newest check of each project that tells of now; not known where there is none.
    """
    checks = [check for check in latest if check is not None]
    blind = [check for check in checks if any(part.gap is Gap.OFFLINE for part in check.components.values())]
    if not checks:
        return Signal(WATCH, "offline", None, now)
    at = max(check.window.end for check in checks)
    told = ("our own connectivity is down: what cannot be looked at is no fault of the projects",) if blind else ()
    return Signal(WATCH, "offline", float(bool(blind)), at, details=told, cause=US)


def report_undelivered(place: str, planned_at: datetime, error: str, now: datetime, *, is_given_up: bool) -> Signal:
    """Return that a report has not reached a place, be it that it is still tried."""
    how = "and is given up" if is_given_up else "yet"
    told = f"the report of {clock(planned_at)} has not reached {place} {how}"
    details = (told, error) if error else (told,)
    return Signal(WATCH, "report_undelivered", 1.0, now, labels_of(place=place), details=details)


def run_in_trouble(deployment: str, sentence: str, url: str, at: datetime, now: datetime) -> Signal:
    """Return that a run of a deployment has failed or crashed, or is late."""
    labels = labels_of(deployment=deployment)
    return Signal(WATCH, "prefect_run", 1.0, max(at, now), labels, details=(sentence,), url=url)


def channel_down(channel: str, error: str, since: datetime, now: datetime) -> Signal:
    """Return that a channel takes no message; what is to be told there waits."""
    told = f"{channel} takes no message since {clock(since)}; what is to be told there waits"
    details = (told, error) if error else (told,)
    return Signal(WATCH, "channel_down", 1.0, now, labels_of(channel=channel), details=details)


def message_lost(lost: Lost, now: datetime) -> Signal:
    """Return that a channel has refused what it was to tell, or told not everybody; that is told on the others."""
    labels = labels_of(channel=lost.channel, level=lost.severity.value)
    told = f'not delivered to {lost.channel}: "{lost.title}"'
    return Signal(WATCH, "message_lost", 1.0, now, labels, details=(told, lost.error))


def misconfigured(project: str, reason: str, now: datetime) -> Signal:
    """Return that nothing of a project can be looked at until its configuration is mended."""
    return Signal(project, MISCONFIGURED, 1.0, now, details=(f"its configuration is broken: {reason}",))
