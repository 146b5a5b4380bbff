"""Many single measurements, or many buckets, as few buckets. Nothing here loops over values in Python."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from watchkeeper.domain.bucket_columns import BucketColumns, Floats, Ints
from watchkeeper.domain.metrics import METRICS, Kind
from watchkeeper.domain.sketches import GAMMA, LEAST, MOST_PACKED, PACKED_ZERO

PAIR: Final = np.dtype([("bin", "<i2"), ("samples", "<u2")])  # one bin of a packed sketch
BINS: Final = 2**16  # that a packed sketch can have
DIGITS: Final = 12  # of a total
DAY_S: Final = 86_400
WITH_EXTREMES: Final = frozenset({Kind.DISTRIBUTION, Kind.LEVEL})

Key = tuple[str, str, Any]  # project, label, start


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


def keys_of(projects: Iterable[str], labels: Iterable[str], starts: Iterable[Any]) -> Keys:
    """Return the keys of samples whose project, label and start stand in three columns of the same length."""
    numbers: dict[Key, int] = {}
    index = [numbers.setdefault(key, len(numbers)) for key in zip(projects, labels, starts, strict=True)]
    return Keys(list(numbers), np.array(index, np.int64))


def aggregate(metric: str, keys: Keys, values: Floats, counts: Ints | None = None) -> BucketColumns:
    """Return the buckets of one metric, in the order of the keys.

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


def merge_packed(several: Sequence[bytes]) -> list[bytes]:
    """Return one packed sketch for each of these: several packed ones, one behind the other, or b"" for none."""
    lengths = np.fromiter(map(len, several), np.int64, len(several)) // PAIR.itemsize
    pairs = np.frombuffer(b"".join(several), PAIR)
    index = np.repeat(np.arange(len(several)), lengths)
    return _sketches(index, pairs["bin"].astype(np.int64), len(several), pairs["samples"].astype(np.int64))


def rounded(totals: Floats) -> Floats:
    """Return the totals so that the order in which floating point numbers were added does not show."""
    before_point = np.ceil(np.log10(np.maximum(np.abs(totals), 1.0)))
    scale = 10.0 ** np.clip(DIGITS - before_point, 0, DIGITS)
    without_order: Floats = np.rint(totals * scale) / scale
    return without_order


def bins_of(values: Floats) -> Ints:
    """Return the number of each value's bin, as it stands in a packed sketch."""
    with np.errstate(divide="ignore", invalid="ignore"):
        bins = np.ceil(np.log(values) / math.log(GAMMA))
    return np.where(values < LEAST, PACKED_ZERO, bins).astype(np.int64)


def _added_up(index: Ints, values: Floats, number: int) -> Floats:
    return rounded(np.bincount(index, values, number).astype(np.float64))


def _counted(index: Ints, counts: Ints, number: int) -> Ints:
    return np.rint(np.bincount(index, counts, number)).astype(np.int64)


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
    present, ranks = _ranked(bins)
    width = len(present)
    counts = np.bincount(index * width + ranks, samples, number * width)
    (codes,) = np.nonzero(counts)
    codes, sums = _split(codes, counts[codes].astype(np.int64))
    pairs = np.empty(len(codes), PAIR)
    pairs["bin"] = present[codes % width]
    pairs["samples"] = sums
    packed, size = pairs.tobytes(), PAIR.itemsize
    ends = (np.cumsum(np.bincount(codes // width, minlength=number)) * size).tolist()
    return [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _ranked(bins: Ints) -> tuple[Ints, Ints]:
    """Return the distinct bins, sorted, and the place of each one among them."""
    is_there = np.zeros(BINS, np.bool_)
    is_there[bins - PACKED_ZERO] = True
    return np.flatnonzero(is_there) + PACKED_ZERO, (np.cumsum(is_there) - 1)[bins - PACKED_ZERO]


def _split(codes: Ints, sums: Ints) -> tuple[Ints, Ints]:
    """Give a bin that is too full for one pair several of them."""
    if int(sums.max()) <= MOST_PACKED:
        return codes, sums
    pieces = -(-sums // MOST_PACKED)
    split = np.full(int(pieces.sum()), MOST_PACKED)
    split[np.cumsum(pieces) - 1] = sums - (pieces - 1) * MOST_PACKED
    return np.repeat(codes, pieces), split
