"""Many single measurements, or many buckets, as few buckets. Nothing here loops over samples in Python."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from watchkeeper.domain.bucket_columns import BucketColumns, Floats, Ints
from watchkeeper.domain.metrics import METRICS, Kind
from watchkeeper.domain.sketches import GAMMA, LEAST, MOST_PACKED, PACKED_ZERO

PAIR: Final = np.dtype([("bin", "<i2"), ("samples", "<u2")])  # one bin of a packed sketch
DIGITS: Final = 12  # of a total
DAY_S: Final = 86_400
MOST_CODES: Final = 1_000_000  # from which on a table of all codes would take too much memory
WITH_EXTREMES: Final = frozenset({Kind.DISTRIBUTION, Kind.LEVEL})

Key = tuple[str, str, Any]  # project, label, start
Column = Sequence[Any] | NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Keys:
    """Which bucket each sample belongs to: sample `i` to the one named `names[index[i]]`."""

    names: Sequence[Key]
    index: Ints


@dataclass(frozen=True, slots=True, eq=False)
class ProbeColumns:
    """Probes in columns; NaN where one has no value.

    Attributes:
        keys: project, endpoint and hour of each.
        ok: 1 for a right answer, 0 for any other.
        expires: end of the certificate, in seconds since the epoch.
    """

    keys: Keys
    ok: Floats
    total_ms: Floats
    first_byte_ms: Floats
    expires: Floats


def keys_of(projects: Sequence[str], labels: Sequence[str], starts: Column) -> Keys:
    """Return the keys of samples whose project, label and start stand in three columns of the same length."""
    index, (project, label, start) = _distinct(projects, labels, starts)
    return Keys(list(zip(project, label, start, strict=True)), index)


def aggregate(metric: str, keys: Keys, values: Floats, counts: Ints | None = None) -> BucketColumns:
    """Return the buckets of one metric, sorted by key as they were first seen.

    Args:
        values: one of each sample; NaN where there is none. Of a share 1 for what counts and 0 for what does not.
        counts: how many single ones each sample stands for; 1 when left out. Of a metric that is counted it is 0.
    """
    there = ~np.isnan(values)
    index, values = keys.index[there], values[there]
    kind, number = METRICS[metric].kind, len(keys.names)
    samples = np.bincount(index, minlength=number)
    total = _added_up(index, values, number)
    if kind is Kind.COUNT:
        count = np.zeros(number, np.int64)
    else:
        count = samples if counts is None else _counted(index, counts[there], number)
    least, greatest = _extremes(index, values, values, number) if kind in WITH_EXTREMES else _no_extremes(number)
    sketches = _sketches(index, bins_of(values), number) if kind is Kind.DISTRIBUTION else [b""] * number
    (kept,) = np.nonzero(samples)
    names = [keys.names[n] for n in kept.tolist()]
    return BucketColumns(
        [name[0] for name in names],
        [metric] * len(names),
        [name[1] for name in names],
        [name[2] for name in names],
        count[kept],
        total[kept],
        least[kept],
        greatest[kept],
        [sketches[n] for n in kept.tolist()],
    )


def aggregate_probes(probes: ProbeColumns) -> BucketColumns:
    """Return the hourly buckets of all metrics of endpoints. How long an answer takes counts where it was right."""
    hours = np.array([start.timestamp() for _, _, start in probes.keys.names])
    right = probes.ok == 1
    days_left = (probes.expires - hours[probes.keys.index]) / DAY_S if len(hours) else probes.expires
    return BucketColumns.joined(
        [
            aggregate("availability", probes.keys, probes.ok),
            aggregate("latency_ms", probes.keys, np.where(right, probes.total_ms, np.nan)),
            aggregate("first_byte_ms", probes.keys, np.where(right, probes.first_byte_ms, np.nan)),
            aggregate("certificate_days", probes.keys, days_left),
        ]
    )


def roll_up(buckets: BucketColumns, starts: Sequence[datetime]) -> BucketColumns:
    """Return buckets as fewer, larger ones: those of one project, metric and label with the same start are merged.

    Args:
        starts: of the larger bucket that each one belongs to.
    """
    index, (project, metric, label, start) = _distinct(buckets.project, buckets.metric, buckets.label, starts)
    number = len(project)
    least, greatest = _extremes(index, buckets.least, buckets.greatest, number)
    return BucketColumns(
        project,
        metric,
        label,
        start,
        _counted(index, buckets.count, number),
        _added_up(index, buckets.total, number),
        least,
        greatest,
        _merged_sketches(index, buckets.sketch, number),
    )


def bins_of(values: Floats) -> Ints:
    """Return the number of each value's bin, as it stands in a packed sketch."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bins = np.ceil(np.log(values) / math.log(GAMMA))
    return np.where(values < LEAST, PACKED_ZERO, bins).astype(np.int64)


