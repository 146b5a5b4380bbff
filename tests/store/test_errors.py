from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON, QUARTER, WINDOW
from watchkeeper.domain.errors import ErrorCount, ErrorReport, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.errors import issues, save_error_reports, sentry_releases, session_readings

HOUR = timedelta(hours=1)
ISSUE = Issue(
    id="17",
    short_id="SHOP-1",
    project="shop-web",
    title="TypeError: x is not a function <!channel>",
    culprit="cart.js",
    level=IssueLevel.FATAL,
    status="unresolved",
    substatus="new",
    count=12_000_000_000,
    users=7,
    first_seen=NOON - HOUR,
    last_seen=NOON,
    url="https://sentry.example/17",
    is_unhandled=True,
)
RELEASE = SentryRelease("web@1.2.3+abc1234", ("shop-web",), NOON, NOON, NOON + QUARTER, "production", 2)
READING = SessionReading(NOON, NOON + QUARTER, (ErrorCount("", 1, 20), ErrorCount("web@1", 2, 300)))


def test_everything_comes_back_as_it_was(engine: Engine) -> None:
    report = ErrorReport(issues=(ISSUE,), releases=(RELEASE,), readings=(READING,))
    with transaction(engine) as session:
        save_error_reports(session, {"shop": report, "quiet": ErrorReport()}, NOON)
    with reading(engine) as session:
        assert issues(session, ["shop", "quiet"], WINDOW) == {"shop": (ISSUE,), "quiet": ()}
        assert sentry_releases(session, ["shop"], WINDOW) == {"shop": (RELEASE,)}
        assert session_readings(session, ["shop", "quiet"], [NOON]) == {"shop": (READING,), "quiet": ()}


def test_an_issue_seen_again_is_the_same_row_with_new_numbers(engine: Engine) -> None:
    later = replace(ISSUE, count=12_000_000_001, status="resolved")
    for issue in (ISSUE, later, later):
        with transaction(engine) as session:
            save_error_reports(session, {"shop": ErrorReport(issues=(issue,))}, NOON)
    with reading(engine) as session:
        assert issues(session, ["shop"], WINDOW) == {"shop": (later,)}


def test_readings_of_one_hour_add_up_oldest_first_and_other_hours_stay_out(engine: Engine) -> None:
    later = replace(READING, taken_at=NOON + 2 * QUARTER)
    before = replace(READING, hour=NOON - HOUR)
    with transaction(engine) as session:
        save_error_reports(session, {"shop": ErrorReport(readings=(later, before))}, NOON)
        save_error_reports(session, {"shop": ErrorReport(readings=(READING,))}, NOON)
    with reading(engine) as session:
        assert session_readings(session, ["shop"], [NOON]) == {"shop": (READING, later)}
        assert session_readings(session, ["shop"], [NOON - HOUR, NOON])["shop"] == (before, READING, later)


def test_issues_that_did_not_live_in_the_window_stay_out(engine: Engine) -> None:
    goes_on = replace(ISSUE, id="18", last_seen=WINDOW.end + HOUR)
    came_later = replace(ISSUE, id="19", first_seen=WINDOW.end, last_seen=WINDOW.end)
    with transaction(engine) as session:
        save_error_reports(session, {"shop": ErrorReport(issues=(ISSUE, goes_on, came_later))}, NOON)
    with reading(engine) as session:
        assert issues(session, ["shop"], WINDOW)["shop"] == (goes_on, ISSUE)
        assert issues(session, ["shop"], Window(WINDOW.end, WINDOW.end + HOUR))["shop"] == (goes_on, came_later)


def test_text_that_no_database_takes_does_not_stop_the_others(engine: Engine) -> None:
    hostile = replace(
        ISSUE,
        id="18",
        title="nul \x00 and half a character \ud800",
        count=10**30,
        culprit="'); DROP TABLE projects; --",
    )
    endless = replace(RELEASE, version="v" * 5_000)
    counts = (ErrorCount("rel\x00ease \ud800", 1, 2),)
    report = ErrorReport(issues=(ISSUE, hostile), releases=(endless,), readings=(replace(READING, counts=counts),))
    for _ in range(2):
        with transaction(engine) as session:
            save_error_reports(session, {"shop": report}, NOON)
    with reading(engine) as session:
        kept = issues(session, ["shop"], WINDOW)["shop"]
        assert [issue.id for issue in kept] == ["17", "18"]
        assert kept[1].title == "nul \ufffd and half a character ?"
        assert kept[1].culprit == hostile.culprit
        assert kept[1].count == 2**63 - 1
        versions = [release.version for release in sentry_releases(session, ["shop"], WINDOW)["shop"]]
        assert [(len(version), version[:3]) for version in versions] == [(250, "vvv")]
        assert session_readings(session, ["shop"], [NOON])["shop"][0].counts[0].release == "rel\ufffdease ?"
