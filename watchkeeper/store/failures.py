"""What can go wrong between us and the database, said so that a person knows what to do.

Errors:

* StoreError
  x StoreUnavailable   locked, full, gone, unwritable or damaged; nothing of the transaction was written
  x StoreNotMigrated   the database is older than the code, or not there yet
  x StoreTooNew        the database is newer than the code
"""

from sqlalchemy import URL
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

MIGRATE = "run `watchkeeper up`, or `alembic upgrade head` with WATCHKEEPER_DATABASE_URL set"

# The beginning of SQLite's own words, and what a person can do about it.
SQLITE_CAUSES = {
    "database is locked": "another process has held it for too long. Look for the process that holds the file, "
    "or use PostgreSQL where many processes write",
    "database table is locked": "another connection of this process holds it; end that transaction first",
    "database or disk is full": "the disk is full. Free some space or move the database; the next run catches up",
    "attempt to write a readonly database": "it may not be written. Let this user write the file and its folder",
    "unable to open database file": "it cannot be opened. Check that its folder exists and this user may write there",
    "disk i/o error": "the disk failed while reading or writing. Check the disk and its file system",
    "file is not a database": "this file is not an SQLite database. Name another file in WATCHKEEPER_DATABASE_URL",
    "database disk image is malformed": "the file is damaged. Restore a backup, or delete it to start anew",
}

# Beginnings of SQLSTATE, the longer ones first: https://www.postgresql.org/docs/current/errcodes-appendix.html
POSTGRESQL_CAUSES = {
    "25006": "it only accepts reading now. Name the primary server in WATCHKEEPER_DATABASE_URL",
    "28": "it does not accept this user or password. Check WATCHKEEPER_DATABASE_URL",
    "3D": "there is no database of this name. Create it first",
    "40": "another writer got in the way. Run it again",
    "53100": "its disk is full. Free some space on the database server; the next run catches up",
    "53300": "it has too many connections already. Raise max_connections or run fewer processes",
    "53": "it is out of resources. Look at the database server's log",
    "55P03": "another transaction has held the rows for too long. Look into pg_stat_activity for who holds them",
    "57": "it is stopping or starting. Run it again when it is up",
}
# While connecting the driver gives no SQLSTATE, only the server's words.
CONNECTING = {
    "password authentication failed": POSTGRESQL_CAUSES["28"],
    "no pg_hba.conf entry": POSTGRESQL_CAUSES["28"],
    "does not exist": "there is no database or user of this name. Create it first",
    "too many": POSTGRESQL_CAUSES["53300"],
    "starting up": POSTGRESQL_CAUSES["57"],
    "shutting down": POSTGRESQL_CAUSES["57"],
}
UNREACHABLE = "it does not answer. Check that it runs, and that host, port, user and password are right"

NO_TABLE = ("no such table", "no such column", "has no column named")


class StoreError(Exception):
    """The database could not be used. The message names the database, without its password, and the way out."""


class StoreUnavailable(StoreError):  # noqa: N818 - the names of the tree above
    """The database could not be read or written; nothing of the transaction was written."""


class StoreNotMigrated(StoreError):  # noqa: N818
    """The database is not there yet, or older than the code."""


class StoreTooNew(StoreError):  # noqa: N818
    """The database was written by a newer version of the code."""


def describe(url: URL) -> str:
    """Return what a person may see of the database's address: never its password."""
    if url.get_backend_name() == "sqlite":
        return f"the SQLite database {url.database}"
    place = f"{url.host or 'local socket'}" + (f":{url.port}" if url.port else "")
    return f"the PostgreSQL database {url.database} at {place}"


def explain(context: ExceptionContext, url: URL) -> StoreError | None:
    """Return the named error behind a driver's error; None when it is a mistake of ours and should stay as it is."""
    original = context.original_exception
    error = context.sqlalchemy_exception
    if url.get_backend_name() == "sqlite":
        return _explain_sqlite(str(original), url) if isinstance(error, DBAPIError) else None
    return explain_postgresql(original, url, connection_lost=isinstance(error, OperationalError | InterfaceError))


def explain_postgresql(original: BaseException, url: URL, *, connection_lost: bool) -> StoreError | None:
    """Return the named error behind one of the driver's own; None when it is a mistake of ours."""
    state = getattr(original, "sqlstate", None) or ""
    if state in {"42P01", "42703"}:
        return StoreNotMigrated(f"{describe(url)} lacks a table or column: {MIGRATE}.")
    cause = _postgresql_cause(state, str(original), connection_lost=connection_lost)
    return None if cause is None else StoreUnavailable(f"{describe(url)} could not be used: {cause}.")


def _explain_sqlite(words: str, url: URL) -> StoreError | None:
    if words.lower().startswith(NO_TABLE):
        return StoreNotMigrated(f"{describe(url)} lacks a table or column ({words}): {MIGRATE}.")
    for beginning, cause in SQLITE_CAUSES.items():
        if words.lower().startswith(beginning):
            return StoreUnavailable(f"{describe(url)} could not be used: {cause}.")
    return None


def _postgresql_cause(state: str, words: str, *, connection_lost: bool) -> str | None:
    for beginning, cause in POSTGRESQL_CAUSES.items():
        if state and state.startswith(beginning):
            return cause
    if not connection_lost:
        return None
    return next((cause for said, cause in CONNECTING.items() if not state and said in words), UNREACHABLE)
