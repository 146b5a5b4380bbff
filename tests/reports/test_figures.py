from datetime import timedelta

import pytest

from reports.figures import NO_CHANGE, change, interval, length, made_of, shown
from watchkeeper.domain.period_reports import Figure
from watchkeeper.domain.trends import Direction, Trend


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        pytest.param(None, "%", "–", id="not known is not zero"),
        pytest.param(float("nan"), "ms", "–", id="no number is not known"),
        pytest.param(0.0, "%", "0 %", id="none"),
        pytest.param(0.0042, "%", "0.4 %", id="a small share"),
        pytest.param(0.00002, "%", "< 0.01 %", id="never none for more than none"),
        pytest.param(0.99995, "%", "99.995 %", id="never all for less than all"),
        pytest.param(1.0, "%", "100 %", id="all"),
        pytest.param(640.4, "ms", "640 ms", id="milliseconds"),
        pytest.param(12_340, "ms", "12.3 s", id="many milliseconds are seconds"),
        pytest.param(45, "s", "45 s", id="seconds"),
        pytest.param(0.4, "s", "0.4 s", id="less than a second"),
        pytest.param(2_820, "s", "47 min", id="minutes"),
        pytest.param(12_600, "s", "3.5 h", id="hours"),
        pytest.param(345_600, "s", "4 days", id="days"),
        pytest.param(41.366, "USD", "$41.37", id="money with a sign"),
        pytest.param(1_271.4, "CHF", "1,271 CHF", id="much money without one"),
        pytest.param(-3.5, "EUR", "−€3.50", id="money back"),
        pytest.param(71.94, "points", "71.9 points", id="points"),
        pytest.param(1204, "", "1,204", id="a count"),
        pytest.param(2.4, "per day", "2.4 per day", id="a frequency"),
    ],
)
def test_values_are_read_in_their_unit(value: float | None, unit: str, said: str) -> None:
    assert str(shown(value, unit)) == said


@pytest.mark.parametrize(
    ("trend", "said", "tone"),
    [
        pytest.param(None, "", "plain", id="nothing to compare"),
        pytest.param(Trend(Direction.UNKNOWN, None, None, 1, None, None), "", "plain", id="one is not known"),
        pytest.param(Trend(Direction.FLAT, 0.01, 1, 1.01, False, None), "→ unchanged", "plain", id="flat"),
        pytest.param(Trend(Direction.NEW, None, 0, 3, None, False), "+ new", "plain", id="from none"),
        pytest.param(Trend(Direction.UP, 0.35, 1, 1.35, True, False), "↑ 35 % higher, worse", "bad", id="worse"),
        pytest.param(Trend(Direction.DOWN, -0.2, 1, 0.8, True, True), "↓ 20 % lower, better", "good", id="better"),
        pytest.param(Trend(Direction.UP, 1.5, 1, 2.5, None, None), "↑ 2.5 times as high", "plain", id="much more"),
        pytest.param(Trend(Direction.UP, 0.35, 1, 1.35, False, False), "↑ 35 % higher, may be chance", "plain",
                     id="what may be chance is not worse"),
        pytest.param(Trend(Direction.UP, 0.35, 1, 1.35, None, False), "↑ 35 % higher", "plain",
                     id="of what nothing can be said nothing is said"),
        pytest.param(Trend(Direction.DOWN, None, 1, 0, True, True), "↓ lower, better", "good", id="without a share"),
    ],
)  # fmt: skip
def test_a_trend_is_said_in_words(trend: Trend | None, said: str, tone: str) -> None:
    found = change(trend, "ms")
    assert (str(found), found.tone) == (said, tone)


def test_no_change_has_no_words() -> None:
    assert str(NO_CHANGE) == ""


def test_bounds_share_their_unit() -> None:
    assert interval(Figure("a", "A", 0.003, "%", (0.002, 0.005))) == "0.2 to 0.5 %"
    assert interval(Figure("a", "A", 50, "s", (45, 150))) == "45 s to 2.5 min"
    assert interval(Figure("a", "A", 0.003, "%")) == ""
    assert interval(Figure("a", "A", 0.003, "%", (0.00298, 0.00312))) == "0.30 to 0.31 %", "narrow ones get digits"


def test_a_share_says_what_it_is_made_of() -> None:
    assert made_of(Figure("a", "A", 0.003, "%", None, 3, 1204)) == "3 of 1,204"
    assert made_of(Figure("a", "A", 3)) == ""
    assert made_of(Figure("a", "A", None, "%", None, 0, 0)) == "", "nothing has no share"
    assert made_of(Figure("a", "A", 0.1, "per day", None, 3, 31)) == "3 in 31 days"


def test_a_span_may_be_unknown() -> None:
    assert (length(timedelta(minutes=74)), length(None)) == ("74 min", "–")
