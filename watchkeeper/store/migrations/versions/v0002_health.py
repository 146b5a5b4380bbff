"""What was measured and judged, and what was told of it."""

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
    real,
    unique,
    words,
)

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_probes_and_observations()
    create_health()
    create_messages()


def downgrade() -> None:
    drop("messages", "hourly_health", "components", "health_checks", "hourly_observations", "observations", "probes")


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
        belongs_to(
            "components",
            "health_checks",
            project="project",
            window_start="window_start",
            window_end="window_end",
            check_type="check_type",
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
        unique("messages", "project", "channel", "follows", "verdict"),
        sqlite_autoincrement=True,
    )
    index("messages", "project", "channel", "sent_at")
    index("messages", "sent_at", "planned_at")
