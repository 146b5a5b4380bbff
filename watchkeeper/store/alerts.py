"""Alerts: one open row for each condition, changed by compare-and-swap; what is over is history.

open (pending or firing) -> resolved -> settled. A resolved one is kept at hand until everybody who must hear of its end
was told, and until nobody needs its past any more to see that it flaps.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index, Row, Select, bindparam, delete, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlmodel import Field

from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.windows import Window
from watchkeeper.store.tables import Base, table_of
from watchkeeper.store.text import clean, storable, storable_key

OPEN = text("resolved_at IS NULL")
UNSETTLED = text("settled_at IS NULL")
CHUNK = 5_000  # rows asked for at once


class AlertRow(Base, table=True):
    __tablename__ = "alerts"
    __table_args__ = (
        Index("uq_alerts_open", "fingerprint", unique=True, sqlite_where=OPEN, postgresql_where=OPEN),
        Index("ix_alerts_unsettled", "settled_at", sqlite_where=UNSETTLED, postgresql_where=UNSETTLED),
        Index(None, "project", "started_at"),
        Index(None, "started_at"),
        {"sqlite_autoincrement": True},  # an id must never come back: people have written it down
    )

    id: int = Field(primary_key=True)
    project: str
    rule: str
    fingerprint: str
    labels: list[list[str]] = Field(sa_type=JSON)
    severity: str
    status: str
    started_at: datetime
    seen_at: datetime
    summary: str
    cause: str
    fired_at: datetime | None
    calm_since: datetime | None
    resolved_at: datetime | None
    resolved_by: str
    details: list[str] = Field(sa_type=JSON)
    release: str
    url: str
    runbook: str
    flips: list[str] = Field(sa_type=JSON)
    is_flapping: bool
    version: int
    settled_at: datetime | None


class UnknownAlert(LookupError):  # noqa: N818 - says what it is
    """There is no alert of this number."""


def open_alerts(session: Session) -> tuple[Alert, ...]:
    """Return all that are not over, and those that are resolved and not yet settled; the oldest first."""
    table = table_of(AlertRow)
    found = _found(session, select(table).where(table.c.settled_at.is_(None)))
    return tuple(sorted(found, key=lambda each: each.id))  # asked in an order, it would be read by another index


def save_alerts(session: Session, alerts: Iterable[Alert]) -> frozenset[str]:
    """Save alerts that are new or changed; return the fingerprints of those that somebody else has changed meanwhile.

    Those are not written. A pending one that never fired leaves no row.
    """
    several = list(alerts)
    stale = _stale(session, [alert for alert in several if alert.version])
    changed = [alert for alert in several if alert.version and alert.fingerprint not in stale]
    # What is over goes first: a new episode of it needs its place.
    change_alerts(session, changed)
    added = _add(session, [alert for alert in several if not alert.version and not _never_fired(alert)])
    new = {alert.fingerprint for alert in several if not alert.version and not _never_fired(alert)}
    return stale | (new - added)


def change_alerts(session: Session, alerts: Sequence[Alert]) -> int:
    """Write alerts that have a row, where they still have the version they were read with; return how many had."""
    table = table_of(AlertRow)
    mine = (table.c.id == bindparam("of_id"), table.c.version == bindparam("of_version"))
    kept = [_changes(alert) for alert in alerts if not _never_fired(alert)]
    gone = [{"of_id": alert.id, "of_version": alert.version} for alert in alerts if _never_fired(alert)]
    written = 0
    if kept:
        written += session.connection().execute(update(table).where(*mine), kept).rowcount
    if gone:
        written += session.connection().execute(delete(table).where(*mine), gone).rowcount
    return written


def settle_alerts(session: Session, ids: Iterable[int], now: datetime) -> None:
    """Put resolved alerts away that nobody needs any more."""
    table = table_of(AlertRow)
    over = (table.c.id == bindparam("of_id"), table.c.resolved_at.is_not(None), table.c.settled_at.is_(None))
    rows = [{"of_id": number} for number in sorted(ids)]
    if rows:
        session.connection().execute(update(table).where(*over).values(settled_at=now), rows)


def alert(session: Session, number: int) -> Alert:
    """Return one alert, also one that was over long ago.

    Raises:
        UnknownAlert: there is none with this number.
    """
    table = table_of(AlertRow)
    found = _found(session, select(table).where(table.c.id == number))
    if not found:
        raise UnknownAlert(f"there is no alert {number}: `watchkeeper alerts list --all` shows their numbers")
    return found[0]


def list_alerts(
    session: Session, project: str | None = None, *, with_resolved: bool = False, limit: int = 200
) -> tuple[Alert, ...]:
    """Return alerts, the newest first.

    Args:
        project: slug, "" for those of the watch itself; all when None.
        with_resolved: also what is over, as far back as anything is kept.
        limit: the most that are returned.
    """
    if not with_resolved:
        unresolved = (each for each in open_alerts(session) if not each.is_resolved and project in {None, each.project})
        return tuple(sorted(unresolved, key=lambda each: (each.started_at, each.id), reverse=True)[:limit])
    table = table_of(AlertRow)
    query = select(table).order_by(table.c.started_at.desc(), table.c.id.desc()).limit(limit)
    return _found(session, query if project is None else query.where(table.c.project == project))


def alerts_between(session: Session, window: Window) -> tuple[Alert, ...]:
    """Return the alerts that began in the window and fired, oldest first."""
    table = table_of(AlertRow)
    began = (table.c.started_at >= window.start, table.c.started_at < window.end)
    query = select(table).where(*began, table.c.fired_at.is_not(None))
    return _found(session, query.order_by(table.c.started_at, table.c.id))


def _stale(session: Session, alerts: Sequence[Alert]) -> frozenset[str]:
    """Return the fingerprints of alerts whose row is another by now; the rows of all are locked."""
    table = table_of(AlertRow)
    there: dict[int, int] = {}
    for start in range(0, len(alerts), CHUNK):
        ids = sorted(alert.id for alert in alerts[start : start + CHUNK])
        query = select(table.c.id, table.c.version).where(table.c.id.in_(ids)).order_by(table.c.id).with_for_update()
        there.update((row.id, row.version) for row in session.connection().execute(query))
    return frozenset(alert.fingerprint for alert in alerts if there.get(alert.id) != alert.version)


def _add(session: Session, alerts: Sequence[Alert]) -> frozenset[str]:
    """Insert alerts and return the fingerprints of those that were not there."""
    if not alerts:
        return frozenset()
    table = table_of(AlertRow)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing().returning(table.c.fingerprint)
    ordered = sorted(alerts, key=lambda alert: alert.fingerprint)  # two writers never block each other for good
    written = set(session.connection().execute(statement, [_row(alert) for alert in ordered]).scalars())
    return frozenset(alert.fingerprint for alert in alerts if storable_key(alert.fingerprint) in written)


def _never_fired(alert: Alert) -> bool:
    return alert.is_resolved and alert.fired_at is None


def _row(alert: Alert) -> dict[str, Any]:
    return {
        "project": storable_key(alert.project),
        "rule": storable_key(alert.rule),
        "fingerprint": storable_key(alert.fingerprint),
        "labels": clean([list(label) for label in alert.labels]),
        **_told(alert),
        "version": 1,
        "settled_at": None,
    }


def _changes(alert: Alert) -> dict[str, Any]:
    return {"of_id": alert.id, "of_version": alert.version, **_told(alert), "version": alert.version + 1}


def _told(alert: Alert) -> dict[str, Any]:
    """Return what changes in the life of an alert."""
    return {
        "severity": alert.severity.value,
        "status": alert.status.value,
        "started_at": alert.started_at,
        "seen_at": alert.seen_at,
        "summary": storable(alert.summary),
        "cause": storable(alert.cause),
        "fired_at": alert.fired_at,
        "calm_since": alert.calm_since,
        "resolved_at": alert.resolved_at,
        "resolved_by": storable(alert.resolved_by),
        "details": clean(alert.details),
        "release": storable(alert.release),
        "url": storable(alert.url),
        "runbook": storable(alert.runbook),
        "flips": [moment.isoformat() for moment in alert.flips],
        "is_flapping": alert.is_flapping,
    }


def _found(session: Session, query: Select[Any]) -> tuple[Alert, ...]:
    return tuple(_alert(row) for row in session.connection().execute(query))


def _alert(row: Row[Any]) -> Alert:
    return Alert(
        project=row.project,
        rule=row.rule,
        severity=Severity(row.severity),
        status=AlertStatus(row.status),
        started_at=row.started_at,
        seen_at=row.seen_at,
        summary=row.summary,
        labels=tuple((name, value) for name, value in row.labels),
        cause=row.cause,
        fired_at=row.fired_at,
        calm_since=row.calm_since,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        details=tuple(row.details),
        release=row.release,
        url=row.url,
        runbook=row.runbook,
        flips=tuple(datetime.fromisoformat(moment) for moment in row.flips),
        is_flapping=row.is_flapping,
        id=row.id,
        version=row.version,
    )
