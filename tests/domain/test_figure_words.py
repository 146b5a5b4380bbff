import pytest

from tests.domain.report_makers import figure
from watchkeeper.domain.figure_words import (
    change_words,
    figure_words,
    number_words,
    over_words,
    share_words,
    value_words,
)
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.trends import trend_of


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (0.0042, "%", "0.4 %"),
        (0.9995, "%", "99.95 %"),
        (1, "%", "100 %"),
        (0.999999, "%", "99.9999 %"),
        (0.99999, "%", "99.999 %"),
        (0.5, "%", "50 %"),
        (640.4, "ms", "640 ms"),
        (12_400, "ms", "12.4 s"),
        (720, "s", "12 min"),
        (41.371, "USD", "41.37 USD"),
        (12_345.6, "EUR", "12,346 EUR"),
        (97, "points", "97 points"),
        (0.714, "per day", "0.71 per day"),
        (12.55, "days", "12.6 days"),
        (1_204, "", "1,204"),
        (0, "", "0"),
        (123.4, "credits", "123 credits"),
    ],
)
def test_a_value_in_a_sentence(value: float, unit: str, words: str) -> None:
    assert value_words(value, unit) == words


def test_less_than_all_is_never_all() -> None:
    assert share_words(1 - 1e-9) == "99.9999 %"
    assert share_words(0.99) == "99 %"


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        pytest.param(15, 10, "50 % more", id="more"),
        pytest.param(5, 10, "50 % less", id="less"),
        pytest.param(25, 10, "2.5 times as much", id="many times"),
        pytest.param(5, 0, "", id="from nothing"),
        pytest.param(None, 10, "", id="not known"),
    ],
)
def test_a_change_in_a_sentence(now: float | None, before: float, words: str) -> None:
    assert change_words(trend_of(now, before, Better.LESS)) == words


def test_a_figure_that_is_not_known() -> None:
    assert figure_words(figure("cost", None)) == "not known"
    assert figure_words(figure("cost", 3.5, unit="USD")) == "3.50 USD"
    assert number_words(12.0) == "12"


def test_how_far_a_number_is_over_another() -> None:
    assert [over_words(share) for share in (0.54, 0.999, 1, 3.38)] == [
        "54 % more than",
        "99.9 % more than",
        "2 times",
        "4.4 times",
    ]