def _added_up(index: Ints, values: Floats, number: int) -> Floats:
    return _rounded(np.bincount(index, values, number).astype(np.float64))


def _rounded(totals: Floats) -> Floats:
    """Return the totals so that the order in which floating point numbers were added does not show."""
    before_point = np.ceil(np.log10(np.maximum(np.abs(totals), 1.0)))
    scale = 10.0 ** np.clip(DIGITS - before_point, 0, DIGITS)
    rounded: Floats = np.rint(totals * scale) / scale
    return rounded


def _counted(index: Ints, counts: Ints, number: int) -> Ints:
    return np.rint(np.bincount(index, counts, number)).astype(np.int64)


def _distinct(*columns: Column) -> tuple[Ints, list[list[Any]]]:
    """Return the number of each row among the distinct rows, and the distinct rows as columns, in a fixed order."""
    codes, several, size = np.zeros(len(columns[0]), np.int64), [], 1
    for column in columns:
        values, numbers = _numbered(column)
        several.append(values)
        codes = codes * len(values) + numbers
        size *= len(values)
    present, index = _densely(codes, size)
    distinct: list[list[Any]] = []
    for values in reversed(several):
        present, numbers = np.divmod(present, max(1, len(values)))
        distinct.append([values[number] for number in numbers.tolist()])
    return index, distinct[::-1]


def _numbered(column: Column) -> tuple[Sequence[Any], Ints]:
    """Return the distinct values, and the number of each row's value among them. Numbers stand for themselves."""
    if isinstance(column, np.ndarray):
        return range(int(column.max(initial=-1)) + 1), column
    numbers = {value: number for number, value in enumerate(dict.fromkeys(column))}
    return list(numbers), np.fromiter(map(numbers.__getitem__, column), np.int64, len(column))


def _densely(codes: Ints, size: int) -> tuple[Ints, Ints]:
    """Return the codes that there are, sorted, and the number of each row's code among them; all are below `size`."""
    if size > max(MOST_CODES, len(codes)):
        present, index = np.unique(codes, return_inverse=True)
        return present, index.astype(np.int64)
    is_there = np.zeros(size, np.bool_)
    is_there[codes] = True
    return np.flatnonzero(is_there), (np.cumsum(is_there) - 1)[codes]


def _no_extremes(number: int) -> tuple[Floats, Floats]:
    return np.full(number, np.nan), np.full(number, np.nan)


def _extremes(index: Ints, low: Floats, high: Floats, number: int) -> tuple[Floats, Floats]:
    least, greatest = _no_extremes(number)
    np.fmin.at(least, index, low)
    np.fmax.at(greatest, index, high)
    return least, greatest


def _sketches(index: Ints, bins: Ints, number: int, samples: Ints | None = None) -> list[bytes]:
    """Return the packed sketch of each of `number` buckets.

    Args:
        index, bins: of each sample the bucket that it belongs to, and its bin.
        samples: how many samples each of these stands for; 1 when left out.
    """
    if not len(index):
        return [b""] * number
    lowest = int(bins.min())
    width = int(bins.max()) - lowest + 1
    codes = index * width + (bins - lowest)
    codes, sums = _sums(codes, samples)
    codes, sums = _split(codes, sums)
    pairs = np.empty(len(codes), PAIR)
    pairs["bin"] = codes % width + lowest
    pairs["samples"] = sums
    packed, size = pairs.tobytes(), PAIR.itemsize
    ends = (np.cumsum(np.bincount(codes // width, minlength=number)) * size).tolist()
    return [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _sums(codes: Ints, samples: Ints | None) -> tuple[Ints, Ints]:
    """Return the distinct codes, sorted, and how many samples each has."""
    if samples is None:
        return _run_lengths(np.sort(codes))
    order = np.argsort(codes, kind="stable")
    codes, samples = codes[order], samples[order]
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    return codes[starts], np.add.reduceat(samples, starts)


def _run_lengths(codes: Ints) -> tuple[Ints, Ints]:
    starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1))
    return codes[starts], np.diff(starts, append=len(codes))


def _split(codes: Ints, sums: Ints) -> tuple[Ints, Ints]:
    """Give a bin that is too full for one pair several of them."""
    if int(sums.max()) <= MOST_PACKED:
        return codes, sums
    pieces = -(-sums // MOST_PACKED)
    split = np.full(int(pieces.sum()), MOST_PACKED)
    split[np.cumsum(pieces) - 1] = sums - (pieces - 1) * MOST_PACKED
    return np.repeat(codes, pieces), split


def _merged_sketches(index: Ints, sketches: Sequence[bytes], number: int) -> list[bytes]:
    lengths = np.fromiter(map(len, sketches), np.int64, len(sketches)) // PAIR.itemsize
    pairs = np.frombuffer(b"".join(sketches), PAIR)
    samples = pairs["samples"].astype(np.int64)
    return _sketches(np.repeat(index, lengths), pairs["bin"].astype(np.int64), number, samples)
