from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text

from tests.store.metric_samples import save_metrics
from tests.store.samples import NOON, QUARTER, check, deployment, observation, pipeline, probe, quarter
from watchkeeper.domain.errors import ErrorReport, SessionReading
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store import retention
from watchkeeper.store.builds import save_pipelines
from watchkeeper.store.configurations import last_good_configuration, remember_configuration
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.delivery import save_deployments
from watchkeeper.store.endpoints import probes, save_probes
from watchkeeper.store.errors import save_error_reports
from watchkeeper.store.health import HourlyHealth, hourly_health, save_checks
from watchkeeper.store.observations import HourlyObservation, hourly_observations, observations, save_observations
from watchkeeper.store.retention import prune
from watchkeeper.store.runs import FlowRun, save_flow_run

DAY = timedelta(days=1)
NOW = NOON + 40 * DAY  # what was measured at noon is older than 30 days, and younger than 400
LONG_AFTER = NOON + 500 * DAY
SPAN = Window(NOON - DAY, NOON + DAY)


def count(engine: Engine, table: str) -> int:
    with reading(engine) as session:
        number: int = session.connection().execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
    return number


def hours(engine: Engine) -> tuple[HourlyHealth, HourlyObservation]:
    with reading(engine) as session:
        (healths,) = hourly_health(session, ["shop"], SPAN)["shop"]
        (measured,) = hourly_observations(session, ["shop"], SPAN, "sentry", "error_rate")["shop"]
    return healths, measured


def test_old_observations_are_put_together_by_the_hour(engine: Engine) -> None:
    several = [
        replace(observation(quarter(number), value, release="r"), sample_size=size)
        for number, value, size in (
            (0, 0.10, 100),
            (1, 0.20, 300),
            (2, 0.30, 0),
            (4, 0.50, 10),
        )
    ]
    young = observation(Window(NOW - QUARTER, NOW))
    with transaction(engine) as session:
        save_observations(session, [*several, young])
    assert prune(engine, NOW)["observations"] == 4
    with reading(engine) as session:
        found = hourly_observations(session, ["shop"], SPAN, "sentry", "error_rate")["shop"]
        assert observations(session, ["shop"], Window(NOW - DAY, NOW), "sentry", "error_rate")["shop"] == (young,)
    first, second = found
    assert replace(first, mean=0, total=0) == HourlyObservation(
        "shop", "sentry", "error_rate", NOON, "r", 3, 0, 0, 0.10, 0.30, 400
    )
    assert (first.total, first.mean) == pytest.approx((0.6, (0.1 * 100 + 0.2 * 300 + 0.3) / 401))
    assert (second.hour, second.number, second.mean) == (NOON + 4 * QUARTER, 1, 0.5)


def test_old_checks_are_put_together_by_the_hour(engine: Engine) -> None:
    unknown = replace(check(window=quarter(2), verdict=Verdict.UNKNOWN), score=None)
    partial = check(window=quarter(3), check_type=CheckType.ENDPOINTS_ONLY)
    healthy = check(window=quarter(1), verdict=Verdict.HEALTHY, score=91.0)
    with transaction(engine) as session:
        save_checks(session, [check(), healthy, unknown, partial], "run", NOON)
    assert prune(engine, NOW)["health_checks"] == 4
    assert (count(engine, "health_checks"), count(engine, "components")) == (0, 0)
    with reading(engine) as session:
        found = hourly_health(session, ["shop", "api"], SPAN)
    assert found["api"] == ()
    (hour,) = found["shop"]
    assert (hour.hour, hour.checks, hour.healthy, hour.warning, hour.critical, hour.unknown) == (NOON, 3, 1, 1, 0, 1)
    assert (hour.mean_score, hour.least_score, hour.mean_coverage) == pytest.approx((80.0, 69.0, 0.85))


def test_pruning_again_changes_nothing_and_neither_does_a_late_second_look(engine: Engine) -> None:
    with transaction(engine) as session:
        save_checks(session, [check(window=quarter(number)) for number in range(4)], "run", NOON)
        save_observations(session, [observation(quarter(number)) for number in range(4)])
    prune(engine, NOW)
    with reading(engine) as session:
        before = (
            hourly_health(session, ["shop"], SPAN),
            hourly_observations(session, ["shop"], SPAN, "sentry", "error_rate"),
        )
    with transaction(engine) as session:
        save_checks(session, [check(verdict=Verdict.HEALTHY, score=100.0)], "run", NOON)
        save_observations(session, [observation(value=0.9)])
    assert prune(engine, NOW)["health_checks"] == 1
    assert sum(prune(engine, NOW).values()) == 0
    with reading(engine) as session:
        after = (
            hourly_health(session, ["shop"], SPAN),
            hourly_observations(session, ["shop"], SPAN, "sentry", "error_rate"),
        )
    assert after == before


def test_young_rows_stay_and_an_hour_is_never_cut(engine: Engine) -> None:
    limit = NOW - 30 * DAY
    young = [check(window=quarter(number, limit)) for number in range(3)]
    with transaction(engine) as session:
        save_checks(session, young, "run", NOON)
        save_probes(session, {"shop": [probe(limit + QUARTER)]})
    assert sum(prune(engine, NOW + 3 * QUARTER).values()) == 0
    assert sum(prune(engine, NOW + 4 * QUARTER).values()) == 4


def test_what_is_kept_long_goes_at_last(engine: Engine) -> None:
    with transaction(engine) as session:
        save_deployments(session, {"shop": [deployment()]})
        save_pipelines(session, {"shop": [pipeline()]})
        save_checks(session, [check()], "run", NOON)
        save_probes(session, {"shop": [probe()]})
        save_error_reports(session, {"shop": ErrorReport(readings=(SessionReading(NOON, NOON, ()),))}, NOON)
        save_flow_run(session, FlowRun("run", "health-check", quarter(0), 1, NOON))
    gone = {name for name, number in prune(engine, NOW).items() if number}
    assert gone == {"health_checks", "probes", "session_readings", "flow_runs"}
    gone = {name for name, number in prune(engine, LONG_AFTER).items() if number}
    assert gone == {"vercel_deployments", "pipelines", "hourly_health"}
    assert count(engine, "workflows") == 0


def test_metrics_and_what_they_are_made_of_are_kept_for_400_days(engine: Engine) -> None:
    with transaction(engine) as session:
        save_metrics(session, "shop")
    assert sum(prune(engine, NOON + 400 * DAY).values()) == 0
    gone = {name: number for name, number in prune(engine, NOON + 401 * DAY).items() if number}
    assert gone == dict.fromkeys(
        [
            "metric_buckets",
            "metric_hours",
            "build_runs",
            "flaky_tests",
            "issue_events",
            "sentry_issues",
            "alias_requests",
            "commits",
            "outages",
        ],
        1,
    )


def test_many_rows_go_in_small_steps(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 10)
    with transaction(engine) as session:
        save_probes(session, {"shop": [probe(NOON + timedelta(seconds=number)) for number in range(25)]})
    assert prune(engine, NOW)["probes"] == 25
    with reading(engine) as session:
        assert probes(session, ["shop"], SPAN) == {"shop": ()}


def test_the_last_configuration_is_never_forgotten(engine: Engine) -> None:
    for number in range(3):
        with transaction(engine) as session:
            remember_configuration(session, f"projects: [{number}]", NOON + number * QUARTER)
    assert prune(engine, LONG_AFTER)["configurations"] == 2
    with reading(engine) as session:
        assert last_good_configuration(session) == "projects: [2]"
