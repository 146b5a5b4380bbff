"""All tables together."""

from sqlalchemy import MetaData

# Importing a module is what registers its tables.
from watchkeeper.store import (  # noqa: F401
    builds,
    configurations,
    delivery,
    endpoints,
    errors,
    health,
    messages,
    observations,
    projects,
    releases,
    runs,
)
from watchkeeper.store.tables import Base

METADATA: MetaData = Base.metadata
