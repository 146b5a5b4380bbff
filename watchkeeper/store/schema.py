"""All tables together."""

from sqlalchemy import MetaData

# Importing a module is what registers its tables.
from watchkeeper.store import (  # noqa: F401
    alert_events,
    alert_groups,
    alert_ledger,
    alert_messages,
    alerts,
    alias_requests,
    audit,
    build_runs,
    builds,
    channel_states,
    commits,
    configurations,
    delivery,
    endpoints,
    errors,
    health,
    incidents,
    issue_events,
    metrics,
    notices,
    observations,
    outages,
    projects,
    releases,
    report_deliveries,
    reports,
    rollback_rows,
    runs,
    silences,
)
from watchkeeper.store.tables import Base

METADATA: MetaData = Base.metadata
