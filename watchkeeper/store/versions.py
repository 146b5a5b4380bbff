"""The version of the database's tables: look at it, bring it up to date, take it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from watchkeeper.store.engines import create_database_engine, database_address, database_file
from watchkeeper.store.failures import MIGRATE, StoreNotMigrated, StoreTooNew, StoreUnavailable, describe

MIGRATIONS = Path(__file__).parent / "migrations"
MIGRATION_LOCK = 0x77617463_686B6570  # any number will do, as long as all of us take the same


def known_versions() -> tuple[str, ...]:
    """Return the versions that this code can bring a database to, oldest first."""
    return tuple(sorted(file.stem.split("_")[0][1:] for file in (MIGRATIONS / "versions").glob("v[0-9]*_*.py")))


def check_version(engine: Engine) -> None:
    """Make sure that the database fits the code.

    Raises:
        StoreNotMigrated: it is not there yet, or older than the code.
        StoreTooNew: it is newer than the code.
    """
    file = database_file(engine.url)
    if file is not None and not file.exists():
        if not file.parent.is_dir():
            raise StoreUnavailable(f"{describe(engine.url)} could not be used: the folder {file.parent} is not there.")
        raise StoreNotMigrated(f"{describe(engine.url)} is not there yet: {MIGRATE}.")
    with engine.connect() as connection:
        version = _version(connection)
    _refuse_newer(engine, version)
    if version != known_versions()[-1]:
        raise StoreNotMigrated(f"{describe(engine.url)} is older than this version of Watchkeeper: {MIGRATE}.")


def migrate(url: str, version: str = "head") -> None:
    """Bring the database to the newest version, from nothing or from any older one; does nothing if it is there.

    All in one transaction under a lock: two at once take turns, one that is killed leaves nothing half-done.

    Raises:
        StoreUnavailable: it cannot be reached or written.
        StoreTooNew: it is newer than the code.
    """
    from alembic import command  # noqa: PLC0415 - half a second that only a migration should pay
    from alembic.config import Config  # noqa: PLC0415

    with _migrating(url) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.upgrade(config, version)


def downgrade(url: str, version: str = "base") -> None:
    """Take the database back to an older version, with all that the newer tables hold.

    Raises:
        StoreUnavailable: it cannot be reached or written.
        StoreTooNew: it is newer than the code.
    """
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415

    with _migrating(url) as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, version)


@contextmanager
def _migrating(url: str) -> Iterator[Connection]:
    address = database_address(url)
    _make_folder(database_file(address), describe(address))
    engine = create_database_engine(address)
    try:
        with engine.execution_options(watchkeeper_writes=True).begin() as connection:
            if engine.dialect.name == "postgresql":
                # Waiting for the other migration may take longer than waiting for a row.
                connection.execute(text("SET LOCAL lock_timeout = '120s'"))
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
            _refuse_newer(engine, _version(connection))
            yield connection
    finally:
        engine.dispose()


def _make_folder(file: Path | None, database: str) -> None:
    if file is None:
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"{database} could not be used: its folder cannot be made ({error.strerror}). "
            f"Name another place in WATCHKEEPER_DATABASE_URL."
        ) from error


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return version


def _refuse_newer(engine: Engine, version: str | None) -> None:
    if version is not None and version not in known_versions():
        raise StoreTooNew(
            f"{describe(engine.url)} is at version {version}, and this Watchkeeper only knows up to "
            f"{known_versions()[-1]}: a newer Watchkeeper has used it. Update this one."
        )
