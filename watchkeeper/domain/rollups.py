"""Hours to local days, and days to weeks and months: merged without loss, in the time zone of the project."""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from typing import Final

from watchkeeper.domain.windows import Period, Window

# What each larger period is made of; in this order nothing is made before its parts.
PARTS: Final = {Period.DAY: Period.HOUR, Period.WEEK: Period.DAY, Period.MONTH: Period.DAY}


def touched(period: Period, moments: Iterable[datetime], zone: tzinfo) -> tuple[Window, ...]:
    """Return the periods that hold the moments, each once, oldest first."""
    return tuple(sorted({period.around(moment, zone) for moment in moments}))
