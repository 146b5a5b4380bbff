"""Buckets in columns hold what the single values would: adding up in any order and any parts gives the same."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.aggregation import ProbeColumns, aggregate, aggregate_probes, keys_of, merge_packed
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.rollups import touched
from watchkeeper.domain.sketches import MOST_PACKED, Sketch, merge_sketches, pack, sketch_of, unpack
from watchkeeper.domain.windows import Period

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)

values = st.lists(st.floats(0, 1e9, allow_subnormal=False), min_size=1, max_size=60)
samples = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["", "x"]), st.integers(0, 2), st.floats(0.01, 1e6)), max_size=60
)


def one(metric: str, *numbers: float, counts: list[int] | None = None) -> Bucket:
    keys = keys_of(["shop"] * len(numbers), ["home"] * len(numbers), [START] * len(numbers))
    found = aggregate(metric, keys, np.array(numbers), None if counts is None else np.array(counts))
    (bucket,) = found.buckets()
    return bucket


@pytest.mark.parametrize(
    ("metric", "numbers", "counts", "expected"),
    [
        pytest.param("releases", [1, 1, 1], None, (0, 3, None, None), id="what is counted has no samples"),
        pytest.param("credits", [512.5, 0.25], None, (0, 512.75, None, None), id="how much is added up"),
        pytest.param("builds", [1, 0, 1], None, (3, 2, None, None), id="a share is some of all"),
        pytest.param("failures", [3, 0], [1000, 500], (1500, 3, None, None), id="a share of many at once"),
        pytest.param("score", [61, 90], None, (2, 151, 61, 90), id="a level has a least and a greatest"),
        pytest.param("latency_ms", [300, 100, np.nan], None, (2, 400, 100, 300), id="no value is no sample"),
        pytest.param("score", [0.1] * 3, None, (3, 0.3, 0.1, 0.1), id="floating point does not show"),
    ],
)
def test_how_each_kind_is_put_together(
    metric: str, numbers: list[float], counts: list[int] | None, expected: object
) -> None:
    bucket = one(metric, *numbers, counts=counts)
    assert (bucket.count, bucket.total, bucket.least, bucket.greatest) == expected
    assert (bucket.sketch is not None) == (metric == "latency_ms")


def test_no_sample_is_no_bucket() -> None:
    keys = keys_of(["a", "b"], ["", ""], [START, START])
    assert [bucket.project for bucket in aggregate("score", keys, np.array([np.nan, 5.0])).buckets()] == ["b"]
    assert len(aggregate("latency_ms", keys_of([], [], []), np.empty(0))) == 0


@given(samples)
def test_every_sample_is_in_its_own_bucket(rows: list[tuple[str, str, int, float]]) -> None:
    projects, labels, hours, numbers = (list(column) for column in zip(*rows, strict=True)) if rows else ([],) * 4
    starts = [START + hour * HOUR for hour in hours]
    found = aggregate("latency_ms", keys_of(projects, labels, starts), np.array(numbers, np.float64)).buckets()
    assert len(found) == len({row[:3] for row in rows})
    for bucket in found:
        own = [
            v for p, label, h, v in rows if (p, label, START + h * HOUR) == (bucket.project, bucket.label, bucket.start)
        ]
        assert (bucket.count, bucket.least, bucket.greatest) == (len(own), min(own), max(own))
        assert bucket.total == pytest.approx(sum(own))
        assert bucket.sketch == sketch_of(own)


@given(st.lists(st.lists(values, max_size=5), max_size=4))
def test_sketches_merge_without_loss(groups: list[list[list[float]]]) -> None:
    joined = [b"".join(pack(sketch_of(own)) for own in parts) for parts in groups]
    whole = [sketch_of(value for own in parts for value in own) for parts in groups]
    assert [unpack(merged) for merged in merge_packed(joined)] == whole


@given(values)
def test_a_packed_sketch_is_the_same_sketch(numbers: list[float]) -> None:
    assert unpack(pack(sketch_of(numbers))) == sketch_of(numbers)


@pytest.mark.parametrize("samples", [1, MOST_PACKED, MOST_PACKED + 1, 3 * MOST_PACKED, 1_000_000])
def test_a_bin_may_be_fuller_than_one_pair_holds(samples: int) -> None:
    sketch = Sketch(((-3, 1), (7, samples)))
    assert unpack(pack(sketch)) == sketch
    (whole,) = merge_packed([pack(sketch) * 2])
    assert unpack(whole) == merge_sketches([sketch, sketch])


def test_probes_without_any_are_no_buckets() -> None:
    nothing = np.empty(0)
    assert len(aggregate_probes(ProbeColumns(keys_of([], [], []), nothing, nothing, nothing, nothing))) == 0


def test_how_long_a_wrong_answer_took_says_nothing() -> None:
    keys = keys_of(["shop"] * 2, ["home"] * 2, [START] * 2)
    expires = np.array([START.timestamp() + 86_400 * 30, np.nan])
    probes = ProbeColumns(keys, np.array([1.0, 0.0]), np.array([50.0, 9000.0]), np.array([np.nan, 8000.0]), expires)
    found = {bucket.metric: bucket for bucket in aggregate_probes(probes).buckets()}
    assert sorted(found) == ["availability", "certificate_days", "latency_ms"]
    assert (found["availability"].total, found["availability"].count) == (1, 2)
    assert (found["latency_ms"].count, found["certificate_days"].mean) == (1, 30)


def test_rows_can_be_chosen_and_joined() -> None:
    columns = BucketColumns.of([one("score", 1.0), one("score", 2.0)])
    assert columns.where(np.array([True, True])) is columns
    assert columns.where(np.array([False, True])).buckets() == (one("score", 2.0),)
    assert BucketColumns.joined([columns, columns.where(np.array([True, False]))]).total.tolist() == [1, 2, 1]
    assert BucketColumns.joined([]).buckets() == ()


def test_which_days_hold_the_hours() -> None:
    days = touched(Period.DAY, [START, START + 5 * HOUR, START + 24 * HOUR], UTC)
    assert [day.start for day in days] == [START, START + 24 * HOUR]
