"""What nobody is told of, and why: a table for each reason."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.domain.alert_timeline import POLICY, START, alert_of, moment
from watchkeeper.domain.alert_policy import Inhibition, Matcher, Silence
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.alerts import Known, run_pass
from watchkeeper.domain.schedule import Maintenance

WARNING, INFO = Severity.WARNING, Severity.INFO
DEPENDENT = replace(
    POLICY,
    parents={"shop": "api"},
    endpoint_parents={("shop", "cart"): "home"},
    inhibitions=(
        Inhibition((Matcher("rule", "deploy-failed"),), (Matcher("rule", "build.*", is_regex=True),), ("project",)),
        Inhibition((Matcher("cause", "cost"),), (Matcher("cause", "cost"),), (), "one bill is enough"),
    ),
)


def muted(*alerts: Alert, silences: Sequence[Silence] = ()) -> dict[str, str]:
    numbered = tuple(replace(alert, id=number) for number, alert in enumerate(alerts, 1))
    return dict(run_pass(Known(numbered, (), tuple(silences)), DEPENDENT, START).suppressed)


def incident(project: str = "", vendor: str = "vercel") -> Alert:
    return alert_of("platform-incident", project, vendor=vendor, cause=f"platform:{vendor}", severity=WARNING)


def resolved(alert: Alert) -> Alert:
    return replace(alert, status=AlertStatus.RESOLVED, resolved_at=START)


SHOP_ON_PLATFORM = alert_of(cause="platform:vercel")
HOME_DOWN = alert_of("endpoint-down", endpoint="home", cause="endpoints")
CART_DOWN = alert_of("endpoint-down", endpoint="cart", cause="endpoints")
CASES = {
    "an incident of the platform explains what it is the cause of": (
        [incident(), SHOP_ON_PLATFORM],
        {"shop/error-rate": "explained by platform-incident of the watch"},
    ),
    "so it does when it is known for the project alone": (
        [incident("shop"), SHOP_ON_PLATFORM],
        {"shop/error-rate": "explained by platform-incident of Shop"},
    ),
    "not for another project": ([incident("api"), SHOP_ON_PLATFORM], {}),
    "not what has another cause": ([incident(), alert_of()], {}),
    "not after its end": ([resolved(incident()), SHOP_ON_PLATFORM], {}),
    "not the incident of another vendor": ([incident(vendor="circleci"), SHOP_ON_PLATFORM], {}),
    "what is laid on the platform is told when nothing else says so": ([SHOP_ON_PLATFORM], {}),
    "our own connection explains all that is laid on us": (
        [alert_of("blind", "", cause="us"), alert_of(cause="us"), alert_of("endpoint-down", "api", cause="us")],
        {"shop/error-rate": "explained by blind of the watch", "api/endpoint-down": "explained by blind of the watch"},
    ),
    "what is laid on us is told when the watch itself says nothing": ([alert_of(cause="us")], {}),
    "critical explains a warning of the same cause": (
        [alert_of(), alert_of("score-low", severity=WARNING)],
        {"shop/score-low": "error-rate of Shop is graver and has the same cause"},
    ),
    "not one of another cause": ([alert_of(), alert_of("build-broken", severity=WARNING, cause="builds")], {}),
    "not one of another project": ([alert_of(), alert_of("score-low", "api", severity=WARNING)], {}),
    "not what is critical, not what is only for information": (
        [alert_of(), alert_of("score-low"), alert_of("in-custody", severity=INFO)],
        {},
    ),
    "critical with a label explains only what has it too": (
        [
            HOME_DOWN,
            alert_of("slow", endpoint="home", cause="endpoints", severity=WARNING),
            alert_of("slow", endpoint="pay", cause="endpoints", severity=WARNING),
        ],
        {"shop/slow{endpoint=home}": "endpoint-down of Shop is graver and has the same cause"},
    ),
    "a project explains what depends on it": (
        [alert_of("error-rate", "api"), alert_of(severity=WARNING)],
        {"shop/error-rate": "Shop depends on API, which has trouble"},
    ),
    "so it does when its trouble is laid on its release": (
        [alert_of("error-rate", "api", cause="release:abc"), alert_of()],
        {"shop/error-rate": "Shop depends on API, which has trouble"},
    ),
    "not what is laid on a release of its own": (
        [alert_of("error-rate", "api"), alert_of(cause="release:abc", release="abc")],
        {},
    ),
    "not by a warning": ([alert_of("error-rate", "api", severity=WARNING), alert_of()], {}),
    "not by its bill": ([alert_of("cost-anomaly", "api", cause="cost"), alert_of()], {}),
    "not the other way round": ([alert_of(), alert_of("score-low", "api", severity=WARNING)], {}),
    "an endpoint explains what depends on it": (
        [HOME_DOWN, CART_DOWN],
        {"shop/endpoint-down{endpoint=cart}": "cart depends on home, which has trouble"},
    ),
    "so it does by the same rule, however mild": (
        [replace(HOME_DOWN, severity=WARNING), replace(CART_DOWN, severity=WARNING)],
        {"shop/endpoint-down{endpoint=cart}": "cart depends on home, which has trouble"},
    ),
    "an endpoint that is well explains nothing": ([resolved(HOME_DOWN), CART_DOWN], {}),
    "what the configuration says": (
        [alert_of("deploy-failed", cause="delivery"), alert_of("build-broken", cause="builds")],
        {"shop/build-broken": "explained by deploy-failed of Shop"},
    ),
    "not where what must be equal is not": (
        [alert_of("deploy-failed", "api", cause="delivery"), alert_of("build-broken", cause="builds")],
        {},
    ),
    "what is source and target of one rule does not hide itself": (
        [alert_of("cost-anomaly", cause="cost"), alert_of("cost-anomaly", "api", cause="cost")],
        {},
    ),
    "what flaps explains though it is calm at the moment": (
        [
            replace(resolved(alert_of()), is_flapping=True, flips=(START,) * 9),
            alert_of("score-low", severity=WARNING),
        ],
        {
            "shop/error-rate": "it has changed 6 times or more within 60 min: told once, "
            "then not until it is stable for 30 min",
            "shop/score-low": "error-rate of Shop is graver and has the same cause",
        },
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_inhibition(name: str) -> None:
    alerts, expected = CASES[name]
    assert muted(*alerts) == expected


def test_alerts_that_explain_each_other_in_a_circle_are_not_all_silent() -> None:
    names = ("a", "b", "c")
    circle = tuple(
        Inhibition((Matcher("rule", source),), (Matcher("rule", target),))
        for source, target in zip(names, (*names[1:], names[0]), strict=True)
    )
    alerts = tuple(alert_of(name, id=number, cause=name) for number, name in enumerate(names, 1))
    suppressed = run_pass(Known(alerts), replace(POLICY, inhibitions=circle), START).suppressed
    assert sorted(suppressed) == ["shop/b", "shop/c"]


def test_projects_that_depend_on_each_other_are_not_both_silent() -> None:
    policy = replace(POLICY, parents={"shop": "api", "api": "shop"})
    known = Known((alert_of(id=1), alert_of(project="api", id=2)))
    assert sorted(run_pass(known, policy, START).suppressed) == ["shop/error-rate"]


def silence(*matchers: Matcher, since: float = 0, until: float = 60) -> Silence:
    return Silence(matchers, moment(since), moment(until), "ann", "we know")


SILENCES = {
    "by project": ([silence(Matcher("project", "shop"))], True),
    "by severity": ([silence(Matcher("severity", "critical"))], True),
    "by label": ([silence(Matcher("endpoint", "home"))], True),
    "by an expression": ([silence(Matcher("rule", "endpoint-.*", is_regex=True))], True),
    "an expression matches the whole": ([silence(Matcher("rule", "endpoint", is_regex=True))], False),
    "by what it is not": ([silence(Matcher("project", "api", is_negated=True))], True),
    "all matchers": ([silence(Matcher("project", "shop"), Matcher("endpoint", "cart"))], False),
    "a label that is not there is empty": ([silence(Matcher("vendor", ""))], True),
    "not yet": ([silence(Matcher("project", "shop"), since=1)], False),
    "not any more": ([silence(Matcher("project", "shop"), since=-60, until=0)], False),
    "what is no expression silences nothing": ([silence(Matcher("rule", "(", is_regex=True))], False),
    "not even negated": ([silence(Matcher("rule", "(", is_regex=True, is_negated=True))], False),
    "any of several": ([silence(Matcher("project", "api")), silence(Matcher("project", "shop"))], True),
}


@pytest.mark.parametrize("name", SILENCES)
def test_silence(name: str) -> None:
    silences, is_muted = SILENCES[name]
    expected = {HOME_DOWN.fingerprint: "silenced by ann until 2026-03-02 09:01 UTC: we know"}
    assert muted(HOME_DOWN, silences=silences) == (expected if is_muted else {})


def test_maintenance_has_its_reason() -> None:
    entries = (Maintenance(start=moment(0), end=moment(60), reason="new database"),)
    policy = replace(POLICY, maintenance={"shop": entries})
    known = Known((alert_of(id=1), alert_of(project="api", id=2)))
    assert run_pass(known, policy, START).suppressed == {"shop/error-rate": "Shop is in maintenance: new database"}
    assert run_pass(known, policy, moment(60)).suppressed == {}
