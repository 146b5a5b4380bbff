"""What is stored of a company becomes signals: a bad release, a dead endpoint, a broken branch, a silent channel."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from tasks.alert_signals import read_signals
from tasks.alert_trying import try_rules
from tasks.store import database
from tests.domain.alert_fact_makers import check
from tests.domain.makers import MINUTES, NEW, NOW, WINDOW, at, deployment, issue, pipeline, probe, sample
from tests.domain.rollback_makers import plan as rollback_plan
from tests.store.report_samples import plan, report
from watchkeeper.config import Configuration, read_configuration
from watchkeeper.domain.alert_rules import evaluate
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.delivery import DeploymentState
from watchkeeper.domain.endpoints import ProbeFailure
from watchkeeper.domain.errors import judge_errors
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.observations import observations_of
from watchkeeper.domain.rollback import RollbackRequest, RollbackState
from watchkeeper.domain.verdicts import Component, Gap, Verdict, unknown
from watchkeeper.domain.windows import HOUR, Period, floor
from watchkeeper.store.alert_events import AlertEvent, save_events
from watchkeeper.store.builds import save_pipelines
from watchkeeper.store.channel_states import note_failure
from watchkeeper.store.database import transaction
from watchkeeper.store.delivery import save_deployments
from watchkeeper.store.endpoints import save_probes
from watchkeeper.store.errors import save_issues
from watchkeeper.store.health import save_checks
from watchkeeper.store.metric_columns import replace_buckets
from watchkeeper.store.observations import save_observations
from watchkeeper.store.report_deliveries import plan_deliveries
from watchkeeper.store.reports import save_report
from watchkeeper.store.rollbacks import advance, ask_approval, open_rollback

PROJECT = """
  - slug: {slug}
    name: {slug}
    sentry: {{organization: acme, projects: [web]}}
    vercel: {{project: prj_{slug}}}
    circleci: {{project: gh/acme/{slug}}}
    endpoints: [{{name: home, url: "https://{slug}.example/home"}}]
