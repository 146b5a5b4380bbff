import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from tests.store.samples import NOON, check
from watchkeeper.store.configurations import remember_configuration
from watchkeeper.store.database import migrate, open_database, opened, reading, transaction
from watchkeeper.store.engines import database_address
from watchkeeper.store.failures import StoreNotMigrated, StoreUnavailable
from watchkeeper.store.health import checks, save_checks


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("postgres://u@h/d", "postgresql+psycopg"),
        ("postgresql://u@h/d", "postgresql+psycopg"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg"),
        ("sqlite:///some.db", "sqlite"),
    ],
)
def test_both_ways_of_writing_postgresql_mean_the_driver_we_have(url: str, driver: str) -> None:
    assert database_address(url).drivername == driver


@pytest.mark.parametrize("url", ["mysql://u:make-believe@h/d", "sqlite://", "sqlite:///:memory:", "make-believe", ""])
def test_other_databases_are_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="database") as refused:
        open_database(url)
    assert "make-believe" not in str(refused.value)


def test_every_connection_of_sqlite_is_prepared(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    migrate(url)
    with opened(url) as engine, engine.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "busy_timeout", "foreign_keys", "synchronous")
        }
    assert values == {"journal_mode": "wal", "busy_timeout": 10_000, "foreign_keys": 1, "synchronous": 1}


def test_a_transaction_that_fails_leaves_nothing(engine: Engine) -> None:
    def save_and_fail() -> None:
        with transaction(engine) as session:
            save_checks(session, [check()], "run", NOON)
            raise KeyError

    with pytest.raises(KeyError):
        save_and_fail()
    with reading(engine) as session:
        assert checks(session, ["shop"], check().window) == {"shop": ()}


def test_a_reader_sees_one_moment(engine: Engine) -> None:
    with reading(engine) as session:
        assert checks(session, ["shop"], check().window) == {"shop": ()}
        with transaction(engine) as other:
            save_checks(other, [check()], "run", NOON)
        assert checks(session, ["shop"], check().window) == {"shop": ()}


def test_a_database_that_is_not_there_says_how_to_make_it(new_url: str) -> None:
    with pytest.raises(StoreNotMigrated, match="alembic upgrade head"):
        open_database(new_url)


def test_looking_at_a_missing_database_does_not_make_it(tmp_path: Path) -> None:
    with pytest.raises(StoreNotMigrated):
        open_database(f"sqlite:///{tmp_path / 'none.db'}")
    assert not list(tmp_path.iterdir())


def test_a_locked_database_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'busy.db'}"
    migrate(url)
    engine = open_database(url + "?timeout=0.05")
    holder = sqlite3.connect(tmp_path / "busy.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with (
        pytest.raises(StoreUnavailable, match=r"busy\.db could not be used: another process has held it"),
        transaction(engine),
    ):
        pass
    holder.close()
    with transaction(engine) as session:
        save_checks(session, [check()], "run", NOON)
    engine.dispose()


def test_a_full_disk_is_named_and_nothing_is_half_written(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'full.db'}"
    migrate(url)
    with opened(url) as engine:
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            # The same connection comes back from the pool, so the limit holds for the transaction too.
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 5}")
        several = [check(project=f"p{number}") for number in range(500)]
        with pytest.raises(StoreUnavailable, match="the disk is full"), transaction(engine) as session:
            save_checks(session, several, "run", NOON)
        with reading(engine) as session:
            assert session.connection().execute(text("SELECT count(*) FROM health_checks")).scalar() == 0
            assert session.connection().execute(text("SELECT count(*) FROM projects")).scalar() == 0


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are notes, and long enough not to be taken for an empty file" * 20)
    with pytest.raises(StoreUnavailable, match="not an SQLite database"):
        open_database(f"sqlite:///{file}")


def test_a_database_that_may_not_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "readonly.db"
    migrate(f"sqlite:///{file}")
    with opened(f"sqlite:///file:{file}?mode=ro&uri=true") as engine:
        with reading(engine) as session:
            assert checks(session, ["shop"], check().window) == {"shop": ()}
        with pytest.raises(StoreUnavailable, match="may not be written"), transaction(engine) as session:
            save_checks(session, [check()], "run", NOON)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"its folder cannot be made .*WATCHKEEPER_DATABASE_URL"):
        migrate(f"sqlite:///{tmp_path / 'file' / 'sub' / 'a.db'}")


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="is not there"):
        open_database(f"sqlite:///{tmp_path / 'gone' / 'a.db'}")


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(
        StoreUnavailable, match=r"shop at 127\.0\.0\.1:9 could not be used: it does not answer"
    ) as refused:
        open_database("postgresql://watch:make-believe-password@127.0.0.1:9/shop")
    shown = [str(refused.value), str(refused.value.__cause__), str(refused.value.__context__)]
    assert not any("make-believe" in text for text in shown)


def test_a_missing_database_of_a_server_is_named(postgresql_server: str) -> None:
    with pytest.raises(StoreUnavailable, match="there is no database or user of this name"):
        open_database(postgresql_server.replace("/postgres?", "/absent?"))


def test_a_row_held_for_too_long_is_named(postgresql_url: str) -> None:
    impatient = f"{postgresql_url}&options=-c%20lock_timeout%3D50ms"
    with opened(postgresql_url) as holder, opened(impatient) as waiter, transaction(holder) as session:
        remember_configuration(session, "a", NOON)
        with pytest.raises(StoreUnavailable, match="held the rows for too long"), transaction(waiter) as other:
            remember_configuration(other, "a", NOON)


def test_a_connection_that_was_cut_is_named_and_the_next_one_works(postgresql_url: str) -> None:
    def save_while_the_connection_is_cut(engine: Engine) -> None:
        with transaction(engine) as session:
            save_checks(session, [check()], "run", NOON)
            cut_connections(postgresql_url)
            save_checks(session, [check()], "run", NOON)

    with opened(postgresql_url) as engine:
        with pytest.raises(StoreUnavailable, match=r"is stopping or starting|does not answer"):
            save_while_the_connection_is_cut(engine)
        with transaction(engine) as session:
            assert checks(session, ["shop"], check().window) == {"shop": ()}
            save_checks(session, [check()], "run", NOON)


def cut_connections(url: str) -> None:
    others = "pid <> pg_backend_pid() AND datname = current_database()"
    with opened(url) as engine, engine.connect() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))  # noqa: S608
