"""What running a project costs, against what was to be expected."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Final
from zoneinfo import ZoneInfo

from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.period_reports import Cost
from watchkeeper.domain.phrases import listed
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Period, Window

CIRCLECI, VERCEL, OTHER = "circleci", "vercel", "other"  # labels of the metric `cost`
HOUR: Final = timedelta(hours=1)
WARNING, CRITICAL = 0.25, 0.50  # over what was expected, as fractions of it
WEEKS: Final = 8  # whose same weekdays tell what is to be expected
ENOUGH: Final = 2  # of them, below which nothing is
DEVIATIONS: Final = 3  # from what is usual, from which a cost is not
NORMAL: Final = 1.4826  # the standard deviation of a normal distribution, in median absolute deviations


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
    hours = Period.MONTH.around(hour, zone).length / HOUR
    return {label: price / hours for label, price in monthly.items() if price is not None}


def daily_costs(buckets: Iterable[Bucket], zone: ZoneInfo) -> dict[date, float]:
    """Return what each local day has cost, all sources together.

    A day without any bucket after the first that has one cost nothing. One before it is not known, and left out.

    Args:
        buckets: of the metric `cost`, of a day each.
    """
    sums: dict[date, float] = {}
    for bucket in buckets:
        day = bucket.start.astimezone(zone).date()
        sums[day] = sums.get(day, 0.0) + bucket.total
    return sums


def expected_cost(costs: Mapping[date, float], day: date, before: date) -> float | None:
    """Return the median of the same weekday in the eight weeks before; None with less than two that are known.

    Args:
        before: the first day that must not tell anything: that of the period that is looked at.
    """
    known = _same_weekdays(costs, day, before)
    return median(known) if len(known) >= ENOUGH else None


def usual_spread(costs: Mapping[date, float], day: date, before: date) -> float:
    """Return by how much the cost of such a day differs as a rule: three standard deviations, told by the median.

    Source: F. R. Hampel, The influence curve and its role in robust estimation, 1974.
    """
    known = _same_weekdays(costs, day, before)
    middle = median(known)
    return DEVIATIONS * NORMAL * median(abs(cost - middle) for cost in known)


def _same_weekdays(costs: Mapping[date, float], day: date, before: date) -> list[float]:
    first = min(costs, default=before)
    weeks = (day - timedelta(weeks=n) for n in range(1, WEEKS + 1 + (day - before).days // 7))
    return [costs.get(past, 0.0) for past in weeks if first <= past < before][:WEEKS]


def cost_report(  # noqa: PLR0913 - one argument a fact
    costs: Mapping[str, float] | None,
    before: Mapping[date, float],
    shares: Mapping[date, float],
    prices: Prices,
    *,
    releases: int,
    is_complete: bool,
) -> Cost:
    """Return what a period has cost, against what was to be expected.

    A small project costs now this, now that: what is no more than its days differ from week to week is no alarm.

    Args:
        costs: of the period, by source; None when nothing is known.
        before: what local days have cost, as `daily_costs` tells; days of the period itself are not looked at.
        shares: the days of the period, each with the share of it, 0..1, that the period holds.
        releases: that went live in the period.
        is_complete: False when some of the cost may still be missing: it is then compared only when it is too much
            already.
    """
    actual = sum(costs.values()) if costs is not None else None
    first = min(shares)
    parts = {day: expected_cost(before, day, first) for day in shares}
    known = [part * shares[day] for day, part in parts.items() if part is not None]
    expected = sum(known) if len(known) == len(parts) else None
    variance = _variance(actual, expected, is_complete=is_complete)
    is_usual = variance is not None and (actual or 0) - (expected or 0) <= _spread(before, shares)
    return Cost(
        currency=prices.currency,
        actual=actual,
        expected=expected,
        variance=variance,
        verdict=Verdict.HEALTHY if is_usual else judge_cost(variance),
        by_source=dict(costs or {}),
        per_deployment=actual / releases if actual is not None and releases else None,
        note=_note(actual, prices, is_complete=is_complete),
    )


def _spread(costs: Mapping[date, float], shares: Mapping[date, float]) -> float:
    """Return by how much the sum of these days differs as a rule: that of days which differ each by itself."""
    first = min(shares)
    return math.hypot(*(usual_spread(costs, day, first) * share for day, share in shares.items()))


def judge_cost(variance: float | None) -> Verdict:
    """Return the verdict by how much more a period has cost than expected; to cost less is no fault."""
    if variance is None:
        return Verdict.UNKNOWN
    if variance >= CRITICAL:
        return Verdict.CRITICAL
    return Verdict.WARNING if variance >= WARNING else Verdict.HEALTHY


def day_shares(days: Iterable[Window], window: Window, zone: ZoneInfo) -> dict[date, float]:
    """Return the local days that a window touches, each with the share of it, 0..1, that lies in the window."""
    shares = {}
    for day in days:
        inside = min(day.end, window.end) - max(day.start, window.start)
        shares[day.start.astimezone(zone).date()] = inside / day.length
    return shares


def _variance(actual: float | None, expected: float | None, *, is_complete: bool) -> float | None:
    if actual is None or not expected or (actual < expected and not is_complete):
        return None
    return (actual - expected) / expected


def _note(actual: float | None, prices: Prices, *, is_complete: bool) -> str:
    priced = {"Vercel": prices.vercel_per_month, "other services": prices.other_per_month}
    missing = [name for name, price in priced.items() if price is None]
    notes = [f"without {listed(missing)}, whose price is not configured"] if missing else []
    if actual is None:
        notes.insert(0, "nothing is known of it")
    elif not is_complete:
        notes.insert(0, "not all credits are known yet, so it can still grow")
    return "; ".join(notes)
