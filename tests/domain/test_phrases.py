from datetime import timedelta

import pytest

from watchkeeper.domain.phrases import amount, listed, percent, span


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0 %"),
        (0.05, "5 %"),
        (0.025, "2.5 %"),
        (0.0971, "9.7 %"),
        (1, "100 %"),
        (0.0004, "0.04 %"),
        (1e-6, "< 0.01 %"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("number", "text"), [(0, "no request"), (1, "1 request"), (1204, "1,204 requests")])
def test_amount(number: int, text: str) -> None:
    assert amount(number, "request") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0 s"), (40, "40 s"), (119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_800, "2 days")],
)
def test_span(seconds: int, text: str) -> None:
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abcde"), "a, b, c and 2 more")]
)
def test_listed(names: list[str], text: str) -> None:
    assert listed(names) == text
