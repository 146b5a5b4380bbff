"""Lets time pass for runs on the temporary Prefect server: its client cannot set when a state was entered."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.settings import PREFECT_SERVER_DATABASE_CONNECTION_URL


def age(run: UUID, by: timedelta) -> None:
    """Make the state that the run is in older, and its end if it has one."""
    file = str(PREFECT_SERVER_DATABASE_CONNECTION_URL.value()).partition(":///")[2]
    moment = (datetime.now(UTC) - by).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(file, timeout=10)) as connection, connection:
        of_the_run = (moment, str(run))
        state = "SELECT state_id FROM flow_run WHERE id = ?"
        changed = connection.execute(f"UPDATE flow_run_state SET timestamp = ? WHERE id = ({state})", of_the_run)  # noqa: S608
        assert changed.rowcount
        connection.execute("UPDATE flow_run SET end_time = ? WHERE id = ? AND end_time IS NOT NULL", of_the_run)
