"""Signals of service level objectives: how fast the error budget is used up, over a long and a short window."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_facts import STALE, AlertFacts, Counted, cause_of
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import labels_of
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.phrases import amount, percent
from watchkeeper.domain.slo import SloTarget
from watchkeeper.domain.windows import floor

HOUR: Final = timedelta(hours=1)
RECENT: Final = 2 * HOUR  # before the running hour: what lies before that is told by the clock hour
MIN_BAD: Final = 3  # below which nothing is proven
CAUSES: Final = {"availability": "endpoints", "failures": "errors"}

# Of the customary short windows of 5 minutes up to 6 hours the shortest is one health check: nothing shorter is known.
WINDOWS: Final = {
    "burn_rate_1h": (HOUR, timedelta(minutes=15)),
    "burn_rate_6h": (6 * HOUR, timedelta(minutes=30)),
    "burn_rate_1d": (24 * HOUR, 2 * HOUR),
    "burn_rate_3d": (72 * HOUR, 6 * HOUR),
}


def burn_rate(facts: AlertFacts, now: datetime, name: str) -> Iterator[Signal]:
    """Yield for each objective how many times as fast as promised its error budget is used up."""
    for target in facts.targets:
        counted = facts.counted.get(target.metric)
        if counted is not None and target.target < 1:
            yield _burn(facts, target, counted, now, name)


def _burn(facts: AlertFacts, target: SloTarget, counted: Counted, now: datetime, name: str) -> Signal:
    labels = labels_of(slo=target.name)
    newest = counted.looks.newest_before(now)
    if newest is None or now - newest > counted.step + STALE:
        return Signal(facts.project, name, None, now, labels)
    end = newest + counted.step
    long, short = WINDOWS[name]
    bad, total = _within(counted, end - long, end)
    lately_bad, lately = _within(counted, end - short, end)
    budget = 1 - target.target
    low = wilson_interval(bad, total)[0] if bad >= MIN_BAD else 0.0
    burn = min(low, lately_bad / lately if lately else 0.0) / budget
    check = facts.check_at(now)
    told = f"{percent(bad / total)} of {_things(target, total)} were bad in {_hours(long)}" if total else ""
    promised = f"{percent(target.target)} are promised, so the budget goes {burn:,.1f} times as fast as it may"
    return Signal(
        facts.project,
        name,
        burn if lately and total else None,
        min(end, now),
        labels,
        sample=total,
        details=(f"{told}; {promised}",),
        release=check.blame.release if check else "",
        cause=cause_of(check) or CAUSES.get(target.metric, ""),
    )


def _within(counted: Counted, start: datetime, end: datetime) -> tuple[int, int]:
    """Return how many bad ones of how many: by the clock hour until the looks begin, then one by one."""
    boundary = max(start, floor(end, HOUR) - RECENT)
    bad, total = counted.looks.between(boundary, end)
    if boundary <= start:
        return bad, total
    earlier_bad, earlier = counted.hours.between(start, boundary)
    return bad + earlier_bad, total + earlier


def _things(target: SloTarget, number: int) -> str:
    return amount(number, "probe" if target.metric == "availability" else "request")


def _hours(length: timedelta) -> str:
    days = length // timedelta(days=1)
    if days > 1:
        return f"{days} days"
    return "a day" if days else "an hour" if length == HOUR else f"{length // HOUR} hours"
