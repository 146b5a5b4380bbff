"""Notices: what is told once under a name of its own, as that going back is proposed."""

from alembic import op

from watchkeeper.store.migrations.columns import drop, flag, index, json, key, moment, number, unique, words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        number("id"),
        *(words(name) for name in ("project", "kind", "name")),
        moment("at"),
        json("content"),
        words("channel"),
        flag("is_event"),
        moment("emitted_at", null=True),
        moment("claimed_until", null=True),
        moment("not_before", null=True),
        number("attempts"),
        words("error"),
        moment("sent_at", null=True),
        words("ts"),
        key("notices", "id"),
        unique("notices", "project", "kind", "name"),
        sqlite_autoincrement=True,
    )
    index("notices", "project", "kind", "at")
    index("notices", "at")


def downgrade() -> None:
    drop("notices")