"""
BAD = WorkflowStatus.FAILED


def configured(*slugs: str) -> Configuration:
    return read_configuration("projects:" + "".join(PROJECT.format(slug=slug) for slug in slugs), {}, isolate=True)


@pytest.fixture(autouse=True)
def _database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    database.cache_clear()
    yield
    database().dispose()
    database.cache_clear()


def remember_a_bad_release() -> None:
    """Save a quarter of an hour in which everything went wrong, after another in which all was well."""
    errors = sample((NEW, 62, 200))
    parts = {
        Component.ERRORS: judge_errors(errors, (), ErrorLimits(), WINDOW),
        Component.BUILDS: unknown(Gap.NO_CREDENTIAL, "no token"),
    }
    bad = check(Verdict.CRITICAL, parts, Blame(Fault.RELEASE, "it fails more", NEW))
    down = [probe(3 * n, ProbeFailure.STATUS, status=503) for n in range(4)]
    day = Period.DAY.previous(Period.DAY.around(NOW)).start
    spent = [
        Bucket("shop", "cost", "circleci", day - timedelta(days=n), 0, 20.0 if n == 0 else 10.0) for n in range(60)
    ]
    hour = Bucket("shop", "failures", "", floor(NOW, HOUR) - 5 * HOUR, 1000, 0.0)
    with transaction(database()) as session:
        save_checks(session, [check(end=at(15)), bad], "run", NOW)
        save_observations(session, observations_of("shop", WINDOW, sample=errors))
        save_probes(session, {"shop": down})
        save_issues(session, {"shop": [issue(count=12), issue("2", status="resolved"), issue("3", count=1)]}, NOW)
        save_pipelines(session, {"shop": [pipeline(90, BAD)]})
        save_deployments(session, {"shop": [deployment(state=DeploymentState.ERROR, error="exit 1")]})
        replace_buckets(session, Period.DAY, (), BucketColumns.of(spent))
        replace_buckets(session, Period.HOUR, (), BucketColumns.of([hour]))
        save_events(session, [AlertEvent("retention/daily", "run-1", at(5), "it crashed", "http://ui/1")])
        for _ in range(5):
            note_failure(session, "jira", "it answered 500", NOW)
        plan_deliveries(session, save_report(session, report(), NOW), [plan()], at(90))


def values(signals: tuple[Signal, ...]) -> dict[str, Any]:
    return {f"{s.project}/{s.name}{''.join(f' {v}' for _, v in s.labels)}": s.value for s in signals}


def test_what_is_stored_becomes_signals() -> None:
    remember_a_bad_release()
    signals = read_signals(configured("shop"), NOW + MINUTES)
    found = values(signals)
    assert {name: value for name, value in found.items() if value is not None} == {
        "shop/error_rate": pytest.approx(25.0, abs=0.1),
        "shop/burn_rate_1h Success rate": pytest.approx(25.0, abs=0.1),
        "shop/burn_rate_6h Success rate": pytest.approx(4.06, abs=0.1),
        "shop/burn_rate_1d Success rate": pytest.approx(4.06, abs=0.1),
        "shop/burn_rate_3d Success rate": pytest.approx(4.06, abs=0.1),
        "shop/burn_rate_1h Availability": pytest.approx(102.0, abs=0.1),
        "shop/burn_rate_6h Availability": pytest.approx(102.0, abs=0.1),
        "shop/burn_rate_1d Availability": pytest.approx(102.0, abs=0.1),
        "shop/burn_rate_3d Availability": pytest.approx(102.0, abs=0.1),
        "shop/new_issue SHOP-1 error": 12,
        "shop/new_issue SHOP-3 error": 1,
        "shop/endpoint_down home": 1,
        "shop/failed_deployments": 1,
        "shop/waiting_deployment": 0,
        "shop/platform_incident vercel": 0,
        "shop/failed_builds": 1,
        "shop/running_build": 0,
        "shop/build_queue": 0,
        "shop/score": 20,
        "shop/critical_for": 0,
        "shop/blind errors": 0,
        "shop/blind builds": 1,
        "shop/cost_over": pytest.approx(100),
        "shop/rollback_waiting": 0,
        "shop/rollback_expired": 0,
        "shop/rollback_not_cured": 0,
        "shop/in_custody": 0,
        "/check_age": 1,
        "/offline": 0,
        "/prefect_run retention/daily": 1,
        "/channel_down jira": 1,
        "/report_undelivered slack #reports": 1,
    }
    assert {name for name, value in found.items() if value is None} == {
        "shop/endpoint_slowness home",
        "shop/certificate home",
        "shop/blind delivery",
        "shop/blind endpoints",
    }


def test_the_rules_of_the_house_make_alerts_of_it_that_belong_together() -> None:
    remember_a_bad_release()
    shop = configured("shop")
    alerts = {
        a.fingerprint: a for a in evaluate(shop.alert_rules, read_signals(shop, NOW + MINUTES), (), NOW + MINUTES)
    }
    laid = {name for name, alert in alerts.items() if alert.cause == f"release:{NEW}" and alert.is_firing}
    assert {"shop/error-rate-warning", "shop/error-rate-critical", "shop/error-rate-emergency"} <= laid
    assert alerts["shop/error-rate-critical"].summary == "31 % of 200 requests fail (62; at least 25 %), limit 5 %"
    assert alerts["shop/endpoint-down{endpoint=home}"].summary == "home is down: the answer was status"
    assert alerts["shop/score-critical"].is_firing is False
    assert alerts["/run-in-trouble{deployment=retention/daily}"].summary == "it crashed"
    assert alerts["shop/build-broken"].cause == "builds"


def test_an_empty_store_tells_nothing() -> None:
    signals = read_signals(configured("shop"), NOW)
    known = {name: value for name, value in values(signals).items() if value is not None}
    assert set(known.values()) == {0}
    assert known.keys() == {
        "shop/waiting_deployment",
        "shop/running_build",
        "shop/build_queue",
        "shop/rollback_waiting",
        "shop/rollback_expired",
        "shop/rollback_not_cured",
    }


def test_a_project_that_is_misconfigured_is_a_signal_and_nothing_of_it_is_resolved() -> None:
    remember_a_bad_release()
    shop = configured("shop", "api")
    fired = evaluate(shop.alert_rules, read_signals(shop, NOW + MINUTES), (), NOW + MINUTES)
    text = "projects:" + PROJECT.format(slug="api") + PROJECT.format(slug="shop") + "    nonsense: 1\n"
    broken = read_configuration(text, {}, isolate=True)
    later = NOW + 2 * MINUTES
    changed = evaluate(broken.alert_rules, read_signals(broken, later), fired, later)
    assert [alert.fingerprint for alert in changed if alert.project == "shop"] == ["shop/project-misconfigured"]


def test_the_number_of_queries_does_not_grow_with_the_projects() -> None:
    numbers = []
    for slugs in (["shop"], [f"p{n}" for n in range(20)]):
        asked: list[str] = []
        event.listen(database(), "before_cursor_execute", lambda *a, asked=asked: asked.append(a[2]))
        read_signals(configured(*slugs), NOW)
        numbers.append(len([statement for statement in asked if statement.startswith("SELECT")]))
    assert numbers[0] == numbers[1]
    assert numbers[0] <= 26


def test_a_rule_is_tried_over_what_is_stored() -> None:
    remember_a_bad_release()
    shop = configured("shop")
    since, now = NOW - timedelta(days=30), NOW + 5 * MINUTES
    errors, down, builds, late = try_rules(
        shop, ["error-rate-critical", "endpoint-down", "build-broken", "watch-late"], since, now
    )
    assert [(e.project, e.since, e.until) for e in errors.episodes] == [("shop", NOW, None)]
    assert (errors.since, errors.messages) == (at(15), 1)
    assert [e.since for e in down.episodes] == [NOW]
    assert [e.summary for e in builds.episodes] == [
        "the default branch is broken: pipeline #90 (3f2c1ab) failed in build-0"
    ]
    assert late.note.startswith("it cannot be tried: how it was is not stored (")


def test_rules_of_ways_back_are_tried_over_how_those_stood() -> None:
    """Somebody was asked three hours ago, nobody answered for an hour, and the trouble went on."""
    quarters = [check(Verdict.CRITICAL, end=at(15 * n)) for n in range(16)]
    asked, over = at(180), at(120)
    with transaction(database()) as session:
        save_checks(session, quarters, "run", NOW)
        number = open_rollback(session, RollbackRequest("shop", "Ada", "it fails", "run", dry_run=False), asked).id
        advance(session, number, RollbackState.REQUESTED, RollbackState.PLANNED, {}, "run", "planned", asked)
        ask_approval(session, number, plan=rollback_plan(), evidence=None, actor="run", sentence="asked", now=asked)
        waited, expired = RollbackState.AWAITING_APPROVAL, RollbackState.EXPIRED
        assert advance(session, number, waited, expired, {}, "run", "nobody has answered", over)
    tried = try_rules(configured("shop"), ["rollback-waiting", "rollback-expired", "rollback-not-cured"], at(235), NOW)
    waiting, unanswered, uncured = tried
    assert [(e.since, e.until) for e in waiting.episodes] == [(at(165), over)]
    assert [(e.since, e.until) for e in unanswered.episodes] == [(over, None)]
    assert uncured.episodes == ()


def test_a_rule_that_does_not_exist_is_not_tried() -> None:
    with pytest.raises(LookupError, match='there is no rule "nonsense": there are blind, build-broken'):
        try_rules(configured("shop"), ["nonsense"], at(60), NOW)
    with pytest.raises(ValueError, match="a rule is tried over the past"):
        try_rules(configured("shop"), ["blind"], NOW, NOW)


def test_an_issue_whose_first_event_is_unknown_rings_only_when_it_came_back() -> None:
    bare: dict[str, Any] = {"count": None, "users": None, "first_seen": None}
    steady, back = issue("8", **bare, substatus="ongoing"), issue("9", **bare, substatus="regressed")
    with transaction(database()) as session:
        save_issues(session, {"shop": [steady, back]}, NOW)
    found = values(read_signals(configured("shop"), NOW + MINUTES))
    issues = {name: value for name, value in found.items() if "_issue " in name}
    assert issues == {"shop/regressed_issue SHOP-9 error": 1}
