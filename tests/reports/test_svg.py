import html5lib
import pytest

from reports.palette import COLOURS
from reports.svg import page_svg


def drawn(inner: str) -> str:
    head = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10" fill="white"/>'
    return page_svg(f"{head}{inner}</svg>", 'A "chart" <b>', "narrow")


def test_colours_become_classes() -> None:
    assert 'class="f-ink s-rule"' in drawn(f'<path d="M0,0h1" fill="{light("ink")}" stroke="{light("rule")}"/>')


def light(name: str) -> str:
    return COLOURS[name].light


def test_every_colour_can_be_told_from_the_others() -> None:
    assert len({colour.light for colour in COLOURS.values()}) == len(COLOURS)


def test_what_nobody_sees_is_gone() -> None:
    ink = light("ink")
    found = drawn(f'<g class="role"><g transform="translate(0,0)"><path d="M0,0h1" fill="{ink}" display="none"/>'
                  f'<path d="" class="background"/></g></g>')  # fmt: skip
    assert "path" not in found
    assert "<g" not in found


def test_coordinates_keep_one_decimal() -> None:
    found = drawn(f'<path d="M0.123,-0.04L12.3456,7" fill="{light("ink")}"/>')
    assert 'd="M0.1,0L12.3,7"' in found


def test_neighbours_of_one_look_are_one_path() -> None:
    ink = light("ink")
    found = drawn(f'<line transform="translate(1,2)" x2="3" y2="0" stroke="{ink}"/><path d="M5,5h1" stroke="{ink}"/>')
    assert found.count("<path") == 1
    assert 'd="M1,2l3,0M5,5h1"' in found


def test_what_is_told_of_a_mark_is_its_title() -> None:
    ink = light("ink")
    found = drawn(f'<path d="M0,0h1" fill="{ink}" aria-label="Release &lt;b&gt;"/><path d="M2,0h1" fill="{ink}"/>')
    assert "<title>Release &lt;b&gt;</title>" in found
    assert found.count("<path") == 2


def test_its_label_is_escaped() -> None:
    root = html5lib.parseFragment(drawn(""))[0]
    assert root.get("aria-label") == 'A "chart" <b>'


def test_a_line_that_is_turned_is_refused() -> None:
    with pytest.raises(ValueError, match="only ever moved"):
        drawn(f'<line transform="rotate(3)" x2="3" y2="0" stroke="{light("ink")}"/>')
