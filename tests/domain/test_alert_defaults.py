"""The rules of the house cover what can be seen, follow the limits of a project, and do not say a thing twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.alert_rule_makers import look, signal
from watchkeeper.domain.alert_defaults import DEFAULT_INHIBITIONS, RUNBOOKS, default_rules, rules_of_limits
from watchkeeper.domain.alert_policy import Inhibition, match_all, value_of
from watchkeeper.domain.alert_reading import MAKERS
from watchkeeper.domain.alert_signals import SIGNALS
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity, labels_of
from watchkeeper.domain.limits import EndpointLimits, ErrorLimits, HealthLimits

HOUSE = {rule.name: rule for rule in default_rules()}


def test_every_rule_has_a_name_of_its_own_a_family_and_a_runbook() -> None:
    assert len(HOUSE) == len(default_rules())
    assert all(rule.runbook == f"{RUNBOOKS}#{name}" for name, rule in HOUSE.items())
    assert {rule.family for rule in HOUSE.values()} == {
        "errors", "endpoints", "delivery", "builds", "health", "cost", "rollback", "reports", "watch",
    }  # fmt: skip


def test_every_signal_but_the_one_in_milliseconds_is_watched() -> None:
    assert set(SIGNALS) - {rule.signal for rule in HOUSE.values()} == {"endpoint_latency"}
    assert set(MAKERS) <= set(SIGNALS)


@pytest.mark.parametrize(
    ("percent", "names"),
    [
        (2.4, set()),
        (2.5, {"error-rate-warning"}),
        (5, {"error-rate-warning", "error-rate-critical"}),
        (10, {"error-rate-warning", "error-rate-critical", "error-rate-emergency"}),
    ],
)
def test_error_rates(percent: float, names: set[str]) -> None:
    alerts = look(default_rules(), [signal(percent, sample=100, details=("31 % fail",))])
    assert {alert.rule for alert in alerts} == names
    assert all(alert.is_firing and alert.summary.startswith("31 % fail, limit ") for alert in alerts)


def test_a_bad_release_is_told_at_the_first_check_and_a_low_score_at_the_second() -> None:
    assert HOUSE["error-rate-critical"].for_ == timedelta()
    assert HOUSE["score-critical"].for_ == timedelta(minutes=15)


def test_burn_rates_page_when_fast_and_are_tickets_when_slow() -> None:
    burns = [(r.signal, r.enter, r.severity) for r in HOUSE.values() if r.signal.startswith("burn_rate")]
    assert burns == [
        ("burn_rate_1h", 14.4, Severity.CRITICAL),
        ("burn_rate_6h", 6.0, Severity.CRITICAL),
        ("burn_rate_1d", 3.0, Severity.WARNING),
        ("burn_rate_3d", 1.0, Severity.WARNING),
    ]


def test_the_limits_of_a_project_are_those_of_its_rules() -> None:
    limits = HealthLimits(errors=ErrorLimits(critical=0.08), endpoints=EndpointLimits(certificate_warning=timedelta(7)))
    own = {rule.name: rule for rule in rules_of_limits("shop", limits)}
    assert set(own) == {"error-rate-critical", "certificate-expiring"}
    assert (own["error-rate-critical"].enter, own["error-rate-critical"].exit) == (8, 6.4)
    assert own["certificate-expiring"].enter == 7
    assert all(rule.project == "shop" for rule in own.values())
    assert rules_of_limits("shop", HealthLimits()) == ()


def test_a_rule_that_was_changed_for_all_is_not_overruled_by_limits() -> None:
    limits = HealthLimits(errors=ErrorLimits(critical=0.08))
    shared = [replace(rule, is_enabled=rule.name != "error-rate-critical") for rule in default_rules()]
    assert rules_of_limits("shop", limits, shared) == ()


def alert(rule: str, severity: Severity = Severity.CRITICAL, cause: str = "errors", **labels: str) -> Alert:
    now = signal(1).at
    return Alert("shop", rule, severity, AlertStatus.FIRING, now, now, rule, labels_of(**labels), cause)


def inhibits(one: Inhibition, source: Alert, target: Alert) -> bool:
    same = all(value_of(source, name) == value_of(target, name) for name in one.equal)
    return match_all(one.source, source) and match_all(one.target, target) and same


W = Severity.WARNING


@pytest.mark.parametrize(
    ("source", "target", "is_quiet"),
    [
        pytest.param(alert("error-rate-emergency"), alert("error-rate-critical"), True, id="an emergency"),
        pytest.param(alert("error-rate-critical"), alert("error-rate-emergency"), False, id="never the other way"),
        pytest.param(alert("error-rate-critical"), alert("score-critical"), True, id="the score of what is told"),
        pytest.param(alert("error-rate-critical"), alert("score-critical", cause="builds"), False, id="another cause"),
        pytest.param(alert("error-rate-warning", W), alert("score-low", W), True, id="a warning of a low score"),
        pytest.param(alert("error-rate-warning", W), alert("score-critical"), False, id="a warning hides no critical"),
        pytest.param(alert("score-critical"), alert("score-low", W), False, id="left to severities"),
        pytest.param(alert("endpoint-down", endpoint="a"), alert("endpoint-slow", W, endpoint="a"), True, id="down"),
        pytest.param(alert("endpoint-down", endpoint="a"), alert("endpoint-slow", W, endpoint="b"), False, id="other"),
        pytest.param(alert("in-custody", Severity.INFO), alert("score-low", W), False, id="information hides nothing"),
    ],
)
def test_what_is_told_once(source: Alert, target: Alert, *, is_quiet: bool) -> None:
    assert any(inhibits(one, source, target) for one in DEFAULT_INHIBITIONS) is is_quiet
