"""Hours become buckets: once, whatever happens meanwhile; what is missing is said and filled in later."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.metrics_aggregation import metrics_aggregation
from tests.flows.company import Company
from tests.flows.reporting import (
    HOUR,
    copied,
    hours_done,
    killed,
    last_hour,
    lived,
    reporting_document,
    snapshot,
    states,
)
from tests.flows.watch import Watch

pytestmark = pytest.mark.slow

RUN = """
import asyncio
from datetime import datetime
from flows.metrics_aggregation import metrics_aggregation
asyncio.run(metrics_aggregation(start=datetime.fromisoformat({start!r}), end=datetime.fromisoformat({end!r})))
"""


@pytest.fixture
def watch(watch: Watch, company: Company) -> Watch:
    watch.configure(reporting_document(company))
    return watch


async def aggregate(**parameters: Any) -> str:
    """Run the real flow; return the message of its state."""
    state = await metrics_aggregation(**parameters, return_state=True)
    assert state.is_completed(), state.message
    return str(state.message)


def failed_requests(watch: Watch, project: str, hour: datetime) -> float:
    query = (
        "SELECT sum(total) FROM metric_buckets WHERE project = :project AND metric = 'failures' AND period = 'hour' "
        "AND start = :hour"
    )
    return float(watch.rows(query, project=project, hour=f"{hour:%Y-%m-%d %H:%M:%S.%f}")[0][0] or 0)


async def test_aggregating_an_hour_twice_gives_the_same_rows(watch: Watch) -> None:
    start = last_hour() - 5 * HOUR
    assert (await aggregate(start=start)).startswith("5 hours, ")
    first = snapshot(watch)
    assert first["buckets"]
    assert {row.period for row in first["buckets"]} == {"hour", "day", "week", "month"}
    await aggregate(start=start)
    assert snapshot(watch) == first


async def test_what_a_vendor_tells_late_is_seen_by_the_next_run(watch: Watch, company: Company) -> None:
    last = last_hour() - HOUR
    await aggregate(start=last - 5 * HOUR)
    before = [failed_requests(watch, "shop", last - n * HOUR) for n in range(6)]
    company.play("slow-burn", project="shop")  # it began two hours ago, and was not told until now
    await aggregate(start=last - 5 * HOUR, most_hours=3)
    after = [failed_requests(watch, "shop", last - n * HOUR) for n in range(6)]
    assert after[0] > before[0]
    assert after[3:] == before[3:], "only the last three hours are looked at again"


async def test_a_vendor_that_is_down_leaves_the_hours_incomplete_and_the_next_run_fills_them_in(
    watch: Watch, company: Company
) -> None:
    start = last_hour() - 5 * HOUR
    company.play("vendor-down", "sentry")
    assert "gap" in await aggregate(start=start)
    (reason,) = states(watch, "sentry")["incomplete"]
    assert "Sentry" in reason
    assert "complete" not in states(watch, "sentry")
    assert states(watch, "vercel") == {"complete": {""}}
    assert not failed_requests(watch, "shop", start)
    company.play("calm")
    await aggregate(start=start)
    assert states(watch, "sentry") == {"complete": {""}}
    assert failed_requests(watch, "shop", start)


async def test_a_gap_after_downtime_is_filled_in_newest_first_and_goes_on_where_it_stopped(watch: Watch) -> None:
    start = last_hour() - 20 * HOUR
    assert "12 left to the next run" not in await aggregate(start=start, most_hours=8)
    assert hours_done(watch) == 8
    assert newest_missing(watch) == last_hour() - 9 * HOUR
    await aggregate(start=start, most_hours=8)
    assert hours_done(watch) == 13, "the last three hours are done again, whatever is missing"
    await aggregate(start=start, most_hours=48)
    assert hours_done(watch) == 20


def newest_missing(watch: Watch) -> datetime:
    oldest = datetime.fromisoformat(watch.rows("SELECT min(hour) FROM metric_hours")[0][0])
    return oldest.replace(tzinfo=last_hour().tzinfo) - HOUR


async def test_a_backfill_does_the_hours_from_start_to_end(watch: Watch) -> None:
    start = last_hour() - timedelta(days=20)
    message = await aggregate(start=start + timedelta(minutes=20), end=start + 4 * HOUR, most_hours=2400)
    assert message.startswith("4 hours, ")
    (bounds,) = watch.rows("SELECT min(hour), max(hour) FROM metric_hours")
    assert [datetime.fromisoformat(each) for each in bounds] == [
        moment.replace(tzinfo=None) for moment in (start, start + 3 * HOUR)
    ]


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        pytest.param({"start": 5, "end": 9}, "no complete hour", id="start after end"),
        pytest.param({"start": 5, "end": 5}, "no complete hour", id="no length"),
        pytest.param({"start": -5}, "no complete hour", id="in the future"),
        pytest.param({"projects": ["shpo"]}, "shpo", id="unknown project"),
        pytest.param({"most_hours": 0}, "most_hours", id="no hours"),
    ],
)
async def test_what_makes_no_sense_fails_with_a_sentence_before_anything_is_read(
    watch: Watch, company: Company, parameters: dict[str, Any], named: str
) -> None:
    hours_ago = {name: last_hour() - value * HOUR for name, value in parameters.items() if name in {"start", "end"}}
    state = await metrics_aggregation(**{**parameters, **hours_ago}, return_state=True)
    assert state.is_failed()
    assert named in str(state.message)
    assert not hours_done(watch)


async def test_two_runs_at_once_give_the_rows_of_one(watch: Watch) -> None:
    start = last_hour() - 6 * HOUR
    await asyncio.gather(*(aggregate(start=start) for _ in range(2)))
    both = snapshot(watch)
    await aggregate(start=start)
    assert snapshot(watch) == both
    assert hours_done(watch) == 6


async def test_killed_anywhere_and_run_again_the_rows_are_those_of_a_run_that_was_not(
    watch: Watch, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Settled hours: what the vendors tell of them does not depend on when they are asked.
    end = last_hour() - 30 * HOUR
    start = end - 24 * HOUR
    url = copied(sqlite_template, tmp_path, "killed.db")
    run = RUN.format(start=start.isoformat(), end=end.isoformat())
    for dies in ("before metric_hours", "after metric_hours", "before metric_buckets", "after metric_buckets"):
        await killed(run, dies, WATCHKEEPER_DATABASE_URL=url)
    await lived(run, WATCHKEEPER_DATABASE_URL=url)
    await aggregate(start=start, end=end)
    assert hours_done(watch) == 24
    assert snapshot(Watch(watch.company, watch.file, url)) == snapshot(watch)
