import subprocess
import sys

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, text

from tests.store.samples import NOON, check
from watchkeeper.store.database import downgrade, migrate, open_database, opened, reading, transaction
from watchkeeper.store.engines import database_address
from watchkeeper.store.failures import StoreNotMigrated, StoreTooNew
from watchkeeper.store.health import checks, save_checks
from watchkeeper.store.schema import METADATA
from watchkeeper.store.versions import MIGRATIONS, known_versions

MIGRATE = "import sys; from watchkeeper.store.database import migrate; migrate(sys.argv[1])"


def tables(url: str) -> set[str]:
    engine = create_engine(database_address(url))
    names = set(inspect(engine).get_table_names())
    engine.dispose()
    return names - {"alembic_version", "sqlite_sequence", "sqlite_stat1"}


def test_migrating_makes_all_tables_and_doing_it_again_changes_nothing(new_url: str) -> None:
    migrate(new_url)
    migrate(new_url)
    assert tables(new_url) == set(METADATA.tables)


def test_going_back_to_each_version_and_forward_again(url: str) -> None:
    for version in reversed(known_versions()[:-1]):
        downgrade(url, version)
        with pytest.raises(StoreNotMigrated, match="older than this version"):
            open_database(url)
    downgrade(url)
    assert tables(url) == set()
    for version in known_versions():
        migrate(url, version)
    assert tables(url) == set(METADATA.tables)


def test_what_is_stored_survives_a_migration(url: str) -> None:
    with opened(url) as engine, transaction(engine) as session:
        save_checks(session, [check()], "run", NOON)
    migrate(url)
    with opened(url) as engine, reading(engine) as session:
        assert checks(session, ["shop"], check().window) == {"shop": (check(),)}


def test_the_migrations_make_just_what_the_models_say(url: str) -> None:
    with opened(url) as engine, engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_the_versions_we_know_are_those_of_alembic() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(known_versions()))
    assert scripts.get_current_head() == known_versions()[-1]


def test_a_database_newer_than_the_code_is_refused(url: str) -> None:
    engine = create_engine(database_address(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    for use in (open_database, migrate, downgrade):
        with pytest.raises(StoreTooNew, match=r"at version 9999.*Update this one"):
            use(url)


def test_processes_that_migrate_at_once_take_turns(new_url: str) -> None:
    command = [sys.executable, "-c", MIGRATE, new_url]
    several = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate(timeout=60)[1] for process in several] == ["", "", ""]
    assert tables(new_url) == set(METADATA.tables)


def test_alembics_own_command_line_finds_its_settings(new_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", new_url)
    for arguments in (["upgrade", "head"], ["check"], ["downgrade", "base"]):
        command = [sys.executable, "-m", "alembic", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
    assert tables(new_url) == set()


def test_using_the_store_does_not_import_alembic() -> None:
    code = "import sys, watchkeeper.store.schema, watchkeeper.store.database; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
