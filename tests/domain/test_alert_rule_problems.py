"""A rule that can never fire, always fires or cannot be said is known before it is armed."""

from typing import Any

import pytest

from tests.domain.makers import MINUTES
from watchkeeper.domain.alert_defaults import default_rules
from watchkeeper.domain.alert_policy import Matcher
from watchkeeper.domain.alert_rule_problems import rule_problems
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_values import Severity


def problems(**other: Any) -> str:
    values: dict[str, Any] = {"name": "own", "signal": "error_rate", "severity": Severity.WARNING, "enter": 5}
    return "; ".join(rule_problems(Rule(**(values | other))))


@pytest.mark.parametrize(
    ("other", "told"),
    [
        pytest.param({}, "", id="nothing wrong"),
        pytest.param({"enter": 100}, "", id="at the greatest value it can fire"),
        pytest.param(
            {"enter": 100.1}, "enter: it can never fire: the error rate lies between 0 % and 100 %", id="never"
        ),
        pytest.param({"enter": 0}, "enter: it always fires: the error rate lies between 0 % and 100 %", id="always"),
        pytest.param({"enter": 0, "is_above": False}, "enter: it can never fire", id="never below the least value"),
        pytest.param({"enter": 101, "is_above": False}, "enter: it always fires", id="always below"),
        pytest.param({"enter": float("nan")}, "enter: expected a number", id="no number"),
        pytest.param({"exit": 5.1}, "exit: it must be at most 5 %", id="exit above enter"),
        pytest.param({"exit": 5}, "", id="exit at enter"),
        pytest.param({"is_above": False, "exit": 4}, "exit: it must be at least 5 %", id="exit below enter"),
        pytest.param({"exit": 0}, "exit: it is never resolved", id="never calm"),
        pytest.param({"signal": "eror_rate"}, "signal: there is no 'eror_rate': use one of", id="unknown signal"),
        pytest.param({"for_": -MINUTES}, "for_: it must not be negative", id="negative time"),
        pytest.param({"keep": -MINUTES}, "keep: it must not be negative", id="negative hold-down"),
        pytest.param({"min_sample": -1}, "min_sample: it must not be negative", id="negative sample"),
        pytest.param(
            {"signal": "score", "min_sample": 1}, "min_sample: the health score is no sample", id="sample of no sample"
        ),
        pytest.param(
            {"matchers": (Matcher("endpoint", "home"),)},
            "matchers: error_rate has no 'endpoint': use project, cause and release",
            id="unknown label",
        ),
        pytest.param(
            {"matchers": (Matcher("cause", "(", is_regex=True),)}, "matchers: '(' is no regular expression", id="regex"
        ),
        pytest.param(
            {"matchers": (Matcher("project", "a"), Matcher("project", "b"))},
            "matchers: it can never fire: project cannot be 'a' and another",
            id="two values at once",
        ),
        pytest.param(
            {"matchers": (Matcher("cause", "a"), Matcher("cause", "a", is_negated=True))},
            "matchers: it can never fire: they exclude each other",
            id="a value and not that value",
        ),
        pytest.param(
            {"project": "shop", "matchers": (Matcher("project", "blog"),)},
            "matchers: it can never fire: it is a rule of 'shop'",
            id="of another project",
        ),
        pytest.param(
            {"summary": "{endpoint} fails"}, "summary: there is no {endpoint}: use {project}, {rule}", id="unknown name"
        ),
        pytest.param({"summary": "{value"}, "summary: '{value' has a brace", id="open brace"),
        pytest.param({"summary": "{} fails"}, "summary: '{} fails' has a brace", id="empty name"),
        pytest.param({"signal": "endpoint_down", "enter": 1, "summary": "{endpoint}"}, "", id="a label may be named"),
        pytest.param({"signal": "endpoint_down", "enter": 2}, "enter: it can never fire", id="yes is 1"),
        pytest.param({"signal": "certificate", "enter": 21, "is_above": False}, "", id="a value without bounds"),
    ],
)
def test_problems(other: dict[str, Any], told: str) -> None:
    found = problems(**other)
    assert found.startswith(told) if told else found == ""


def test_all_problems_at_once() -> None:
    assert problems(enter=200, keep=-MINUTES, summary="{x}").count(";") == 2


@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.name)
def test_the_rules_of_the_house_have_none(rule: Rule) -> None:
    assert rule_problems(rule) == ()
