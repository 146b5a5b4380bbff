"""What the vendors tell becomes hours, days, weeks and months, on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prefect.logging import disable_run_logger

from tasks import metrics as tasks
from tasks import store
from tasks.metrics import Aggregated, Subject
from tests.store.samples import NOON, SHA, check, deployment, pipeline, probe
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.costs import Prices
from watchkeeper.domain.delivery import AliasJob, AliasRequest, DeliveryReport, Production
from watchkeeper.domain.errors import Denominator, ErrorCount, Issue, IssueLevel
from watchkeeper.domain.history import BuildHistory, BuildRun, ErrorHistory, ErrorHour, FlakyTest, History
from watchkeeper.domain.hours import CREDITS, GITHUB, WATCH
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.metrics import Bucket
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Period, Window
from watchkeeper.store import endpoints, health, metrics
from watchkeeper.store.database import reading, transaction

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
