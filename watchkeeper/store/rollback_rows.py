"""The tables of ways back, and how their rows become values.

A project has at most one way back that is under way: the database itself sees to that.
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final, TypedDict

from pydantic import TypeAdapter
from sqlalchemy import JSON, ForeignKeyConstraint, Index, Row, UniqueConstraint, text
from sqlmodel import Field

from watchkeeper.domain.rollback import (
    Outcome,
    Plan,
    Rollback,
    RollbackEvidence,
    RollbackKind,
    RollbackState,
    Source,
    Way,
)
from watchkeeper.store.tables import Base
from watchkeeper.store.text import clean, storable, storable_key

# Spelled out as in the migration; a test holds it against the states.
ACTIVE: Final = "state NOT IN ('succeeded', 'refused', 'declined', 'expired', 'failed', 'undone') AND NOT dry_run"
ACCEPTED: Final = "is_accepted"


class RollbackRow(Base, table=True):
    __tablename__ = "rollbacks"
    __table_args__ = (
        UniqueConstraint("flow_run_id"),
        UniqueConstraint("event_id"),
        Index("uq_rollbacks_active", "project", unique=True, sqlite_where=text(ACTIVE), postgresql_where=text(ACTIVE)),
        Index(None, "project", "requested_at"),
        Index(None, "state", "requested_at"),
        Index(None, "requested_at"),
        {"sqlite_autoincrement": True},  # an id must never come back: people have written it down
    )

    id: int = Field(primary_key=True)
    project: str
    kind: str
    state: str
    source: str
    requested_by: str
    reason: str
    requested_at: datetime
    updated_at: datetime
    flow_run_id: str | None  # None where there is none: several may have none
    event_id: str | None
    target_asked: str
    rollout_percentage: float
    require_approval: bool
    dry_run: bool
    is_forced: bool
    two_person: bool
    approvers: list[str] = Field(sa_type=JSON)
    approval_timeout_s: float
    verify_for_s: float
    way: str | None
    from_deployment: str
    from_sha: str
    to_deployment: str
    to_sha: str
    round: int
    approve_until: datetime | None
    plan: dict[str, Any] | None = Field(sa_type=JSON)
    evidence: dict[str, Any] | None = Field(sa_type=JSON)
    claimed_by: str
    claimed_until: datetime | None
    move_calls: int
    move_started_at: datetime | None
    request_before: datetime | None  # by the vendor's clock
    moved_at: datetime | None
    outcome: str | None
    error: str
    slack_channel: str
    slack_thread: str
    github_issue: str
    undoes: int | None
    finished_at: datetime | None
    reminded_at: datetime | None
    custody_ended_at: datetime | None
    notes: dict[str, str] = Field(sa_type=JSON)
    asked: dict[str, Any] = Field(sa_type=JSON)


class RollbackEventRow(Base, table=True):
    """What happened on a way back, line by line."""

    __tablename__ = "rollback_events"
    __table_args__ = (
        ForeignKeyConstraint(["rollback"], ["rollbacks.id"], ondelete="CASCADE"),
        Index(None, "rollback", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    rollback: int
    at: datetime
    actor: str
    before: str
    after: str
    sentence: str


class RollbackAnswerRow(Base, table=True):
    """Every answer that was given; of each round one YES counts at most, and one NO."""

    __tablename__ = "rollback_answers"
    __table_args__ = (
        ForeignKeyConstraint(["rollback"], ["rollbacks.id"], ondelete="CASCADE"),
        UniqueConstraint("rollback", "key"),
        Index(
            "uq_rollback_answers_accepted",
            "rollback",
            "round",
            "word",
            unique=True,
            sqlite_where=text(ACCEPTED),
            postgresql_where=text(ACCEPTED),
        ),
        Index(None, "rollback", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int = Field(primary_key=True)
    rollback: int
    round: int
    plan: str
    word: str
    approver: str
    comment: str
    via: str
    key: str | None  # where it was typed into a form: it is read more than once, and written down once
    at: datetime
    is_accepted: bool
    reason: str


class RollbackChanges(TypedDict, total=False):
    """What may be written to a way back beside its state."""

    way: Way
    from_deployment: str
    from_sha: str
    to_deployment: str
    to_sha: str
    plan: Plan
    evidence: RollbackEvidence
    moved_at: datetime
    outcome: Outcome
    error: str
    slack_channel: str
    slack_thread: str
    github_issue: str
    notes: Mapping[str, str]
    approvers: tuple[str, ...]
    two_person: bool


_SAME: Final = tuple(
    part.name
    for part in fields(Rollback)
    if part.name
    not in {
        "kind",
        "state",
        "source",
        "way",
        "outcome",
        "plan",
        "evidence",
        "approvers",
        "approval_timeout",
        "verify_for",
        "flow_run_id",
        "event_id",
    }
)
_KEYS: Final = frozenset({"project", "flow_run_id", "event_id"})


def rollback_of(row: Row[Any]) -> Rollback:
    return Rollback(
        **{name: getattr(row, name) for name in _SAME},
        kind=RollbackKind(row.kind),
        state=RollbackState(row.state),
        source=Source(row.source),
        way=None if row.way is None else Way(row.way),
        outcome=None if row.outcome is None else Outcome(row.outcome),
        plan=None if row.plan is None else _plans().validate_python(row.plan),
        evidence=None if row.evidence is None else _evidence().validate_python(row.evidence),
        approvers=tuple(row.approvers),
        approval_timeout=timedelta(seconds=row.approval_timeout_s),
        verify_for=timedelta(seconds=row.verify_for_s),
        flow_run_id=row.flow_run_id or "",
        event_id=row.event_id or "",
    )


def columns_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a rollback as its columns take them."""
    return dict(_column(name, value) for name, value in values.items())


def _column(name: str, value: Any) -> tuple[str, Any]:  # noqa: ANN401 - any field
    if isinstance(value, timedelta):
        return f"{name}_s", value.total_seconds()
    if name in _KEYS:
        return name, storable_key(value) if name == "project" or value else None
    return name, _plain(value)


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field
    if isinstance(value, Plan):
        return _plans().dump_python(value, mode="json")
    if isinstance(value, RollbackEvidence):
        return _evidence().dump_python(value, mode="json")
    if isinstance(value, Mapping):
        return clean(dict(value))
    return list(value) if isinstance(value, tuple) else storable(value)


@lru_cache
def _plans() -> TypeAdapter[Plan]:
    return TypeAdapter(Plan)


@lru_cache
def _evidence() -> TypeAdapter[RollbackEvidence]:
    return TypeAdapter(RollbackEvidence)
