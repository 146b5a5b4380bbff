"""Rules and signals for the tests of alerts, and one look at them."""

from collections.abc import Iterable, Sequence
from typing import Any

from tests.domain.makers import MINUTES, NOW
from watchkeeper.domain.alert_rules import Rule, evaluate
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import Alert, Severity


def rule(**other: Any) -> Rule:
    values: dict[str, Any] = {"name": "error-rate", "signal": "error_rate", "severity": Severity.CRITICAL, "enter": 5}
    return Rule(**(values | {"family": "errors"} | other))


def signal(value: float | None, minutes: float = 0, **other: Any) -> Signal:
    values: dict[str, Any] = {"project": "shop", "name": "error_rate", "value": value, "at": NOW + minutes * MINUTES}
    return Signal(**(values | other))


def look(
    rules: Rule | Sequence[Rule], signals: Iterable[Signal], known: Iterable[Alert] = (), minutes: float = 0
) -> tuple[Alert, ...]:
    several = [rules] if isinstance(rules, Rule) else rules
    return evaluate(several, signals, known, NOW + minutes * MINUTES)
