"""Incidents know how far the draft of their report is; what is not over is found by an index."""

import sqlalchemy as sa
from alembic import op

from watchkeeper.store.migrations.columns import words

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

UNFINISHED = sa.text("status <> 'resolved'")
UNDRAFTED = sa.text("status = 'resolved' AND coalesce(draft, '') <> 'final'")


def upgrade() -> None:
    op.add_column("incidents", words("draft", null=True))
    op.create_index(
        "ix_incidents_unfinished", "incidents", ["resolved_at"], sqlite_where=UNFINISHED, postgresql_where=UNFINISHED
    )
    op.create_index(
        "ix_incidents_undrafted", "incidents", ["resolved_at"], sqlite_where=UNDRAFTED, postgresql_where=UNDRAFTED
    )


def downgrade() -> None:
    op.execute("DELETE FROM incident_entries WHERE kind = 'report'")  # a kind that older code does not know
    op.drop_index("ix_incidents_undrafted", "incidents")
    op.drop_index("ix_incidents_unfinished", "incidents")
    op.drop_column("incidents", "draft")
