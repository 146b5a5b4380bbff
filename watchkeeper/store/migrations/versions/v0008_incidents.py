"""Incidents: what people work on together, with a timeline."""

import sqlalchemy as sa
from alembic import op

from watchkeeper.store.migrations.columns import belongs_to, drop, index, json, key, moment, number, words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = sa.text("status <> 'resolved'")


def upgrade() -> None:
    op.create_table(
        "incidents",
        number("number"),
        *(words(name) for name in ("project", "cause", "title", "severity", "status", "release", "owner")),
        moment("started_at"),
        moment("opened_at"),
        *(moment(name, null=True) for name in ("acknowledged_at", "mitigated_at", "resolved_at", "calm_since")),
        json("alerts"),
        json("firing"),
        number("rollback"),
        number("version"),
        key("incidents", "number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_incidents_open", "incidents", ["project", "cause"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN
    )
    index("incidents", "project", "opened_at")
    index("incidents", "opened_at")
    op.create_table(
        "incident_entries",
        number("id"),
        number("incident"),
        moment("at"),
        *(words(name) for name in ("kind", "text", "actor")),
        key("incident_entries", "id"),
        belongs_to("incident_entries", "incidents", incident="number"),
    )
    index("incident_entries", "incident", "at")


def downgrade() -> None:
    drop("incident_entries", "incidents")
