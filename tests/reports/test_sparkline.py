import re

import html5lib
import pytest

from reports.sparkline import MOST_POINTS, sparkline


@pytest.mark.parametrize("values", [(), (None, None), (1.0,), (None, 3.0)])
def test_fewer_than_two_values_make_no_line(values: tuple[float | None, ...]) -> None:
    assert sparkline(values, "Score") == ""


def path(svg: str) -> str:
    found = re.search(r' d="([^"]*)"', svg)
    assert found
    return found[1]


def test_gaps_are_not_bridged() -> None:
    assert path(sparkline((1.0, 2.0, None, 2.0, 1.0), "Score")).count("M") == 2


def test_a_value_between_gaps_is_a_dot() -> None:
    assert "h0" in path(sparkline((1.0, None, 2.0, None, 1.0), "Score"))


def test_a_level_line_runs_in_the_middle() -> None:
    assert path(sparkline((5.0, 5.0), "Score", width=100, height=20)) == "M2.5 10L97.5 10"


def test_values_beyond_the_bounds_stay_inside() -> None:
    assert path(sparkline((-50.0, 500.0), "Score", bounds=(0, 100), width=100, height=20)) == "M2.5 17.5L97.5 2.5"


def test_many_values_are_put_together() -> None:
    assert path(sparkline([float(n) for n in range(1000)], "Score")).count("L") < MOST_POINTS


def test_its_label_is_no_markup() -> None:
    svg = sparkline((1.0, 2.0), '"><script>alert(1)</script>')
    tree = html5lib.HTMLParser(strict=True).parseFragment(svg)
    labels = [element.get("aria-label") for element in tree.iter() if element.get("aria-label")]
    assert labels == ['"><script>alert(1)</script>']
    assert "<script" not in svg
