"""Distributions in little room: quantiles within one percent of the true value, and merging without loss.

Values are counted in bins whose bounds grow by a constant factor, so every bin is known to the same relative error.

Source: C. Masson, J. E. Rim, H. K. Lee, DDSketch: a fast and fully-mergeable quantile sketch, PVLDB 12(12), 2019.
"""

import math
import struct
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

RELATIVE_ERROR: Final = 0.01
GAMMA: Final = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
LEAST: Final = 1e-3  # what is smaller counts as 0
ZERO_BIN: Final = -(2**31)
PACKED_ZERO: Final = -(2**15)  # number of ZERO_BIN in a packed sketch
MOST_PACKED: Final = 2**16 - 1  # samples in one pair of a packed sketch; a fuller bin has several pairs
_PAIR: Final = struct.Struct("<hH")


@dataclass(frozen=True)
class Sketch:
    """How many samples, all of them 0 or more, fell into each bin. `bins`: (number of the bin, samples), sorted."""

    bins: tuple[tuple[int, int], ...]

    @cached_property
    def count(self) -> int:
        return sum(samples for _, samples in self.bins)

    def quantile(self, share: float) -> float | None:
        """Return the value below which `share` (0..1) of the samples lie, within one percent; None without samples."""
        rank = share * (self.count - 1)
        seen = 0
        for number, samples in self.bins:
            seen += samples
            if seen > rank:
                return value_of(number)
        return None

    def share_above(self, limit: float) -> float | None:
        """Return which share (0..1) of the samples lies above `limit`, within the error of one bin; None for none."""
        if not self.count:
            return None
        return sum(samples for number, samples in self.bins if value_of(number) > limit) / self.count


def sketch_of(values: Iterable[float]) -> Sketch:
    return Sketch(tuple(sorted(Counter(bin_of(value) for value in values).items())))


def merge_sketches(sketches: Iterable[Sketch]) -> Sketch:
    bins: Counter[int] = Counter()
    for sketch in sketches:
        bins.update(dict(sketch.bins))
    return Sketch(tuple(sorted(bins.items())))


def bin_of(value: float) -> int:
    return ZERO_BIN if value < LEAST else math.ceil(math.log(value) / math.log(GAMMA))


def value_of(number: int) -> float:
    """Return the value that stands for all samples of a bin."""
    return 0.0 if number == ZERO_BIN else 2 * GAMMA**number / (GAMMA + 1)


def pack(sketch: Sketch) -> bytes:
    """Return a sketch as bytes: pairs of bin and samples of two bytes each, sorted."""
    pairs = []
    for number, samples in sketch.bins:
        packed = PACKED_ZERO if number == ZERO_BIN else number
        full, rest = divmod(samples, MOST_PACKED)
        pairs += [_PAIR.pack(packed, MOST_PACKED)] * full + ([_PAIR.pack(packed, rest)] if rest else [])
    return b"".join(pairs)


def unpack(packed: bytes) -> Sketch:
    bins: dict[int, int] = {}
    for number, samples in _PAIR.iter_unpack(packed):
        bins[number] = bins.get(number, 0) + samples
    if PACKED_ZERO in bins:
        bins = {ZERO_BIN: bins.pop(PACKED_ZERO), **bins}
    return Sketch(tuple(bins.items()))
