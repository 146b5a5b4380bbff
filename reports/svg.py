"""Drawings made fit for a page: small, without ids, in the colours of the page, readable aloud."""

import re
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from reports.palette import COLOURS

_NAMES: Final = {colour.light: name for name, colour in COLOURS.items()}
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_GEOMETRY: Final = frozenset({"d", "transform", "x", "y", "x2", "y2", "x1", "y1", "width", "height", "points"})
_KEPT: Final = _GEOMETRY | {
    "text-anchor", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "font-size", "font-weight",
}  # fmt: skip
_DEFAULTS: Final = {
    "transform": "translate(0,0)", "opacity": "1", "stroke-width": "1", "text-anchor": "start", "font-size": "11px",
}  # fmt: skip


def page_svg(drawing: str, label: str, kind: str) -> Markup:
    """Return a drawing of vl-convert as one `<svg>` for a page.

    Colours become classes (`f-ink` fills, `s-ink` strokes), so that the page can be light or dark; coordinates keep one
    decimal; everything that nobody sees goes. What the drawing tells of a mark becomes its `<title>`.

    Args:
        label: what the drawing shows, in a sentence, for those who do not see it.
        kind: a class of its own, `wide` or `narrow`.
    """
    source = ET.fromstring(drawing)  # noqa: S314 - it comes from our own renderer, which writes no entities
    root = ET.Element("svg", {"viewBox": source.get("viewBox", ""), "role": "img", "aria-label": label})
    root.set("class", f"chart {kind}")
    root.extend(_joined([seen for child in source for seen in _seen(child)]))
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - the serializer has escaped it


def _seen(element: ET.Element) -> list[ET.Element]:
    """Return what of an element can be seen; a group without a purpose gives way to its children."""
    tag = element.tag.rpartition("}")[2]
    if element.get("display") == "none":
        return []
    children = _joined([seen for child in element for seen in _seen(child)])
    attributes = _attributes(element)
    if tag == "g":
        return _group(attributes, children)
    if not element.text and "class" not in attributes:
        return []
    shown = _stroke(attributes) if tag == "line" else ET.Element(tag, attributes)
    shown.text = element.text
    if told := element.get("aria-label"):
        ET.SubElement(shown, "title").text = told
    shown.extend(children)
    return [shown]


def _group(attributes: dict[str, str], children: list[ET.Element]) -> list[ET.Element]:
    if not children or not attributes:
        return children
    group = ET.Element("g", attributes)
    group.extend(children)
    return [group]


def _stroke(attributes: dict[str, str]) -> ET.Element:
    """Return a line as a path, which can be joined with others."""
    x, y = _moved(attributes.pop("transform", "translate(0,0)"))
    across, down = attributes.pop("x2", "0"), attributes.pop("y2", "0")
    return ET.Element("path", {"d": f"M{x},{y}l{across},{down}", **attributes})


def _moved(transform: str) -> tuple[str, str]:
    found = re.fullmatch(r"translate\(([^,]+),([^)]+)\)", transform)
    if found is None:
        raise ValueError(f"a line is only ever moved, not {transform}")
    return found[1], found[2]


def _joined(elements: list[ET.Element]) -> list[ET.Element]:
    """Return the elements with neighbouring paths of one look made one; each begins at a place of its own."""
    joined: list[ET.Element] = []
    for element in elements:
        if joined and _look(element) is not None and _look(joined[-1]) == _look(element):
            joined[-1].set("d", joined[-1].get("d", "") + element.get("d", ""))
        else:
            joined.append(element)
    return joined


def _look(element: ET.Element) -> dict[str, str] | None:
    """Return what tells a path from another but its place; None for what cannot be joined."""
    if element.tag != "path" or len(element) or "transform" in element.attrib:
        return None
    return {name: value for name, value in element.attrib.items() if name != "d"}


def _attributes(element: ET.Element) -> dict[str, str]:
    kept = {
        name: _rounded(value) if name in _GEOMETRY else value
        for name, value in element.attrib.items()
        if name in _KEPT and value != _DEFAULTS.get(name)
    }
    names = [
        f"{letter}-{_NAMES[colour]}"
        for letter, colour in (("f", element.get("fill", "")), ("s", element.get("stroke", "")))
        if colour in _NAMES
    ]
    return kept | ({"class": " ".join(names)} if names else {})


def _rounded(geometry: str) -> str:
    return _NUMBER.sub(_one_decimal, geometry)


def _one_decimal(number: re.Match[str]) -> str:
    short = f"{float(number[0]):.1f}".removesuffix(".0")
    return "0" if short == "-0" else short
