"""All tables together."""

from sqlalchemy import MetaData

# Importing a module is what registers its tables.
from watchkeeper.store import (  # noqa: F401
    alias_requests,
    audit,
    build_runs,
    builds,
    commits,
    configurations,
    delivery,
    endpoints,
    errors,
    health,
    issue_events,
    messages,
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
)
from watchkeeper.store.tables import Base

METADATA: MetaData = Base.metadata
