"""Figures as they stand in a sentence."""

import math
from datetime import timedelta
from typing import Final

from watchkeeper.domain.period_reports import Figure
from watchkeeper.domain.phrases import milliseconds, money, percent, span
from watchkeeper.domain.trends import Direction, Trend

NOUNS: Final = frozenset({"points", "days", "credits", "per day"})


def value_words(value: float, unit: str = "") -> str:
    """Return a value in the unit that a figure has: `0.42 %`, `640 ms`, `12 min`, `41.37 USD`, `1,204`."""
    match unit:
        case "%":
            return share_words(value)
        case "ms":
            return milliseconds(value)
        case "s":
            return span(timedelta(seconds=value))
        case "":
            return number_words(value)
    return f"{number_words(value)} {unit}" if unit in NOUNS else money(value, unit)


def share_words(share: float) -> str:
    """Return a fraction as a percentage: never 100 % for less than all of it."""
    if 0.99 < share < 1:
        digits = 2 if share < 0.9999 else 4
        return f"{math.floor(100 * share * 10**digits + 1e-6) / 10**digits:.{digits}f}".rstrip("0").rstrip(".") + " %"
    return percent(share)


def number_words(value: float) -> str:
    """Return a number without digits that say nothing: `1,204`, `12.5`, `0.71`."""
    if value == round(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:,.{1 if abs(value) >= 10 else 2}f}".rstrip("0").rstrip(".")


def change_words(trend: Trend) -> str:
    """Return `35 % more`, `2.5 times as much`, `12 % less`; "" where nothing can be compared."""
    if trend.change is None or trend.direction is Direction.UNKNOWN:
        return ""
    if trend.change >= 1:
        return f"{number_words(round(1 + trend.change, 1))} times as much"
    return f"{abs(trend.change) * 100:.0f} % {'more' if trend.change > 0 else 'less'}"


def over_words(share: float) -> str:
    """Return what stands before a number that something exceeds: `54 % more than`, `4.4 times`."""
    return f"{number_words(round(1 + share, 1))} times" if share >= 1 else f"{percent(share)} more than"


def figure_words(figure: Figure) -> str:
    """Return a figure's value as it stands in a sentence; `not known` for none."""
    return "not known" if figure.value is None else value_words(figure.value, figure.unit)
