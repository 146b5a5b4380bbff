"""Buckets in columns: one sequence an attribute, because there are hundreds of thousands of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.sketches import pack, unpack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class BucketColumns:
    """Buckets in columns of the same length. NaN stands for no extreme, b"" for no sketch (a packed one)."""

    project: Sequence[str]
    metric: Sequence[str]
    label: Sequence[str]
    start: Sequence[datetime]
    count: Ints
    total: Floats
    least: Floats
    greatest: Floats
    sketch: Sequence[bytes]

    def __len__(self) -> int:
        return len(self.project)

    @classmethod
    def of(cls, buckets: Iterable[Bucket]) -> Self:
        rows = list(buckets)
        return cls(
            [row.project for row in rows],
            [row.metric for row in rows],
            [row.label for row in rows],
            [row.start for row in rows],
            np.array([row.count for row in rows], np.int64),
            np.array([row.total for row in rows], np.float64),
            np.array([row.least for row in rows], np.float64),
            np.array([row.greatest for row in rows], np.float64),
            [b"" if row.sketch is None else pack(row.sketch) for row in rows],
        )

    @classmethod
    def joined(cls, parts: Sequence["BucketColumns"]) -> Self:
        """Return the rows of all parts, one part after the other."""
        several = [*parts, _NONE]
        return cls(
            [value for part in several for value in part.project],
            [value for part in several for value in part.metric],
            [value for part in several for value in part.label],
            [value for part in several for value in part.start],
            np.concatenate([part.count for part in several]),
            np.concatenate([part.total for part in several]),
            np.concatenate([part.least for part in several]),
            np.concatenate([part.greatest for part in several]),
            [value for part in several for value in part.sketch],
        )

    def where(self, kept: NDArray[np.bool_]) -> "BucketColumns":
        """Return the rows for which `kept` is True."""
        if kept.all():
            return self
        chosen = np.flatnonzero(kept)
        rows = chosen.tolist()
        return BucketColumns(
            [self.project[row] for row in rows],
            [self.metric[row] for row in rows],
            [self.label[row] for row in rows],
            [self.start[row] for row in rows],
            self.count[chosen],
            self.total[chosen],
            self.least[chosen],
            self.greatest[chosen],
            [self.sketch[row] for row in rows],
        )

    def buckets(self) -> tuple[Bucket, ...]:
        """Return the rows as values of their own."""
        least, greatest = _or_none(self.least), _or_none(self.greatest)
        sketches = (unpack(packed) if packed else None for packed in self.sketch)
        numbers = (self.count.tolist(), self.total.tolist(), least, greatest, sketches)
        return tuple(map(Bucket, self.project, self.metric, self.label, self.start, *numbers))


def _or_none(values: Floats) -> list[float | None]:
    """Return the values with None for NaN."""
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - only NaN is not itself


_NONE = BucketColumns(
    (), (), (), (), np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0), ()
)  # keeps the kinds of the columns where there are no rows
