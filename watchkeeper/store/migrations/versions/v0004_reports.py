"""Reports that were made, and where they were delivered."""

from alembic import op

from watchkeeper.store.migrations.columns import (
    belongs_to,
    drop,
    index,
    json,
    key,
    moment,
    number,
    real,
    unique,
    words,
)

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_reports()
    create_deliveries()


def downgrade() -> None:
    drop("report_deliveries", "report_projects", "reports")


def create_reports() -> None:
    op.create_table(
        "reports",
        number("id"),
        words("period"),
        moment("window_start"),
        moment("window_end"),
        words("scope"),
        words("zone"),
        words("verdict"),
        words("headline"),
        words("file"),
        words("link"),
        words("digest"),
        moment("generated_at"),
        moment("created_at"),
        key("reports", "id"),
        unique("reports", "period", "window_start", "window_end", "scope"),
        sqlite_autoincrement=True,
    )
    index("reports", "window_end")
    op.create_table(
        "report_projects",
        number("report"),
        words("project"),
        words("verdict"),
        real("score", null=True),
        json("figures"),
        json("recommendations"),
        key("report_projects", "report", "project"),
        belongs_to("report_projects", "reports", report="id"),
    )
    index("report_projects", "project")


def create_deliveries() -> None:
    op.create_table(
        "report_deliveries",
        number("id"),
        number("report"),
        words("kind"),
        words("credentials"),
        words("destination"),
        json("content"),
        words("digest"),
        words("state"),
        moment("planned_at"),
        moment("claimed_until", null=True),
        words("claimed_by"),
        moment("not_before", null=True),
        number("attempts"),
        words("error"),
        moment("unsure_since", null=True),
        words("ts"),
        json("parts"),
        words("sent_digest"),
        moment("sent_at", null=True),
        key("report_deliveries", "id"),
        unique("report_deliveries", "report", "kind", "credentials", "destination"),
        belongs_to("report_deliveries", "reports", report="id"),
        sqlite_autoincrement=True,
    )
    index("report_deliveries", "state", "planned_at")
    index("report_deliveries", "kind", "credentials", "destination", "sent_at")
