"""What the vendors said: projects, errors, delivery, builds, and the runs that asked."""

from alembic import op

from watchkeeper.store.migrations.columns import (
    IN_ORDER_OF_KEY,
    belongs_to,
    big_number,
    drop,
    flag,
    index,
    json,
    key,
    moment,
    number,
    words,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_projects()
    create_errors()
    create_delivery_and_releases()
    create_builds()


def downgrade() -> None:
    drop(
        "workflows",
        "pipelines",
        "releases",
        "vercel_deployments",
        "session_readings",
        "sentry_releases",
        "sentry_issues",
        "configurations",
        "flow_runs",
        "projects",
    )


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
        big_number("events", null=True),
        big_number("users", null=True),
        moment("first_seen", null=True),
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
        big_number("new_issues", null=True),
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
        words("name"),
        words("sha"),
        moment("created_at"),
        moment("live_at", null=True),
        json("vercel_deployments"),
        words("pipeline"),
        json("sentry_versions"),
        words("note"),
        key("releases", "project", "name"),
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
        belongs_to("workflows", "pipelines", project="project", pipeline="id"),
    )
    index("workflows", "project", "pipeline")
