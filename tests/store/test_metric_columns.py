from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.store.samples import NOON, probe
from watchkeeper.domain.aggregation import aggregate_probes
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.sketches import sketch_of
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.endpoints import save_probes
from watchkeeper.store.metric_columns import Slot, probe_columns, replace_buckets, rolled_up
from watchkeeper.store.metrics import buckets

HOUR = timedelta(hours=1)
DAY = Window(NOON - 12 * HOUR, NOON + 12 * HOUR)


def latency(project: str = "shop", label: str = "home", start: int = 0, *values: float) -> Bucket:
    times = values or (120.0, 80.0, 2000.0, 0.0)
    return Bucket(
        project,
        "latency_ms",
        label,
        NOON + start * HOUR,
        len(times),
        sum(times),
        min(times),
        max(times),
        sketch_of(times),
    )


def score(project: str = "shop", start: int = 0) -> Bucket:
    return Bucket(project, "score", "", NOON + start * HOUR, 4, 380.0, 90.0, 100.0)


def credits_of(project: str = "shop", label: str = "build") -> Bucket:
    return Bucket(project, "credits", label, NOON, 0, 512.0)


def save(engine: Engine, rows: Iterable[Bucket], *slots: Slot) -> None:
    with transaction(engine) as session:
        replace_buckets(session, Period.HOUR, slots, BucketColumns.of(rows))


def test_buckets_come_back_as_they_were(engine: Engine) -> None:
    rows = (credits_of(), latency(), score())
    save(engine, rows)
    with reading(engine) as session:
        assert buckets(session, ["shop", "api"], DAY, Period.HOUR) == {"shop": rows, "api": ()}


def test_only_what_was_asked_for_comes_back(engine: Engine) -> None:
    save(engine, [latency(), score(), score(start=1), score("api"), score(start=20)])
    with reading(engine) as session:
        assert buckets(session, ["shop"], Window(NOON, NOON + HOUR), Period.HOUR, ["score"]) == {"shop": (score(),)}
        assert buckets(session, ["shop"], DAY, Period.DAY) == {"shop": ()}


def test_what_lies_in_a_slot_is_replaced_and_nothing_else(engine: Engine) -> None:
    kept = [score(), latency("api"), latency("shop", "home", 1)]
    save(engine, [*kept, latency(), latency("shop", "checkout")])
    new = latency("shop", "search", 0, 10.0)
    save(engine, [new], Slot({"shop"}, {"latency_ms", "availability"}, {NOON}))
    with reading(engine) as session:
        found = buckets(session, ["shop", "api"], DAY, Period.HOUR)
    assert {bucket for several in found.values() for bucket in several} == {*kept, new}


def test_nothing_leaves_an_empty_slot(engine: Engine) -> None:
    save(engine, [latency()])
    save(engine, [], Slot({"shop"}, {"latency_ms"}, {NOON}))
    with reading(engine) as session:
        assert buckets(session, ["shop"], DAY, Period.HOUR) == {"shop": ()}
        assert len(rolled_up(session, ["shop"], DAY, Period.HOUR)) == 0
        assert probe_columns(session, ["shop"], DAY.hours()).keys.names == []


def test_larger_buckets_are_the_merge_of_smaller_ones(engine: Engine) -> None:
    parts = [latency("shop", "home", 0, 5.0, 0.1), latency("shop", "home", 1, 0.2), latency("shop", "home", 2, 0.3)]
    elsewhere = [score("api"), latency("shop", "home", 20), credits_of()]
    save(engine, [*parts, *elsewhere, latency("shop", "checkout")])
    with reading(engine) as session:
        found = rolled_up(session, ["shop"], Window(NOON, NOON + 3 * HOUR), Period.HOUR).buckets()
    values = (5.0, 0.1, 0.2, 0.3)
    home = Bucket("shop", "latency_ms", "home", NOON, 4, 5.6, 0.1, 5.0, sketch_of(values))
    assert sorted(found, key=lambda each: (each.metric, each.label)) == [
        credits_of(),
        latency("shop", "checkout"),
        home,
    ]


def test_in_whatever_order_parts_lie_their_sum_is_the_same(engine: Engine) -> None:
    totals = (51.7313103657, 97.8139640541, 40.9088298607)
    found = []
    for order in (totals, totals[::-1]):
        parts = [replace(credits_of(), start=NOON + n * HOUR, total=total) for n, total in enumerate(order)]
        save(engine, parts, Slot({"shop"}, {"credits"}, DAY.hours()))
        with reading(engine) as session:
            found += rolled_up(session, ["shop"], DAY, Period.HOUR).total.tolist()
    assert found == [190.454104280, 190.454104280], "added up from left to right, the second ends in a 1"


def test_probes_become_buckets(engine: Engine) -> None:
    ok = replace(probe(failure=None), total_ms=100.0, first_byte_ms=60.0)
    several = [
        ok,
        replace(ok, at=NOON + timedelta(minutes=59, seconds=59, microseconds=999_999), total_ms=300.0),
        replace(ok, at=NOON + timedelta(minutes=30), certificate_expires_at=None, first_byte_ms=None),
        probe(NOON + timedelta(minutes=3)),
        replace(ok, at=NOON + HOUR, endpoint="checkout"),
    ]
    with transaction(engine) as session:
        save_probes(session, {"shop": several, "api": [replace(ok, at=NOON + 20 * HOUR)]})
        probes = probe_columns(session, ["shop", "api"], DAY.hours())
    found = {(each.metric, each.label, each.start): each for each in aggregate_probes(probes).buckets()}
    home = {metric: found[metric, "home", NOON] for metric in ("availability", "latency_ms", "first_byte_ms")}
    assert (home["availability"].total, home["availability"].count) == (3, 4)
    assert home["latency_ms"] == latency("shop", "home", 0, 100.0, 300.0, 100.0)
    assert home["first_byte_ms"].count == 2, "a wrong answer, however quick, says nothing of the time to answer"
    certificate = found["certificate_days", "home", NOON]
    assert (certificate.count, certificate.least) == (3, 90)
    assert found["availability", "checkout", NOON + HOUR].mean == 1
    assert len(found) == 8


@pytest.mark.parametrize("number", [0, 1, 65_535, 65_536, 200_000])
def test_however_many_samples_a_bin_has(engine: Engine, number: int) -> None:
    bucket = latency("shop", "home", 0, *[5.0] * number, 1e9)
    save(engine, [bucket])
    with reading(engine) as session:
        assert buckets(session, ["shop"], DAY, Period.HOUR)["shop"] == (bucket,)
