"""How long ten thousand alerts take: the stages alone, with the store, with a million alerts in history.

And beside them, in the same run, Prometheus Alertmanager with the same ten thousand alerts by its API, when it is
installed (Debian's package prometheus-alertmanager).

Run it with: python benchmarks/alerts.py [--alerts 10000] [--history 1000000] [--group-wait 5]
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text

from benchmarks.rig.alert_sides import (
    ALERTMANAGER,
    START,
    Side,
    alerts_of,
    decide,
    policy_of,
    push,
    run_alertmanager,
    run_ours,
)
from watchkeeper.domain.alert_values import AlertStatus
from watchkeeper.domain.alerts import Known, run_pass
from watchkeeper.store.alerts import list_alerts, save_alerts
from watchkeeper.store.database import migrate, opened, reading, transaction

WAIT = timedelta(seconds=30)
MINUTE_LATER = START + timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of the clock, and of this process at work: the rest is waiting for others on the machine."""

    clock: float
    work: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured several times, with its target in milliseconds of the clock."""

    name: str
    took: Sequence[Took]
    target_ms: float | None = None

    @property
    def row(self) -> tuple[str, ...]:
        clock, work = sorted(each.clock for each in self.took), median(each.work for each in self.took)
        target = "" if self.target_ms is None else f"below {self.target_ms:,.0f} ms"
        word = "" if self.target_ms is None else "reached" if median(clock) < self.target_ms else "missed"
        return (
            self.name,
            f"{median(clock):,.1f} ms",
            f"{clock[0]:,.1f} to {clock[-1]:,.1f}",
            f"{work:,.1f} ms",
            target,
            word,
        )


def measured(work: Callable[[], object], times: int = 5) -> list[Took]:
    found = []
    for _ in range(times):
        clock, worked = time.perf_counter(), time.process_time()
        work()
        found.append(Took((time.perf_counter() - clock) * 1_000, (time.process_time() - worked) * 1_000))
    return found


# --- the stages alone


def measure_stages(count: int) -> Iterator[Figure]:
    policy = policy_of()
    for projects, where in ((1, "one project"), (100, "100 projects"), (count, f"{count:,} projects")):
        alerts = tuple(replace(alert, id=number) for number, alert in enumerate(alerts_of(count, projects), 1))
        found = Known(alerts)
        target = 100.0 if projects < count else None
        yield Figure(f"stages, {count:,} new in {where}", measured(partial(run_pass, found, policy, START)), target)
        first = run_pass(found, policy, START)
        later = replace(found, groups=tuple(replace(group, id=n) for n, group in enumerate(first.groups, 1)))
        yield Figure(
            f"stages, the same a minute later, {where}", measured(partial(run_pass, later, policy, MINUTE_LATER))
        )
    few = Known(alerts_of(20, 20))
    yield Figure("stages, 20 that wait", measured(partial(run_pass, few, policy_of(WAIT), START)), 50.0)


# --- with the store


def measure_store(folder: Path, count: int) -> Iterator[Figure]:
    policy = policy_of()
    times: dict[str, list[Took]] = {"push": [], "tell": [], "idle": []}
    for number, projects in enumerate((1, 100, 100)):
        url = f"sqlite:///{folder / f'store{number}.db'}"
        migrate(url)
        with opened(url) as engine:
            alerts = alerts_of(count, projects)
            times["push"] += measured(partial(push, engine, alerts), 1)
            times["tell"] += measured(partial(decide, engine, policy, START), 1)
            times["idle"] += measured(partial(decide, engine, policy, MINUTE_LATER), 3)
    both = [
        Took(push.clock + tell.clock, push.work + tell.work)
        for push, tell in zip(times["push"], times["tell"], strict=True)
    ]
    yield Figure(f"store, {count:,} new alerts saved", times["push"])
    yield Figure("store, the pass that tells them", times["tell"])
    yield Figure("store, both", both, 2_000.0)
    yield Figure(f"store, a pass with {count:,} open and nothing to do", times["idle"])
    url = f"sqlite:///{folder / 'quiet.db'}"
    migrate(url)
    with opened(url) as engine:
        push(engine, alerts_of(20, 10))
        decide(engine, policy, START)
        minute = START + timedelta(minutes=1)
        yield Figure(
            "store, a pass with 20 open and nothing to do", measured(lambda: decide(engine, policy, minute)), 50
        )


# --- with a long history


def fill_history(engine: Engine, count: int) -> None:
    """Copy one alert that is over, until there are so many: a year and more of them."""
    over = replace(alerts_of(1, 1)[0], status=AlertStatus.RESOLVED, resolved_at=START)
    push(engine, [over])
    with engine.begin() as connection:
        connection.execute(text("UPDATE alerts SET settled_at = resolved_at"))
        names = connection.execute(text("SELECT * FROM alerts")).keys()
        columns = ", ".join(f'"{name}"' for name in names if name != "id")
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"  # noqa: S608
        connection.execute(text(f"INSERT INTO alerts ({columns}) {numbers} SELECT {columns} FROM n, alerts"))  # noqa: S608


def measure_history(folder: Path, count: int) -> Iterator[Figure]:
    url = f"sqlite:///{folder / 'history.db'}"
    migrate(url)
    with opened(url) as engine:
        fill_history(engine, count)
        push(engine, alerts_of(100, 10, START + timedelta(days=1)))
        told = f"{count:,} in history"
        yield Figure(f"{told}: list those that fire", measured(partial(list_firing, engine)), 50)
        yield Figure(f"{told}: change one", measured(partial(change_one, engine)), 50)
        yield Figure(f"{told}: a pass over 100 open", measured(partial(decide, engine, policy_of(), START), 1))


def list_firing(engine: Engine) -> None:
    with reading(engine) as session:
        list_alerts(session)


def change_one(engine: Engine) -> None:
    with transaction(engine) as session:
        alert = list_alerts(session, limit=1)[0]
        save_alerts(session, [replace(alert, calm_since=START)])


def compare(folder: Path, count: int, wait: float, console: Console) -> None:
    ours = run_ours(folder, count, wait)
    table = Table("", "push", "push to notification, without the group wait", "peak memory", "notifications")
    table.add_row("Watchkeeper", *_shown(ours))
    if shutil.which(ALERTMANAGER) is None:
        console.print(table)
        console.print(f"{ALERTMANAGER} is not installed: nothing to compare with.")
        return
    theirs = run_alertmanager(folder, count, wait)
    table.add_row("Alertmanager", *_shown(theirs))
    table.add_row("ratio", *(f"{ours_:.2f}" for ours_ in _ratios(ours, theirs)), "")
    console.print(table)


def _shown(side: Side) -> tuple[str, ...]:
    return f"{side.push_seconds:.2f} s", f"{side.seconds:.2f} s", f"{side.peak_mb:.0f} MB", str(side.notifications)


def _ratios(ours: Side, theirs: Side) -> tuple[float, float, float]:
    pairs = ((ours.push_seconds, theirs.push_seconds), (ours.seconds, theirs.seconds), (ours.peak_mb, theirs.peak_mb))
    first, second, third = (mine / max(other, 0.001) for mine, other in pairs)
    return first, second, third


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--alerts", type=int, default=10_000)
    parser.add_argument("--history", type=int, default=1_000_000)
    parser.add_argument("--group-wait", type=float, default=5)
    options = parser.parse_args()
    console = Console(width=140)
    table = Table("what", "median", "range", "of it at work", "target", "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for figures in (
            measure_stages(options.alerts),
            measure_store(folder, options.alerts),
            measure_history(folder, options.history),
        ):
            for figure in figures:
                table.add_row(*figure.row)
        console.print(table)
        compare(folder, options.alerts, options.group_wait, console)


if __name__ == "__main__":
    main()
