"""The colours of everything that is drawn, each for light and for dark paper."""

from typing import Final, NamedTuple


class Colour(NamedTuple):
    """As `#rrggbb`; the light ones differ from each other, so that a drawing can be told in dark colours as well."""

    light: str
    dark: str


COLOURS: Final = {
    "paper": Colour("#fdfcfa", "#15181b"),
    "sheet": Colour("#f4f2ed", "#1d2125"),
    "ink": Colour("#1c1e21", "#e9e7e3"),
    "muted": Colour("#595e64", "#a6acb3"),
    "rule": Colour("#dedad2", "#33393f"),
    "accent": Colour("#1f4f86", "#8fbaf0"),
    "good": Colour("#1c6a3d", "#74cf9a"),
    "warning": Colour("#855600", "#edbb5c"),
    "bad": Colour("#b0271f", "#ff8f85"),
    "unknown": Colour("#5a5570", "#b8b1d1"),
    "grid": Colour("#e7e4dd", "#292e33"),
    "band": Colour("#bcd0e8", "#2f4d74"),
    "haze": Colour("#dfe8f3", "#22344c"),
    "bar": Colour("#8fb0d4", "#4f79ac"),
    "alarm": Colour("#f5d3ce", "#552a28"),
}


def light(name: str) -> str:
    return COLOURS[name].light
