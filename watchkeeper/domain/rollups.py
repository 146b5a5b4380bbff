"""Hours to local days, and days to weeks and months: merged without loss, in the time zone of the project."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final

from watchkeeper.domain.aggregation import roll_up
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.windows import Period, Window

# What each larger period is made of; in this order nothing is made before its parts.
PARTS: Final = {Period.DAY: Period.HOUR, Period.WEEK: Period.DAY, Period.MONTH: Period.DAY}


def touched(period: Period, moments: Iterable[datetime], zone: tzinfo) -> tuple[Window, ...]:
    """Return the periods that hold the moments, each once, oldest first."""
    return tuple(sorted({period.around(moment, zone) for moment in moments}))


def rolled_up(parts: BucketColumns, periods: Iterable[Window]) -> BucketColumns:
    """Return the buckets of these periods, made of smaller ones; parts that begin in none of them are an error.

    Raises:
        KeyError: a part begins in none of the periods.
    """
    spans = sorted(periods)
    whole = {start: _holding(spans, start).start for start in set(parts.start)}
    return roll_up(parts, [whole[start] for start in parts.start])


def _holding(spans: list[Window], moment: datetime) -> Window:
    found = next((span for span in spans if span.contains(moment)), None)
    if found is None:
        raise KeyError(moment)
    return found
