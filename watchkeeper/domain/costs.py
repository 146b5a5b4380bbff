"""What running a project costs, against what was to be expected."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.windows import floor

CIRCLECI, VERCEL, OTHER = "circleci", "vercel", "other"  # labels of the metric `cost`
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost.

    Attributes:
        currency: three letters, as `USD`.
        circleci_credit: money for one credit.
        vercel_per_month, other_per_month: money for a calendar month; None when not known, which is not 0.
    """

    currency: str = "USD"
    circleci_credit: float = 0.0006
    vercel_per_month: float | None = None
    other_per_month: float | None = None


def cost_of_credits(credits_used: float, prices: Prices) -> float:
    return credits_used * prices.circleci_credit


def fixed_costs(prices: Prices, hour: datetime, zone: ZoneInfo) -> dict[str, float]:
    """Return what one hour costs whatever happens in it, by label of the metric `cost`; without what is not known.

    The hours of a calendar month, in local time, share the price of the month evenly.
    """
    monthly = {VERCEL: prices.vercel_per_month, OTHER: prices.other_per_month}
    hours = _hours_of_month(hour, zone)
    return {label: price / hours for label, price in monthly.items() if price is not None}


def _hours_of_month(hour: datetime, zone: ZoneInfo) -> int:
    first = hour.astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    after = (first + timedelta(days=32)).replace(day=1)
    return (_first_hour(after) - _first_hour(first)) // HOUR


def _first_hour(midnight: datetime) -> datetime:
    """Return the first whole hour (in UTC) that starts at or after a local midnight."""
    start = floor(midnight, HOUR)
    return start if start == midnight else start + HOUR
