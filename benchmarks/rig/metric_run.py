"""The child that is measured: aggregates probes that lie in a database. Prints what it took as JSON.

Run by the benchmark: python -m benchmarks.rig.metric_run (fill | aggregate | compute | duckdb) URL PROJECTS HOURS
"""

import json
import resource
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Engine

from benchmarks.rig.metric_data import HOUR, START, fill, projects_of
from flows.metrics_aggregation import batches
from tasks.metric_hours import aggregate
from watchkeeper.domain.aggregation import ProbeColumns, aggregate_probes, keys_of
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.history import History
from watchkeeper.domain.hour_samples import Subject
from watchkeeper.domain.hours import WATCH
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.store.database import migrate, opened, reading, transaction
from watchkeeper.store.metric_columns import probe_columns

NOT_USED: Final = Missing(Gap.NOT_CONFIGURED, "the project does not use it")
SOURCES: Final = frozenset({"endpoints", WATCH})
QUERY: Final = """
    CREATE TABLE buckets AS SELECT project, endpoint, hour, count(*) AS probes, sum(ok) AS right_ones,
        count(total_ms), sum(total_ms), min(total_ms), max(total_ms), quantile_cont(total_ms, [0.5, 0.95, 0.99]),
        count(first_byte_ms), sum(first_byte_ms), min(first_byte_ms), max(first_byte_ms),
        quantile_cont(first_byte_ms, [0.5, 0.95, 0.99]), min(expires), max(expires), sum(expires)
    FROM probes GROUP BY project, endpoint, hour
"""


def aggregate_all(engine: Engine, projects: int, hours: int) -> dict[str, Any]:
    """Aggregate every hour, the newest first, a batch in a transaction, as the flow does."""
    zone = ZoneInfo("UTC")
    subjects = [Subject(slug, zone, HealthLimits(), Prices(), SOURCES) for slug in projects_of(projects)]
    histories = dict.fromkeys(projects_of(projects), History(NOT_USED, NOT_USED, NOT_USED, NOT_USED))
    moments = [START + n * HOUR for n in range(hours)]
    now = START + hours * HOUR + timedelta(days=1)
    began, buckets = time.perf_counter(), 0
    for batch in batches(moments[::-1]):
        with transaction(engine) as session:
            buckets += aggregate(session, subjects, histories, batch, now).buckets
    return {"seconds": time.perf_counter() - began, "buckets": buckets}


def compute(engine: Engine, projects: int, hours: int) -> dict[str, Any]:
    """Aggregate columns that are in memory already, with nothing read and nothing written."""
    names, columns = _in_memory(engine, projects, hours)
    aggregate_probes(_keyed(names, columns))  # what is loaded once is loaded now
    began = time.perf_counter()
    buckets = len(aggregate_probes(_keyed(names, columns)))
    return {"seconds": time.perf_counter() - began, "buckets": buckets}


def query_duckdb(engine: Engine, projects: int, hours: int) -> dict[str, Any]:
    """Aggregate the same rows, loaded before, by one query of DuckDB."""
    import duckdb  # noqa: PLC0415 - only this yardstick needs it
    from pandas import DataFrame  # noqa: PLC0415

    (project, endpoint, hour), found = _in_memory(engine, projects, hours)
    values = {
        "ok": found.ok,
        "total_ms": found.total_ms,
        "first_byte_ms": found.first_byte_ms,
        "expires": found.expires,
    }
    frame = DataFrame({"project": project, "endpoint": endpoint, "hour": hour, **values})
    with duckdb.connect() as database:
        database.register("frame", frame)
        database.execute("CREATE TABLE probes AS SELECT * FROM frame")
        began = time.perf_counter()
        database.execute(QUERY)
        seconds = time.perf_counter() - began
        (count,) = database.execute("SELECT count(*) FROM buckets").fetchone() or (0,)
    return {"seconds": seconds, "buckets": count}


def _in_memory(engine: Engine, projects: int, hours: int) -> tuple[tuple[Sequence[str], ...], ProbeColumns]:
    """Return project, endpoint and hour of every probe as text, and its values."""
    with reading(engine) as session:
        found = probe_columns(session, projects_of(projects), [START + n * HOUR for n in range(hours)])
    named = [(project, label, f"{start:%Y-%m-%d %H}") for project, label, start in found.keys.names]
    rows = found.keys.index.tolist()
    return tuple([named[row][column] for row in rows] for column in range(3)), found


def _keyed(names: tuple[Sequence[str], ...], columns: ProbeColumns) -> ProbeColumns:
    keys = keys_of(*names)
    starts = {text: START + n * HOUR for n, text in enumerate(sorted(set(names[2])))}
    keyed = type(keys)([(project, label, starts[hour]) for project, label, hour in keys.names], keys.index)
    return ProbeColumns(keyed, columns.ok, columns.total_ms, columns.first_byte_ms, columns.expires)


def main() -> None:
    what, url, projects, hours = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if what == "fill":
        migrate(url)
    with opened(url) as engine:
        if what == "fill":
            with transaction(engine) as session:
                found: dict[str, Any] = {"probes": fill(session, projects, hours)}
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("ANALYZE")
        else:
            measure = {"aggregate": aggregate_all, "compute": compute, "duckdb": query_duckdb}[what]
            found = measure(engine, projects, hours)
    print(json.dumps({**found, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
