"""Numbers, and where they are going, in the words that every report uses."""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from watchkeeper.domain.figure_words import number_words, share_words
from watchkeeper.domain.period_reports import Figure
from watchkeeper.domain.trends import Direction, Trend

NOT_KNOWN: Final = "–"
ARROWS: Final = {
    Direction.UP: "↑",
    Direction.DOWN: "↓",
    Direction.FLAT: "→",
    Direction.NEW: "+",
    Direction.UNKNOWN: "",
}
_SIGNS: Final = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_CURRENCY_LENGTH: Final = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A number and its unit, apart so that they can be set apart; together they are what `str` gives."""

    number: str
    unit: str = ""

    def __str__(self) -> str:
        return f"{self.number} {self.unit}".strip()


def shown(value: float | None, unit: str = "") -> Shown:
    """Return a value as it is read, in the largest unit that fits; `–` for what is not known.

    Args:
        unit: as a figure has it: "%" of a fraction 0..1, ms, s, a currency's code ...
    """
    if value is None or not math.isfinite(value):
        return Shown(NOT_KNOWN)
    match unit:
        case "%":
            return Shown(share(value), "%")
        case "ms":
            return Shown(number_words(value / 1000), "s") if value >= 10_000 else Shown(f"{value:,.0f}", "ms")
        case "s":
            return _span(value)
        case _ if _is_currency(unit):
            return _money(value, unit)
    return Shown(number_words(value), unit)


def figure_value(figure: Figure) -> Shown:
    return shown(figure.value, figure.unit)


def share(value: float) -> str:
    """Return a fraction as a percentage without its sign."""
    return share_words(value).removesuffix(" %")


def length(span: timedelta | None) -> str:
    """Return a span of time as `45 s`, `12 min`, `3.5 h`, `4 days`; `–` for None."""
    return str(shown(None if span is None else span.total_seconds(), "s"))


def interval(figure: Figure) -> str:
    """Return `0.2 to 0.5 %`; "" where a figure has no bounds."""
    if figure.interval is None:
        return ""
    low, high = (shown(bound, figure.unit) for bound in figure.interval)
    if figure.unit == "%" and low == high:
        low, high = _told_apart(*figure.interval)
    return f"{low.number} to {high}" if low.unit == high.unit else f"{low} to {high}"


def _told_apart(low: float, high: float) -> tuple[Shown, Shown]:
    """Return two shares with as many digits as tell one from the other, four at most."""
    for digits in (2, 3, 4):
        numbers = [f"{100 * bound:.{digits}f}" for bound in (low, high)]
        if numbers[0] != numbers[1]:
            break
    return Shown(numbers[0], "%"), Shown(numbers[1], "%")


def made_of(figure: Figure) -> str:
    """Return `3 of 1,204`, of a frequency `3 in 31 days`; "" for what is neither, and for a share of nothing."""
    if figure.numerator is None or not figure.denominator:
        return ""
    number, whole = number_words(figure.numerator), number_words(figure.denominator)
    return f"{number} in {whole} days" if figure.unit == "per day" else f"{number} of {whole}"


def _span(seconds: float) -> Shown:
    size = abs(seconds)
    for limit, step, unit in ((172_800, 86_400, "days"), (7_200, 3_600, "h"), (120, 60, "min")):
        if size >= limit:
            number = seconds / step
            return Shown(f"{number:,.0f}" if size >= 20 * step else f"{number:.1f}".removesuffix(".0"), unit)
    return Shown(f"{seconds:,.0f}" if size >= 10 else number_words(seconds), "s")


def _is_currency(unit: str) -> bool:
    return len(unit) == _CURRENCY_LENGTH and unit.isascii() and unit.isupper()


def _money(value: float, currency: str) -> Shown:
    number = f"{abs(value):,.0f}" if abs(value) >= 1000 else f"{abs(value):,.2f}"
    minus = "−" if value < 0 else ""
    sign = _SIGNS.get(currency)
    return Shown(f"{minus}{sign}{number}") if sign else Shown(f"{minus}{number}", currency)


# --- trends


@dataclass(frozen=True, slots=True)
class Change:
    """A trend in words.

    Attributes:
        arrow: says the direction together with `amount`, which says it without the arrow, too.
        amount: `35 % higher`, `2.5 times as high`, `unchanged`, `new`; "" when nothing can be compared.
        words: better, worse, `may be chance`, or "".
        tone: good, bad or plain: what it is coloured by, always beside the words.
        before: what it was.
    """

    arrow: str
    amount: str
    words: str
    tone: str
    before: str

    def __str__(self) -> str:
        return ", ".join(filter(None, [f"{self.arrow} {self.amount}".strip(), self.words]))


NO_CHANGE: Final = Change("", "", "", "plain", NOT_KNOWN)


def change(trend: Trend | None, unit: str) -> Change:
    """Return what to say of a trend. Only a change that is larger than chance is called better or worse."""
    if trend is None or trend.direction is Direction.UNKNOWN:
        return NO_CHANGE
    before = str(shown(trend.previous, unit))
    words = _words(trend)
    tone = {"better": "good", "worse": "bad"}.get(words, "plain")
    return Change(ARROWS[trend.direction], _amount(trend), words, tone, before)


def _amount(trend: Trend) -> str:
    match trend.direction:
        case Direction.FLAT:
            return "unchanged"
        case Direction.NEW:
            return "new"
    if trend.change is None:
        return "higher" if trend.direction is Direction.UP else "lower"
    if trend.change >= 1:
        return f"{number_words(round(1 + trend.change, 1))} times as high"
    return f"{abs(trend.change):.0%}".replace("%", " %") + (" higher" if trend.change > 0 else " lower")


def _words(trend: Trend) -> str:
    if trend.direction is Direction.FLAT:
        return ""
    if trend.is_significant is False:
        return "may be chance"
    if not trend.is_significant or trend.good is None:
        return ""
    return "better" if trend.good else "worse"
