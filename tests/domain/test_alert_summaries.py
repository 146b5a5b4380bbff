"""The sentence that an alert is told by: whatever stands in it, it is one line and never looked at again."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.makers import NEW, NOW
from watchkeeper.domain.alert_signals import SIGNALS, Signal
from watchkeeper.domain.alert_summaries import LONGEST, failed_summaries, in_unit, plain_summary, write_summary
from watchkeeper.domain.alert_values import labels_of


def signal(name: str = "error_rate", value: float | None = 31.25, **other: Any) -> Signal:
    return Signal("shop", name, value, NOW, **other)


@pytest.mark.parametrize(
    ("template", "other", "text"),
    [
        ("{value}, limit {limit}", {}, "31.2 %, limit 5 %"),
        ("{project}/{rule}", {}, "shop/error-rate"),
        ("{detail} of {sample}", {"details": ("a", "b"), "sample": 1204}, "a of 1,204"),
        ("{release}", {"release": NEW}, "3f2c1ab"),
        ("{release}", {}, "an unknown release"),
        ("no name at all", {}, "no name at all"),
        ("{detail}", {"details": ("{value} {x} }{",)}, "{value} {x} }{"),
        ("{detail}", {"details": ("two\nlines\u202e\x1b[31m\x00",)}, "two lines [31m"),
    ],
)
def test_templates(template: str, other: dict[str, Any], text: str) -> None:
    written = write_summary(template, "error-rate", signal(**other), 5)
    assert (written.text, written.problem) == (text, "")


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ("{detail}", "there is no {detail} in '{detail}'"),
        ("{sample}", "there is no {sample} in '{sample}'"),
        ("{0.__class__}", "'{0.__class__}' has a brace without a name between two of them"),
        ("{value!r}", "'{value!r}' has a brace without a name between two of them"),
        ("{unheard}", "there is no {unheard} in '{unheard}'"),
    ],
)
def test_what_fails_is_told_plainly(template: str, problem: str) -> None:
    written = write_summary(template, "error-rate", signal(), 5)
    assert written.text == "error rate: 31.2 %, limit 5 %"
    assert written.problem.endswith(problem)
    assert failed_summaries(("other", written.problem)) == (written.problem,)


HOME = labels_of(endpoint="home")


@pytest.mark.parametrize(
    ("seen", "limit", "text"),
    [
        (signal("endpoint_latency", 1800.0, labels=HOME), 1500, "time to answer (home): 1,800 ms, limit 1,500 ms"),
        (signal("endpoint_down", 1.0, labels=HOME, details=("refused",)), 1, "endpoint down (home): refused"),
        (signal("certificate", 2.5, labels=HOME), 3, "certificate (home): 2.5 days, limit 3 days"),
        (signal("check_age", 40.0), 35, "age of the last health check: 40 min, limit 35 min"),
        (signal("unheard_of", 40.0), 35, "unheard of"),
    ],
)
def test_plain_words(seen: Signal, limit: float, text: str) -> None:
    assert plain_summary(seen, limit) == text


def test_not_known_is_said() -> None:
    assert in_unit(SIGNALS["score"], None) == "not known"


@given(st.text(max_size=400), st.text(max_size=400))
def test_any_template_and_any_title_give_one_bounded_line(template: str, title: str) -> None:
    written = write_summary(template, "r", signal(details=(title,)), 5)
    assert len(written.text) <= LONGEST
    assert "\n" not in written.text
