"""The first tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

IN_ORDER_OF_KEY = {"sqlite_with_rowid": False}
TABLES = (
    "projects",
    "flow_runs",
    "configurations",
    "sentry_issues",
    "sentry_releases",
    "session_readings",
    "vercel_deployments",
    "releases",
    "pipelines",
    "workflows",
    "probes",
    "observations",
    "hourly_observations",
    "health_checks",
    "components",
    "hourly_health",
    "messages",
)


def words(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=null)


def moment(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null)


def number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=null)


def big_number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=null)


def real(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Float(), nullable=null)


def flag(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=null)


def json(name: str, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON(), nullable=null)


def index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def upgrade() -> None:
    create_projects()
    create_errors()
    create_delivery_and_releases()
    create_builds()
    create_probes_and_observations()
    create_health()
    create_messages()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def create_projects() -> None:
    op.create_table(
        "projects",
        words("slug"),
        words("name"),
        moment("first_seen"),
        moment("last_seen"),
        key("projects", "slug"),
        **IN_ORDER_OF_KEY,
    )
    op.create_table(
        "flow_runs",
        words("id"),
        moment("window_start"),
        moment("window_end"),
        words("flow"),
        number("projects"),
        moment("saved_at"),
        key("flow_runs", "id", "window_start", "window_end"),
    )
    index("flow_runs", "saved_at")
    op.create_table(
        "configurations",
        words("digest"),
        words("text"),
        moment("first_used_at"),
        moment("last_used_at"),
        key("configurations", "digest"),
    )


def create_errors() -> None:
    op.create_table(
        "sentry_issues",
        words("project"),
        words("id"),
        words("short_id"),
        words("sentry_project"),
        words("title"),
        words("culprit"),
        words("level"),
        words("status"),
        words("substatus"),
        big_number("events"),
        big_number("users"),
        moment("first_seen"),
        moment("last_seen"),
        words("url"),
        flag("is_unhandled"),
        key("sentry_issues", "project", "id"),
    )
    index("sentry_issues", "project", "last_seen")
    op.create_table(
        "sentry_releases",
        words("project"),
        words("version"),
        words("environment"),
        json("sentry_projects"),
        moment("created_at"),
        moment("released_at", null=True),
        moment("deployed_at", null=True),
        big_number("new_issues"),
        key("sentry_releases", "project", "version", "environment"),
    )
    op.create_table(
        "session_readings",
        words("project"),
        moment("hour"),
        moment("taken_at"),
        json("counts"),
        key("session_readings", "project", "hour", "taken_at"),
        **IN_ORDER_OF_KEY,
    )
    index("session_readings", "taken_at")


def create_delivery_and_releases() -> None:
    op.create_table(
        "vercel_deployments",
        words("project"),
        words("id"),
        words("vercel_project_id"),
        words("vercel_project_name"),
        words("url"),
        words("target"),
        words("state"),
        words("serving"),
        moment("created_at"),
        moment("building_at", null=True),
        moment("ready_at", null=True),
        words("sha"),
        words("branch"),
        flag("is_rollback_candidate", null=True),
        words("error"),
        words("inspector_url"),
        key("vercel_deployments", "project", "id"),
    )
    index("vercel_deployments", "project", "created_at")
    op.create_table(
        "releases",
        words("project"),
        words("sha"),
        words("vercel_deployment"),
        words("pipeline"),
        words("sentry_version"),
        moment("created_at"),
        moment("promoted_at", null=True),
        key("releases", "project", "sha"),
    )
    index("releases", "project", "created_at")


def create_builds() -> None:
    op.create_table(
        "pipelines",
        words("project"),
        words("id"),
        big_number("number"),
        words("circleci_project"),
        words("branch"),
        words("sha"),
        words("state"),
        moment("created_at"),
        json("errors"),
        flag("is_final"),
        words("gap"),
        words("gap_reason"),
        words("url"),
        key("pipelines", "project", "id"),
    )
    index("pipelines", "project", "created_at")
    op.create_table(
        "workflows",
        words("project"),
        words("id"),
        words("pipeline"),
        words("name"),
        words("status"),
        moment("created_at"),
        moment("stopped_at", null=True),
        json("jobs"),
        words("url"),
        key("workflows", "project", "id"),
        sa.ForeignKeyConstraint(
            ["project", "pipeline"],
            ["pipelines.project", "pipelines.id"],
            name="fk_workflows_pipelines",
            ondelete="CASCADE",
        ),
    )
    index("workflows", "project", "pipeline")


def create_probes_and_observations() -> None:
    op.create_table(
        "probes",
        words("project"),
        moment("at"),
        words("endpoint"),
        words("failure", null=True),
        words("detail"),
        number("status", null=True),
        real("dns_ms", null=True),
        real("connect_ms", null=True),
        real("tls_ms", null=True),
        real("first_byte_ms", null=True),
        real("total_ms", null=True),
        moment("certificate_expires_at", null=True),
        words("redirected_to"),
        key("probes", "project", "at", "endpoint"),
        **IN_ORDER_OF_KEY,
    )
    index("probes", "at")
    op.create_table(
        "observations",
        words("project"),
        words("source"),
        words("metric"),
        moment("window_start"),
        moment("window_end"),
        words("release"),
        real("value"),
        big_number("sample_size"),
        key("observations", "project", "source", "metric", "window_start", "window_end", "release"),
        **IN_ORDER_OF_KEY,
    )
    index("observations", "window_start")
    op.create_table(
        "hourly_observations",
        words("project"),
        words("source"),
        words("metric"),
        moment("hour"),
        words("release"),
        big_number("number"),
        real("total"),
        real("mean"),
        real("least"),
        real("greatest"),
        big_number("sample_size"),
        key("hourly_observations", "project", "source", "metric", "hour", "release"),
        **IN_ORDER_OF_KEY,
    )
    index("hourly_observations", "hour")


def create_health() -> None:
    op.create_table(
        "health_checks",
        words("project"),
        moment("window_start"),
        moment("window_end"),
        words("check_type"),
        words("verdict"),
        real("score", null=True),
        real("coverage"),
        json("reasons"),
        words("fault"),
        words("fault_reason"),
        words("fault_release"),
        words("release"),
        flag("in_custody"),
        words("flow_run_id"),
        moment("checked_at"),
        key("health_checks", "project", "window_start", "window_end", "check_type"),
        **IN_ORDER_OF_KEY,
    )
    index("health_checks", "window_start")
    op.create_table(
        "components",
        words("project"),
        moment("window_start"),
        moment("window_end"),
        words("check_type"),
        words("component"),
        words("verdict"),
        real("score", null=True),
        json("reasons"),
        json("evidence"),
        words("gap", null=True),
        key("components", "project", "window_start", "window_end", "check_type", "component"),
        sa.ForeignKeyConstraint(
            ["project", "window_start", "window_end", "check_type"],
            [
                "health_checks.project",
                "health_checks.window_start",
                "health_checks.window_end",
                "health_checks.check_type",
            ],
            name="fk_components_health_checks",
            ondelete="CASCADE",
        ),
        **IN_ORDER_OF_KEY,
    )
    op.create_table(
        "hourly_health",
        words("project"),
        moment("hour"),
        number("checks"),
        number("healthy"),
        number("warning"),
        number("critical"),
        number("unknown"),
        real("mean_score", null=True),
        real("least_score", null=True),
        real("mean_coverage"),
        key("hourly_health", "project", "hour"),
        **IN_ORDER_OF_KEY,
    )
    index("hourly_health", "hour")


def create_messages() -> None:
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
        sa.UniqueConstraint(
            "project", "channel", "follows", "verdict", name="uq_messages_project_channel_follows_verdict"
        ),
        sqlite_autoincrement=True,
    )
    index("messages", "project", "channel", "sent_at")
    index("messages", "sent_at", "planned_at")
