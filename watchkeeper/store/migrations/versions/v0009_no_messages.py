"""Health is told by alerts: the ledger of messages is gone."""

from alembic import op

from watchkeeper.store.migrations.columns import drop, flag, index, key, moment, number, unique, words

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    drop("messages")


def downgrade() -> None:
    op.create_table(
        "messages",
        number("id"),
        words("project"),
        words("channel"),
        number("follows"),
        words("verdict"),
        words("reason"),
        moment("window_start"),
        moment("window_end"),
        words("check_type"),
        moment("planned_at"),
        flag("is_withdrawn"),
        moment("not_before", null=True),
        moment("claimed_until", null=True),
        number("attempts"),
        words("error"),
        moment("sent_at", null=True),
        moment("posted_at", null=True),
        words("ts"),
        key("messages", "id"),
        unique("messages", "project", "channel", "follows", "verdict"),
        sqlite_autoincrement=True,
    )
    index("messages", "project", "channel", "sent_at")
    index("messages", "sent_at", "planned_at")
