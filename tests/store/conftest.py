from tests.store.databases import (  # noqa: F401
    engine,
    kept_databases,
    new_postgresql_url,
    new_sqlite_url,
    new_url,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    url,
)
