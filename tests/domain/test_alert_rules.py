"""A condition that holds long enough fires; calm for long enough, it is resolved; what is not known changes nothing."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.domain.alert_rule_makers import look, rule, signal
from tests.domain.makers import MINUTES, NOW
from watchkeeper.domain.alert_policy import Matcher
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import MISCONFIGURED
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity, labels_of

FIRING, RESOLVED = AlertStatus.FIRING, AlertStatus.RESOLVED


def story(of: Rule, values: Sequence[float | None], step: float = 15) -> list[str]:
    """Return what becomes of one alert when its signal has these values, one each quarter of an hour."""
    known: dict[str, Alert] = {}
    told = []
    for number, value in enumerate(values):
        for alert in look(of, [signal(value, step * number)], known.values(), step * number):
            known[alert.fingerprint] = alert
        current = next(iter(known.values()), None)
        calm = current is not None and current.is_firing and current.calm_since is not None
        told.append("-" if current is None else "calm" if calm else current.status.value)
    return told


@pytest.mark.parametrize(
    ("of", "values", "states"),
    [
        pytest.param(rule(), [4.9, 5, 4.9], ["-", "firing", "resolved"], id="at the limit, and just below it"),
        pytest.param(rule(is_above=False), [5, 4.9, 5], ["-", "firing", "resolved"], id="below the limit, and at it"),
        pytest.param(
            rule(for_=15 * MINUTES), [6, 6, 1], ["pending", "firing", "resolved"], id="it must hold as long as wanted"
        ),
        pytest.param(rule(for_=15 * MINUTES), [6, 1, 6], ["pending", "resolved", "pending"], id="it did not hold"),
        pytest.param(
            rule(exit=3), [6, 4, 2.9], ["firing", "firing", "resolved"], id="between exit and enter it goes on"
        ),
        pytest.param(rule(exit=3), [4, 4], ["-", "-"], id="between exit and enter it does not begin"),
        pytest.param(
            rule(exit=3, for_=30 * MINUTES),
            [6, 4, 6],
            ["pending", "resolved", "pending"],
            id="between exit and enter it does not go on to fire",
        ),
        pytest.param(
            rule(keep=15 * MINUTES), [6, 1, 1], ["firing", "calm", "resolved"], id="calm as long as it is kept"
        ),
        pytest.param(
            rule(keep=30 * MINUTES),
            [6, 1, 6, 1, 1, 1],
            ["firing", "calm", "firing", "calm", "calm", "resolved"],
            id="what comes back begins to be calm anew",
        ),
        pytest.param(
            rule(exit=3, keep=15 * MINUTES),
            [6, 1, 4, 1],
            ["firing", "calm", "firing", "calm"],
            id="between the limits is not calm",
        ),
        pytest.param(rule(), [6, None, None], ["firing", "firing", "firing"], id="unknown resolves nothing"),
        pytest.param(rule(), [None, float("nan")], ["-", "-"], id="unknown fires nothing"),
        pytest.param(
            rule(for_=15 * MINUTES), [6, None, None, 6], ["pending", "pending", "pending", "firing"], id="unknown holds"
        ),
        pytest.param(
            rule(keep=15 * MINUTES), [6, 1, None, 1], ["firing", "calm", "calm", "resolved"], id="unknown, being calm"
        ),
        pytest.param(rule(is_enabled=False), [9, 9], ["-", "-"], id="turned off"),
    ],
)
def test_story_of_one_alert(of: Rule, values: Sequence[float | None], states: list[str]) -> None:
    assert story(of, values) == states


def test_a_new_alert_says_all_that_is_known() -> None:
    seen = signal(
        31.2, -1, labels=labels_of(part="web"), details=("why",), release="abc", cause="release:abc", url="u", sample=99
    )
    (alert,) = look(rule(summary="{detail}, limit {limit}", runbook="book"), [seen])
    assert alert == Alert(
        project="shop",
        rule="error-rate",
        severity=Severity.CRITICAL,
        status=FIRING,
        started_at=NOW - MINUTES,
        seen_at=NOW - MINUTES,
        summary="why, limit 5 %",
        labels=(("part", "web"),),
        cause="release:abc",
        fired_at=NOW,
        details=("why",),
        release="abc",
        url="u",
        runbook="book",
        flips=(NOW,),
    )


def test_time_that_nobody_looked_is_not_time_that_it_held() -> None:
    slow = rule(for_=30 * MINUTES)
    (pending,) = look(slow, [signal(9)])
    assert look(slow, [signal(9)], [pending], minutes=40) == ()
    (firing,) = look(slow, [signal(9, 30)], [pending], minutes=31)
    assert (firing.status, firing.started_at, firing.fired_at) == (FIRING, NOW, NOW + 31 * MINUTES)


def test_what_has_not_changed_is_not_returned() -> None:
    (alert,) = look(rule(), [signal(9)])
    assert look(rule(), [signal(9, 5)], [alert], minutes=5) == ()
    (told,) = look(rule(), [signal(10, 5)], [alert], minutes=5)
    assert (told.summary, told.seen_at) == ("error rate: 10 %, limit 5 %", NOW + 5 * MINUTES)


def test_the_cause_is_that_of_the_moment_it_fired() -> None:
    slow = rule(for_=15 * MINUTES)
    (pending,) = look(slow, [signal(9)])
    assert pending.cause == "errors"
    (firing,) = look(slow, [signal(9, 15, cause="release:a")], [pending], minutes=15)
    assert firing.cause == "release:a"
    (again,) = look(slow, [signal(11, 30, cause="platform:vercel", release="b")], [firing], minutes=30)
    assert (again.cause, again.release) == ("release:a", "b")


def test_a_small_sample_is_not_known() -> None:
    (alert,) = look(rule(min_sample=10), [signal(9, sample=10)])
    assert look(rule(min_sample=10), [signal(0, 15, sample=9)], [alert], minutes=15) == ()
    assert look(rule(min_sample=10), [signal(9, sample=9)]) == ()


def test_one_alert_for_each_thing() -> None:
    down = rule(signal="endpoint_down", enter=1)
    several = [signal(1, name="endpoint_down", labels=labels_of(endpoint=name)) for name in ("home", "api")]
    alerts = look(down, several)
    assert [alert.fingerprint for alert in alerts] == [
        "shop/error-rate{endpoint=home}",
        "shop/error-rate{endpoint=api}",
    ]
    assert look(down, several, alerts) == ()


@pytest.mark.parametrize("rules", [[rule()], []], ids=["the signal is gone", "the rule is gone"])
def test_what_is_not_looked_at_any_more_is_resolved(rules: list[Rule]) -> None:
    (firing,) = look(rule(), [signal(9)])
    signals = [] if rules else [signal(9, 1)]
    (resolved,) = look(rules, signals, [firing], minutes=1)
    assert (resolved.status, resolved.resolved_at, len(resolved.flips)) == (RESOLVED, NOW + MINUTES, 2)
    assert look(rules, signals, [resolved], minutes=2) == ()


def test_nothing_of_a_project_is_resolved_whose_configuration_is_broken() -> None:
    (firing,) = look(rule(), [signal(9)])
    assert look(rule(), [signal(1, 1, name=MISCONFIGURED)], [firing], minutes=1) == ()


def test_a_pending_one_that_ends_was_never_told() -> None:
    (pending,) = look(rule(for_=MINUTES), [signal(9)])
    (over,) = look(rule(for_=MINUTES), [signal(1, 1)], [pending], minutes=1)
    assert (over.status, over.fired_at, over.flips) == (RESOLVED, None, ())


def test_a_signal_of_the_future_begins_now() -> None:
    (alert,) = look(rule(), [signal(9, 60)])
    assert alert.started_at == NOW


def test_the_rule_of_a_project_takes_the_place_of_the_one_for_all() -> None:
    rules = [rule(), rule(project="shop", enter=20), rule(name="other", project="blog")]
    signals = [signal(9), signal(9, project="blog")]
    assert [alert.fingerprint for alert in look(rules, signals)] == ["blog/other", "blog/error-rate"]
    off = [rule(), rule(project="shop", is_enabled=False)]
    assert [alert.project for alert in look(off, signals)] == ["blog"]


def test_rules_for_all_watch_the_watch_itself() -> None:
    late = rule(signal="check_age", enter=35)
    (alert,) = look([late, replace(late, project="shop", enter=1)], [signal(36, project="", name="check_age")])
    assert alert.fingerprint == "/error-rate"


@pytest.mark.parametrize(
    ("matcher", "fires"),
    [
        (Matcher("endpoint", "home"), True),
        (Matcher("endpoint", "api"), False),
        (Matcher("endpoint", "h.*", is_regex=True), True),
        (Matcher("project", "shop", is_negated=True), False),
        (Matcher("cause", "platform:.*", is_regex=True, is_negated=True), True),
        (Matcher("release", ""), True),
    ],
    ids=str,
)
def test_matchers(matcher: Matcher, *, fires: bool) -> None:
    seen = signal(9, labels=labels_of(endpoint="home"))
    assert bool(look(rule(matchers=(matcher,)), [seen])) is fires


def test_severity_and_runbook_follow_the_configuration() -> None:
    (alert,) = look(rule(), [signal(9)])
    (milder,) = look(rule(severity=Severity.WARNING, runbook="there"), [signal(9, 1)], [alert], minutes=1)
    assert (milder.severity, milder.runbook, milder.fired_at) == (Severity.WARNING, "there", NOW)


def test_a_template_that_fails_is_told_in_plain_words() -> None:
    (alert,) = look(rule(summary="{endpoint} fails"), [signal(9, details=("why",))])
    assert alert.summary == "error rate: 9 %, limit 5 %"
    assert alert.details == ("why", "its summary could not be written: there is no {endpoint} in '{endpoint} fails'")
