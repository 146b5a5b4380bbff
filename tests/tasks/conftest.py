from tests.store.databases import (  # noqa: F401
    kept_databases,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    url,
)
from tests.tasks.outbox_day import day  # noqa: F401
