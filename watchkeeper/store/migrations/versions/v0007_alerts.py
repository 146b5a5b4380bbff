"""Alerts, groups, the ledger and the outbox of what is told, silences, how channels do, what went wrong with us."""

from alembic import op
from sqlalchemy import text

from watchkeeper.store.migrations.columns import (
    belongs_to,
    drop,
    flag,
    index,
    json,
    key,
    moment,
    number,
    unique,
    words,
)

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_alerts()
    _create_groups()
    _create_messages()
    _create_ledger()
    _create_silences()
    _create_channel_states()
    _create_events()


def downgrade() -> None:
    drop("alert_notifications", "alert_messages", "alert_groups", "alerts")
    drop("silences", "channel_states", "alert_events")


def _create_alerts() -> None:
    op.create_table(
        "alerts",
        number("id"),
        *(words(name) for name in ("project", "rule", "fingerprint")),
        json("labels"),
        *(words(name) for name in ("severity", "status")),
        *(moment(name) for name in ("started_at", "seen_at")),
        *(words(name) for name in ("summary", "cause")),
        *(moment(name, null=True) for name in ("fired_at", "calm_since", "resolved_at")),
        words("resolved_by"),
        json("details"),
        *(words(name) for name in ("release", "url", "runbook")),
        json("flips"),
        flag("is_flapping"),
        number("version"),
        moment("settled_at", null=True),
        key("alerts", "id"),
        sqlite_autoincrement=True,
    )
    _index_where("uq_alerts_open", "alerts", "fingerprint", where="resolved_at IS NULL", is_unique=True)
    _index_where("ix_alerts_unsettled", "alerts", "settled_at", where="settled_at IS NULL")
    index("alerts", "project", "started_at")
    index("alerts", "started_at")


def _create_groups() -> None:
    op.create_table(
        "alert_groups",
        number("id"),
        *(words(name) for name in ("key", "project", "cause")),
        *(moment(name) for name in ("opened_at", "due_at")),
        json("channels"),
        moment("acknowledged_at", null=True),
        *(words(name) for name in ("acknowledged_by", "assigned_to")),
        number("escalation_step"),
        moment("escalated_at", null=True),
        number("incident"),
        number("storm"),
        moment("closed_at", null=True),
        number("version"),
        key("alert_groups", "id"),
        sqlite_autoincrement=True,
    )
    _index_where("uq_alert_groups_open", "alert_groups", "key", where="closed_at IS NULL", is_unique=True)
    _index_where("ix_alert_groups_unclosed", "alert_groups", "closed_at", where="closed_at IS NULL")
    index("alert_groups", "project", "opened_at")
    index("alert_groups", "opened_at")


def _create_messages() -> None:
    op.create_table(
        "alert_messages",
        number("id"),
        *(words(name) for name in ("project", "channel", "key", "reason")),
        number("rank"),
        json("digest"),
        *(moment(name) for name in ("planned_at", "began_at")),
        *(moment(name, null=True) for name in ("not_before", "claimed_until")),
        number("attempts"),
        words("error"),
        *(moment(name, null=True) for name in ("failed_at", "unsure_since", "sent_at")),
        words("reference"),
        moment("lost_at", null=True),
        key("alert_messages", "id"),
        sqlite_autoincrement=True,
    )
    _index_where("ix_alert_messages_waiting", "alert_messages", "sent_at", where="sent_at IS NULL AND lost_at IS NULL")
    index("alert_messages", "channel", "key", "id")
    index("alert_messages", "planned_at")


def _create_ledger() -> None:
    op.create_table(
        "alert_notifications",
        number("id"),
        number("group"),
        words("channel"),
        number("sequence"),
        words("reason"),
        moment("at"),
        *(json(name) for name in ("firing", "resolved", "people")),
        number("message"),
        key("alert_notifications", "id"),
        unique("alert_notifications", "group", "channel", "sequence"),
        belongs_to("alert_notifications", "alert_groups", group="id"),
        sqlite_autoincrement=True,
    )
    index("alert_notifications", "at")
    index("alert_notifications", "message")


def _create_silences() -> None:
    op.create_table(
        "silences",
        number("id"),
        json("matchers"),
        *(moment(name) for name in ("starts_at", "until")),
        *(words(name) for name in ("author", "comment")),
        moment("ended_at", null=True),
        number("storm"),
        key("silences", "id"),
        sqlite_autoincrement=True,
    )
    index("silences", "until")


def _create_channel_states() -> None:
    op.create_table(
        "channel_states",
        words("channel"),
        number("failures"),
        *(moment(name, null=True) for name in ("opened_at", "retry_at", "trying_until")),
        words("error"),
        moment("at"),
        key("channel_states", "channel"),
    )


def _create_events() -> None:
    op.create_table(
        "alert_events",
        number("id"),
        *(words(name) for name in ("subject", "name")),
        moment("at"),
        *(words(name) for name in ("sentence", "url")),
        moment("ended_at", null=True),
        key("alert_events", "id"),
        unique("alert_events", "name"),
        sqlite_autoincrement=True,
    )
    _index_where("ix_alert_events_open", "alert_events", "ended_at", where="ended_at IS NULL")
    index("alert_events", "at")


def _index_where(name: str, table: str, column: str, *, where: str, is_unique: bool = False) -> None:
    condition = text(where)
    op.create_index(name, table, [column], unique=is_unique, sqlite_where=condition, postgresql_where=condition)
