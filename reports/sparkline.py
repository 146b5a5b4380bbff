"""A line no taller than the text beside it."""

from collections.abc import Sequence
from statistics import fmean
from typing import Final

from markupsafe import Markup

MOST_POINTS: Final = 48
_PAD: Final = 2.5


def sparkline(
    values: Sequence[float | None],
    label: str,
    *,
    bounds: tuple[float, float] | None = None,
    width: int = 96,
    height: int = 22,
) -> Markup:
    """Return a small line as `<svg>`, with gaps where nothing is known and a dot at its end; "" for fewer than two.

    Args:
        values: oldest first; more than 48 are put together by their means.
        label: what it shows, for those who do not see it.
        bounds: bottom and top; the extremes of the values when left out.
    """
    thin = _thinned(values)
    known = [value for value in thin if value is not None]
    if len(known) < 2:
        return Markup()
    low, high = bounds or (min(known), max(known))
    points = _points(thin, low, high, width, height)
    last = [point for point in points if point is not None][-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">'
        '<path d="{d}"/><circle cx="{x}" cy="{y}" r="2"/></svg>'
    ).format(w=width, h=height, label=label, d=_path(points), x=last[0], y=last[1])


def _thinned(values: Sequence[float | None]) -> list[float | None]:
    size = -(-len(values) // MOST_POINTS) or 1
    groups = [values[start : start + size] for start in range(0, len(values), size)]
    return [_mean([value for value in group if value is not None]) for group in groups]


def _mean(values: list[float]) -> float | None:
    return fmean(values) if values else None


def _points(
    values: Sequence[float | None], low: float, high: float, width: int, height: int
) -> list[tuple[str, str] | None]:
    across = (width - 2 * _PAD) / max(1, len(values) - 1)
    room = height - 2 * _PAD
    span = high - low

    def drop(value: float) -> float:
        return 0.5 if span <= 0 else (high - min(max(value, low), high)) / span

    return [
        None if value is None else (_short(_PAD + n * across), _short(_PAD + room * drop(value)))
        for n, value in enumerate(values)
    ]


def _path(points: Sequence[tuple[str, str] | None]) -> str:
    """Return the strokes between gaps; a point between two gaps is a stroke of no length, which its cap makes a dot."""
    pieces: list[str] = []
    is_down = False
    for n, point in enumerate(points):
        if point is not None:
            alone = not is_down and (n + 1 == len(points) or points[n + 1] is None)
            pieces.append(f"{'L' if is_down else 'M'}{point[0]} {point[1]}{'h0' if alone else ''}")
        is_down = point is not None
    return "".join(pieces)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
