from tests.store.databases import (  # noqa: F401
    engine,
    new_postgresql_url,
    new_sqlite_url,
    new_url,
    kept_databases,
    postgresql_server,
    postgresql_template,
    postgresql_url,
    sqlite_template,
    sqlite_url,
    url,
)
