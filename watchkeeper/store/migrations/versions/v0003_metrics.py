"""What is measured hour by hour, put together by day, week and month, and what the vendors tell of the past for it."""

import sqlalchemy as sa
from alembic import op

from watchkeeper.store.migrations.columns import (
    IN_ORDER_OF_KEY,
    big_number,
    drop,
    flag,
    index,
    key,
    moment,
    real,
    words,
)

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_metrics()
    create_what_the_vendors_tell()
    create_outages()
    op.add_column("workflows", real("queued_s", null=True))
    index("releases", "project", "live_at")


def downgrade() -> None:
    op.drop_index("ix_releases_project_live_at", "releases")
    op.drop_column("workflows", "queued_s")
    drop(
        "outages",
        "commits",
        "alias_requests",
        "issue_events",
        "flaky_tests",
        "build_runs",
        "metric_hours",
        "metric_buckets",
    )


def create_metrics() -> None:
    op.create_table(
        "metric_buckets",
        words("project"),
        words("period"),
        words("metric"),
        moment("start"),
        words("label"),
        big_number("count"),
        real("total"),
        real("least", null=True),
        real("greatest", null=True),
        sa.Column("sketch", sa.LargeBinary(), nullable=True),
        key("metric_buckets", "project", "period", "metric", "start", "label"),
        **IN_ORDER_OF_KEY,
    )
    op.create_table(
        "metric_hours",
        words("project"),
        moment("hour"),
        words("source"),
        words("state"),
        words("reason"),
        flag("is_final"),
        moment("aggregated_at"),
        key("metric_hours", "project", "hour", "source"),
        **IN_ORDER_OF_KEY,
    )
    index("metric_hours", "hour")


def create_what_the_vendors_tell() -> None:
    op.create_table(
        "build_runs",
        words("project"),
        words("id"),
        words("workflow"),
        words("branch"),
        words("status"),
        moment("created_at"),
        moment("stopped_at", null=True),
        big_number("credits"),
        key("build_runs", "project", "id"),
    )
    index("build_runs", "project", "stopped_at")
    op.create_table(
        "flaky_tests",
        words("project"),
        words("id"),
        words("name"),
        words("file"),
        words("job"),
        words("workflow"),
        big_number("times"),
        real("time_lost_s"),
        moment("noticed_at"),
        moment("last_seen_at"),
        key("flaky_tests", "project", "id"),
    )
    index("flaky_tests", "project", "last_seen_at")
    op.create_table(
        "issue_events",
        words("project"),
        moment("at"),
        words("issue"),
        words("kind"),
        words("level"),
        key("issue_events", "project", "at", "issue", "kind"),
        **IN_ORDER_OF_KEY,
    )
    op.create_table(
        "alias_requests",
        words("project"),
        moment("requested_at"),
        words("kind"),
        words("from_deployment"),
        words("to_deployment"),
        words("job"),
        key("alias_requests", "project", "requested_at", "kind"),
        **IN_ORDER_OF_KEY,
    )
    op.create_table(
        "commits",
        words("project"),
        words("sha"),
        moment("at"),
        words("title"),
        words("author"),
        key("commits", "project", "sha"),
    )
    index("commits", "project", "at")


def create_outages() -> None:
    op.create_table(
        "outages",
        words("project"),
        moment("started_at"),
        moment("ended_at", null=True),
        words("fault"),
        words("release"),
        words("reason"),
        flag("from_history"),
        key("outages", "project", "started_at"),
        **IN_ORDER_OF_KEY,
    )
