"""What the vendors tell becomes hours, days, weeks and months, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.logging import disable_run_logger

from tasks import metrics as tasks
from tasks import store
from tasks.metrics import Aggregated, Subject, hours_due, metric_progress
from tests.store.samples import NOON, SHA, check, deployment, pipeline, probe, quarter, workflow
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.builds import Workflow, WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.delivery import AliasJob, AliasRequest, DeliveryReport, Production
from watchkeeper.domain.errors import Denominator, ErrorCount, Issue, IssueLevel
from watchkeeper.domain.history import BuildHistory, BuildRun, ErrorHistory, ErrorHour, FlakyTest, History
from watchkeeper.domain.hours import CREDITS, GITHUB, WATCH, HourState, SourceHour
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.observations import Observation
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.verdicts import Gap, Missing, Verdict
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store import endpoints, health, metrics, observations, outages
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.retention import prune

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
SOURCES = frozenset({"sentry", "endpoints", "circleci", CREDITS, "vercel", GITHUB, WATCH})
NOW = NOON + HOUR + 5 * MINUTE
DOWN = Missing(Gap.UNAVAILABLE, "Sentry does not answer")
SHOP = Subject("shop", BERLIN, HealthLimits(), Prices(vercel_per_month=7.44), SOURCES)


@pytest.fixture(autouse=True)
def _database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


def errors_of(hour: datetime, failures: int = 3, total: int = 1000, release: str = SHA) -> ErrorHour:
    return ErrorHour(hour, Denominator.SPANS, (ErrorCount(release, failures, total),), 400, 2, 7)


def issue(id: str = "1", at: datetime = NOON + MINUTE, **changes: object) -> Issue:  # noqa: A002
    made = Issue(id, "SHOP-1", "shop", "boom", "a.py", IssueLevel.ERROR, "unresolved", "new", 4, 2, at, at, "")
    return replace(made, **changes)  # type: ignore[arg-type]


def run_of(id: str = "r1", stopped_at: datetime | None = NOON + 10 * MINUTE, spent: int = 1000) -> BuildRun:  # noqa: A002
    return BuildRun(id, "build-and-test", "topic", WorkflowStatus.SUCCESS, NOON, stopped_at, spent)


FLAKY = FlakyTest("t", "f", "test", "build-and-test", 3, timedelta(minutes=9), NOON + 5 * MINUTE)
MOVE = AliasRequest("rollback", "dpl_2", "dpl_1", AliasJob.SUCCEEDED, NOON + 40 * MINUTE)
BUILDS = BuildHistory((pipeline(),), (run_of(),), (FLAKY,), credits_until=NOW)
DELIVERY = DeliveryReport(
    Production("prj", "shop", "dpl_1", auto_assigns_domains=True, last_alias_request=MOVE), (deployment(),)
)
COMMITS = (Commit(SHA, NOON - 30 * MINUTE, "mend it", "Ada"),)


def history(*hours: ErrorHour | Missing, at: datetime = NOON) -> History:
    told = {at + n * HOUR: hour for n, hour in enumerate(hours or (errors_of(at),))}
    return History(ErrorHistory(told, (issue(),)), BUILDS, DELIVERY, COMMITS)


def keep(told: History, now: datetime = NOW) -> None:
    with disable_run_logger():
        tasks._save_history.fn({"shop": told}, now)


def aggregate(told: History, *hours: datetime, now: datetime = NOW, subject: Subject = SHOP) -> Aggregated:
    with disable_run_logger():
        return tasks._aggregate_hours.fn([subject], {"shop": told}, hours or (NOON,), now)


def buckets(period: Period = Period.HOUR, days: int = 40) -> dict[tuple[str, str, datetime], Bucket]:
    with reading(store.database()) as session:
        found = metrics.buckets(session, ["shop"], Window(NOON - days * DAY, NOON + days * DAY), period)["shop"]
    return {(bucket.metric, bucket.label, bucket.start): bucket for bucket in found}


def states(hour: datetime = NOON) -> dict[str, str]:
    with reading(store.database()) as session:
        found = metrics.source_hours(session, ["shop"], Window(hour, hour + HOUR))["shop"]
    return {each.source: each.state.value + (f": {each.reason}" if each.reason else "") for each in found}


def save_watch() -> None:
    with transaction(store.database()) as session:
        ok = replace(probe(failure=None), total_ms=100.0)
        endpoints.save_probes(
            session, {"shop": [ok, replace(ok, at=NOON + 3 * MINUTE, total_ms=300.0), probe(NOON + 9 * MINUTE)]}
        )
        health.save_checks(
            session, [check(), check(window=Window(NOON + 15 * MINUTE, NOON + 30 * MINUTE), score=61)], "run", NOW
        )


def test_an_hour_of_everything() -> None:
    save_watch()
    keep(history())
    done = aggregate(history())
    assert set(states().values()) == {"complete"}
    assert (done.hours, done.incomplete) == ((NOON,), ())
    found = {(metric, label): bucket for (metric, label, start), bucket in buckets().items() if start == NOON}
    assert len(found) == done.buckets + 1, "and a release that went live"
    told = {key: (bucket.count, bucket.total) for key, bucket in found.items()}
    assert told == {
        ("failures", SHA): (1000, 3),
        ("crash_free", ""): (400, 398),
        ("affected_users", ""): (1, 7),
        ("new_issues", "error"): (0, 1),
        ("availability", "home"): (3, 2),
        ("latency_ms", "home"): (2, 400),
        ("first_byte_ms", "home"): (2, 80.5),
        ("certificate_days", "home"): (3, 270),
        ("builds", "build-and-test"): (1, 1),
        ("build_time_s", "build-and-test"): (1, 240),
        ("flaky_tests", ""): (1, 1),
        ("credits", "build-and-test"): (0, 1000),
        ("cost", "circleci"): (0, 0.6),
        ("cost", "vercel"): (0, pytest.approx(7.44 / 743)),
        ("vercel_deployments", ""): (1, 1),
        ("vercel_build_time_s", ""): (1, 60),
        ("vercel_queue_s", ""): (1, 2),
        ("releases", ""): (0, 1),
        ("rollbacks", ""): (0, 1),
        ("lead_time_s", ""): (1, 30 * 60 + 62),
        ("failed_releases", ""): (1, 0),
        ("score", ""): (2, 130),
        ("checks", "warning"): (0, 2),
    }
    assert (found["score", ""].least, found["score", ""].greatest) == (61, 69)


def test_aggregating_again_gives_the_same_rows() -> None:
    save_watch()
    keep(history())
    aggregate(history())
    once = {period: buckets(period) for period in Period}
    keep(history(), NOW + MINUTE)
    aggregate(history(), now=NOW + MINUTE)
    assert {period: buckets(period) for period in Period} == once
    assert all(once.values())


def test_hours_become_local_days_weeks_and_months() -> None:
    midnight = datetime(2026, 2, 28, 23, tzinfo=UTC)  # of the first of March, a Sunday, in Berlin
    before = midnight - HOUR
    hours = {before: 10, midnight: 20, midnight + HOUR: 30}
    told = History(ErrorHistory({hour: errors_of(hour, n) for hour, n in hours.items()}), *[DOWN] * 3)
    aggregate(told, *hours)

    def failed(period: Period) -> dict[datetime, float]:
        return {start: bucket.total for (metric, _, start), bucket in buckets(period).items() if metric == "failures"}

    assert failed(Period.DAY) == {before - 23 * HOUR: 10, midnight: 50}
    assert failed(Period.WEEK) == {datetime(2026, 2, 22, 23, tzinfo=UTC): 60}
    assert failed(Period.MONTH) == {datetime(2026, 1, 31, 23, tzinfo=UTC): 10, midnight: 50}


def test_a_vendor_that_is_down_leaves_the_hour_incomplete_until_it_tells() -> None:
    down = replace(history(), errors=DOWN)
    done = aggregate(down)
    assert states()["sentry"] == "incomplete: Sentry does not answer"
    assert states()["circleci"] == "complete"
    assert any(gap.startswith("sentry of shop, 1 hour: Sentry does not answer") for gap in done.incomplete)
    assert ("failures", SHA, NOON) not in buckets()
    aggregate(history())
    assert states()["sentry"] == "complete"
    aggregate(down)
    assert states()["sentry"] == "complete", "what was known is not given up"
    assert buckets()["failures", SHA, NOON].total == 3


def test_what_checks_have_observed_stands_in_for_sentry() -> None:
    seen = [Observation("shop", "sentry", "failed_requests", quarter(n), 5, 100, SHA) for n in range(3)]
    with transaction(store.database()) as session:
        observations.save_observations(session, seen)
    aggregate(replace(history(), errors=DOWN))
    bucket = buckets()["failures", SHA, NOON]
    assert (bucket.total, bucket.count) == (15, 300)
    assert states()["sentry"] == "incomplete: Sentry does not answer (checks of a quarter of an hour stand in)"


def test_an_hour_before_the_watch_began_is_incomplete_for_good_and_its_score_comes_from_the_errors() -> None:
    later = NOON + 7 * HOUR
    keep(history(), later)
    aggregate(history(), now=later)
    assert states()["endpoints"] == "incomplete: the watch was not running"
    assert states()[WATCH].startswith("incomplete: no health check has looked: the score is what the errors alone")
    assert buckets()["score", "", NOON].total == 98
    assert hours_due(("shop",), {"shop": SOURCES}, Window(NOON, NOON + HOUR), later, 10) == ()


def test_credits_come_a_day_later() -> None:
    told = history()
    late = replace(told, builds=replace(BUILDS, credits_until=NOON))
    aggregate(late)
    assert states()[CREDITS] == "incomplete: CircleCI tells what a run has cost up to a day later"
    due = Window(NOON, NOON + HOUR)
    assert hours_due(("shop",), {"shop": frozenset({CREDITS})}, due, NOW + DAY, 10) == (NOON,)
    keep(told)
    aggregate(told)
    assert states()[CREDITS] == "complete"
    assert hours_due(("shop",), {"shop": frozenset({CREDITS})}, due, NOW + DAY, 10) == ()


def test_what_ends_after_the_hours_that_were_read_is_added_to_the_hour_in_which_it_ended() -> None:
    newer = History(DOWN, BuildHistory((), (), (), NOW + DAY), *[DOWN] * 2)
    aggregate(newer, NOON + HOUR, now=NOW + HOUR)
    assert ("credits", "build-and-test", NOON + HOUR) not in buckets()
    long = History(DOWN, BuildHistory((), (run_of(stopped_at=NOON + 90 * MINUTE),), (), NOW + DAY), *[DOWN] * 2)
    keep(long, NOW + HOUR)
    aggregate(long, now=NOW + HOUR)
    assert buckets()["credits", "build-and-test", NOON + HOUR].total == 1000


def test_the_default_branch_was_broken_until_it_passed() -> None:
    failed = replace(pipeline("p0"), created_at=NOON - HOUR, workflows=(workflow("w0", WorkflowStatus.FAILED),))
    keep(replace(history(), builds=replace(BUILDS, pipelines=(failed, pipeline("p9", (late_workflow(),))))))
    aggregate(history())
    bucket = buckets()["branch_recovery_s", "", NOON]
    assert (bucket.count, bucket.total) == (1, 31 * 60)


def late_workflow() -> Workflow:
    return replace(workflow("w9"), created_at=NOON + 30 * MINUTE, stopped_at=NOON + 35 * MINUTE)


def test_an_incident_of_checks_is_laid_on_its_release() -> None:
    with transaction(store.database()) as session:
        verdicts = (Verdict.CRITICAL, Verdict.CRITICAL, Verdict.HEALTHY, Verdict.HEALTHY)
        health.save_checks(session, [check(window=quarter(n), verdict=v) for n, v in enumerate(verdicts)], "run", NOW)
    keep(history())
    aggregate(history())
    with reading(store.database()) as session:
        (found,) = outages.outages(session, ["shop"], Window(NOON, NOON + HOUR))["shop"]
    assert (found.started_at, found.ended_at) == (NOON, NOON + 30 * MINUTE)
    assert buckets()["failed_releases", "", NOON].total == 1
    assert buckets()["restore_time_s", "", NOON].total == 30 * 60
    assert buckets(Period.DAY)["restore_time_s", "", datetime(2026, 2, 28, 23, tzinfo=UTC)].total == 30 * 60


def test_an_incident_of_the_history_grows_over_batches() -> None:
    hours = [NOON - 3 * HOUR + n * HOUR for n in range(4)]
    told = {hour: errors_of(hour, 300 if 0 < n < 3 else 2) for n, hour in enumerate(hours)}
    for batch in ((hours[2], hours[3]), (hours[0], hours[1])):
        aggregate(History(ErrorHistory({hour: told[hour] for hour in batch}), *[DOWN] * 3), *batch)
    with reading(store.database()) as session:
        (found,) = outages.outages(session, ["shop"], Window(hours[0], NOW))["shop"]
    assert (found.started_at, found.ended_at, found.from_history) == (hours[1], hours[3], True)


def test_incidents_outlast_the_checks_that_found_them() -> None:
    known = Outage("shop", NOON, NOON + 10 * MINUTE, Fault.RELEASE, SHA, "because")
    with transaction(store.database()) as session:
        outages.save_outages(session, ["shop"], Window(NOON, NOON + HOUR), [known])
    aggregate(history(), now=NOW + 40 * DAY)
    with reading(store.database()) as session:
        assert outages.outages(session, ["shop"], Window(NOON, NOON + HOUR))["shop"] == (known,)


def test_checks_that_were_put_together_still_count() -> None:
    with transaction(store.database()) as session:
        several = [
            check(window=Window(NOON + n * 15 * MINUTE, NOON + (n + 1) * 15 * MINUTE), score=s)
            for n, s in enumerate((60, 90, 90))
        ]
        health.save_checks(session, several, "run", NOW)
    aggregate(history())
    single = buckets()["score", "", NOON]
    prune(store.database(), NOON + 40 * DAY)
    aggregate(history(), now=NOW + 40 * DAY)
    together = buckets()["score", "", NOON]
    assert (together.count, together.total, together.least) == (single.count, single.total, single.least)
    assert buckets()["checks", "warning", NOON].total == 3


def test_which_hours_are_due() -> None:
    slugs, sources = ("shop", "api"), {"shop": SOURCES, "api": frozenset({"sentry"})}
    window = Window(NOON - 5 * HOUR, NOON + HOUR)
    every = tuple(NOON - n * HOUR for n in range(6))
    assert hours_due(slugs, sources, window, NOW, 100) == every
    assert hours_due(slugs, sources, window, NOW, 4) == every[:4]
    assert hours_due(slugs, sources, Window(NOON, NOON + 3 * HOUR), NOW, 9) == (NOON,), "an hour that is not over waits"
    states = [
        *(SourceHour("shop", NOON - 4 * HOUR, source, HourState.COMPLETE) for source in SOURCES),
        SourceHour("api", NOON - 4 * HOUR, "sentry", HourState.COMPLETE),
        *(SourceHour("shop", NOON - 5 * HOUR, source, HourState.COMPLETE) for source in SOURCES),
        SourceHour("api", NOON - 5 * HOUR, "sentry", HourState.INCOMPLETE, "down"),
        *(SourceHour("shop", NOON, source, HourState.COMPLETE) for source in SOURCES),
        SourceHour("api", NOON, "sentry", HourState.COMPLETE),
    ]
    with transaction(store.database()) as session:
        metrics.save_source_hours(session, states, NOW)
    assert hours_due(slugs, sources, window, NOW, 100) == (*every[:4], every[5]), "complete hours only lately again"
    assert hours_due(slugs, sources, window, NOW, 4) == every[:4], "what was never tried comes first"
    assert hours_due(("shop",), sources, window, NOW, 100) == every[:4]
    assert metric_progress(slugs, window) == (3, 6)


def test_nothing_to_do_is_nothing_done() -> None:
    with disable_run_logger():
        assert tasks._aggregate_hours.fn([SHOP], {}, (), NOW) == Aggregated((), 0, ())


def test_labels_from_outside_are_made_fit() -> None:
    hostile = "release\x00" + "é" * 400
    told = History(ErrorHistory({NOON: errors_of(NOON, release=hostile)}), *[DOWN] * 3)
    aggregate(told)
    (label,) = {label for metric, label, _ in buckets() if metric == "failures"}
    assert "\x00" not in label
    assert len(label) == 250


def test_two_runs_at_once_take_turns() -> None:
    save_watch()
    keep(history())
    aggregate(history())
    once = buckets()
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: aggregate(history()), range(4)))
    assert {each.buckets for each in done} == {len(once) - 1}
    assert buckets() == once
