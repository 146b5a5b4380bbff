from tests.store.databases import sqlite_template, sqlite_url  # noqa: F401
