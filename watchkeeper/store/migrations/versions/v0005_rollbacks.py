"""Ways back: where each stands, what happened on it, who said yes or no; and the audit of who did what."""

import sqlalchemy as sa
from alembic import op

from watchkeeper.store.migrations.columns import (
    belongs_to,
    drop,
    flag,
    index,
    json,
    key,
    moment,
    number,
    real,
    unique,
    words,
)

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ACTIVE = sa.text("state NOT IN ('succeeded', 'refused', 'declined', 'expired', 'failed', 'undone') AND NOT dry_run")
ACCEPTED = sa.text("is_accepted")


def upgrade() -> None:
    create_rollbacks()
    create_events()
    create_answers()
    create_audit()


def downgrade() -> None:
    drop("audit", "rollback_answers", "rollback_events", "rollbacks")


def create_rollbacks() -> None:
    op.create_table(
        "rollbacks",
        number("id"),
        *(words(name) for name in ("project", "kind", "state", "source", "requested_by", "reason")),
        moment("requested_at"),
        moment("updated_at"),
        words("flow_run_id", null=True),
        words("event_id", null=True),
        words("target_asked"),
        real("rollout_percentage"),
        *(flag(name) for name in ("require_approval", "dry_run", "is_forced", "two_person")),
        json("approvers"),
        real("approval_timeout_s"),
        real("verify_for_s"),
        words("way", null=True),
        *(words(name) for name in ("from_deployment", "from_sha", "to_deployment", "to_sha")),
        number("round"),
        moment("approve_until", null=True),
        json("plan", null=True),
        json("evidence", null=True),
        words("claimed_by"),
        moment("claimed_until", null=True),
        number("move_calls"),
        moment("move_started_at", null=True),
        moment("request_before", null=True),
        moment("moved_at", null=True),
        words("outcome", null=True),
        *(words(name) for name in ("error", "slack_channel", "slack_thread", "github_issue")),
        number("undoes", null=True),
        *(moment(name, null=True) for name in ("finished_at", "reminded_at", "custody_ended_at")),
        json("notes"),
        json("asked"),
        key("rollbacks", "id"),
        unique("rollbacks", "flow_run_id"),
        unique("rollbacks", "event_id"),
        sqlite_autoincrement=True,
    )
    name, place = "uq_rollbacks_active", ("rollbacks", ["project"])
    op.create_index(name, *place, unique=True, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
    index("rollbacks", "project", "requested_at")
    index("rollbacks", "state", "requested_at")
    index("rollbacks", "requested_at")


def create_events() -> None:
    op.create_table(
        "rollback_events",
        number("id"),
        number("rollback"),
        moment("at"),
        *(words(name) for name in ("actor", "before", "after", "sentence")),
        key("rollback_events", "id"),
        belongs_to("rollback_events", "rollbacks", rollback="id"),
        sqlite_autoincrement=True,
    )
    index("rollback_events", "rollback", "id")


def create_answers() -> None:
    op.create_table(
        "rollback_answers",
        number("id"),
        number("rollback"),
        number("round"),
        *(words(name) for name in ("plan", "word", "approver", "comment", "via")),
        words("key", null=True),
        moment("at"),
        flag("is_accepted"),
        words("reason"),
        key("rollback_answers", "id"),
        unique("rollback_answers", "rollback", "key"),
        belongs_to("rollback_answers", "rollbacks", rollback="id"),
        sqlite_autoincrement=True,
    )
    name, place = "uq_rollback_answers_accepted", ("rollback_answers", ["rollback", "round", "word"])
    op.create_index(name, *place, unique=True, sqlite_where=ACCEPTED, postgresql_where=ACCEPTED)
    index("rollback_answers", "rollback", "id")


def create_audit() -> None:
    op.create_table(
        "audit",
        number("id"),
        moment("at"),
        *(words(name) for name in ("actor", "action", "project", "subject")),
        json("parameters"),
        words("outcome"),
        key("audit", "id"),
        sqlite_autoincrement=True,
    )
    index("audit", "at")
    index("audit", "project", "at")
