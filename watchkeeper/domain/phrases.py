"""Numbers, spans of time and names as they stand in a sentence."""

from datetime import UTC, datetime, timedelta

STEPS = ((timedelta(days=2), "day"), (timedelta(hours=2), "h"), (timedelta(minutes=2), "min"))


def amount(number: int, noun: str) -> str:
    """Return `1 request`, `1,204 requests`, `no request`; the plural is regular."""
    if number == 0:
        return f"no {noun}"
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def percent(share: float) -> str:
    """Return a fraction 0..1 as `9.7 %`; small ones keep a digit that is not zero, down to `< 0.01 %`."""
    value = 100 * share
    if 0 < value < 0.01:
        return "< 0.01 %"
    digits = 1 if value >= 0.1 or value == 0 else 2
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") + " %"


def span(length: timedelta) -> str:
    """Return a span of time in its largest unit with at least two of them: `40 s`, `12 min`, `3 h`, `5 days`."""
    for step, unit in STEPS:
        if length >= step:
            number = length // (step / 2)
            return f"{number} {unit}s" if unit == "day" else f"{number} {unit}"
    return f"{max(0, round(length.total_seconds()))} s"


def clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listed(names: list[str], most: int = 3) -> str:
    """Return `a`, `a and b`, `a, b, c and 4 more`."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def money(value: float, currency: str) -> str:
    """Return `41.37 USD`, `1,204 USD`."""
    return f"{value:,.0f} {currency}" if abs(value) >= 1_000 else f"{value:,.2f} {currency}"


def milliseconds(value: float) -> str:
    """Return `182 ms`, `12.4 s`."""
    return f"{value / 1_000:,.1f} s" if value >= 10_000 else f"{value:,.0f} ms"
