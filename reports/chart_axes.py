"""Axes and lines that every chart shares: where it is marked, and what stands there, is decided here, not by Vega."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Final

import altair as alt

from reports.figures import shown
from reports.period_words import ticks
from watchkeeper.domain.period_reports import Point, Series
from watchkeeper.domain.windows import Window

Row = Mapping[str, Any]
Drawing = alt.LayerChart | alt.FacetChart
STEPS: Final = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Canvas:
    """How large a chart is drawn, in px at which its text is 11 px; the page shows it at about that size."""

    kind: str
    width: int
    height: int

    @property
    def is_wide(self) -> bool:
        return self.kind == "wide"


WIDE: Final = Canvas("wide", 1000, 190)
HALF_WIDE: Final = Canvas("wide", 660, 150)
NARROW: Final = Canvas("narrow", 320, 150)


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def extent(series: Series) -> Window:
    """Return the span that the points of a series fill."""
    moments = [point.at for line in series.lines.values() for point in line]
    return Window(min(moments), max(moments) + series.step)


def time_axis(window: Window, place: tzinfo, canvas: Canvas) -> alt.X:
    """Return an axis of time; a mark that would not fit at its end is left out."""
    marked = ticks(window, place, is_wide=canvas.is_wide)
    room = window.length * (0.035 if canvas.is_wide else 0.1)
    named = {ms(moment): name for moment, name in marked.items() if window.end - moment > room}
    return alt.X(
        "at:Q",
        scale=alt.Scale(domain=[ms(window.start), ms(window.end)], nice=False, zero=False),
        axis=axis(named, {"grid": False, "labelAlign": "left", "labelPadding": 3, "ticks": True}),
        title=None,
    )


def value_axis(field: str, top: float, unit: str, bottom: float = 0.0) -> alt.Y:
    """Return an axis of values with about three marks, named as figures are."""
    names = {mark: str(shown(abs(mark), unit)) for mark in nice_marks(bottom, top)}
    is_whole = all(name.endswith((".00", f".00 {unit}")) for name in names.values())
    marks = {mark: name.replace(".00", "") if is_whole else name for mark, name in names.items()}
    return alt.Y(
        f"{field}:Q",
        scale=alt.Scale(domain=[bottom, top], nice=False, zero=False),
        axis=axis(marks, {"grid": True, "ticks": False, "labelPadding": 6}),
        title=None,
    )


def axis(named: Mapping[int, str] | Mapping[float, str], style: Mapping[str, Any]) -> alt.Axis:
    """Return an axis with marks at the keys; names are looked up, so nothing in them is ever read as an expression."""
    names = json.dumps({_as_javascript(value): name for value, name in named.items()})
    return alt.Axis(values=list(named), labelExpr=f"{names}[datum.value]", domain=False, labelOverlap=False, **style)


def _as_javascript(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


def nice_marks(bottom: float, top: float, count: int = 3) -> list[float]:
    """Return round numbers from `bottom` to `top`, about `count` above zero."""
    rough = max(top, -bottom) / count
    if rough <= 0:
        return [0.0]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in STEPS if power * size >= rough * 0.999)
    first, last = math.ceil(bottom / step - 1e-9), math.floor(top / step + 1e-9)
    return [round(n * step, 10) for n in range(first, last + 1)]


def middle(point: Point, step: timedelta) -> int:
    return ms(point.at + step / 2)


def rows_of(line: Iterable[Point], step: timedelta, top: float = math.inf) -> list[Row]:
    """Return a line as rows, each point in the middle of its step; nothing goes above `top`."""
    return [
        {
            "at": middle(point, step),
            "value": _capped(point.value, top),
            "low": _capped(point.low, top),
            "high": _capped(point.high, top),
        }
        for point in line
    ]


def _capped(value: float | None, top: float) -> float | None:
    return None if value is None else min(value, top)


def alone(rows: Sequence[Row], field: str = "value") -> list[Row]:
    """Return the rows between two gaps: no line leads to them, so they need a dot."""
    padded: list[Row] = [{field: None}, *rows, {field: None}]
    around = zip(pairwise(padded), padded[2:], strict=False)
    return [
        row for (before, row), after in around
        if row[field] is not None and before[field] is None and after[field] is None
    ]  # fmt: skip


def bars(line: Iterable[Point], step: timedelta, sign: int = 1) -> list[Row]:
    """Return a line as bars that leave an eighth of their step free on each side; none where there is nothing."""
    return [
        {"at": ms(point.at + step / 8), "end": ms(point.at + step * 7 / 8), "value": sign * point.value, "zero": 0}
        for point in line
        if point.value
    ]


def data(rows: Sequence[Row]) -> alt.InlineData:
    """Return rows as the data of a chart; a tuple, which Altair does not copy each time it copies the chart."""
    return alt.InlineData(tuple(dict(row) for row in rows))
