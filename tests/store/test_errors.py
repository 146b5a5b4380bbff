from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON, QUARTER, WINDOW
from watchkeeper.domain.errors import ErrorCount, ErrorReport, Issue, IssueLevel, SentryRelease, SessionReading
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.errors import issues, save_error_reports, sentry_releases, session_readings
from watchkeeper.store.issue_events import issue_events

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


def test_what_the_vendor_leaves_out_this_time_stays_as_it_was_known(engine: Engine) -> None:
    bare = replace(ISSUE, count=None, users=None, first_seen=None, status="resolved", last_seen=NOON + QUARTER)
    for issue in (ISSUE, bare):
        with transaction(engine) as session:
            save_error_reports(session, {"shop": ErrorReport(issues=(issue,))}, NOON)
    with reading(engine) as session:
        known = replace(ISSUE, status="resolved", last_seen=NOON + QUARTER)
        assert issues(session, ["shop"], WINDOW) == {"shop": (known,)}


def test_an_issue_of_which_little_is_known_is_an_issue_and_never_new(engine: Engine) -> None:
    bare = replace(ISSUE, count=None, users=None, first_seen=None, status="unresolved")
    back = replace(bare, substatus="regressed")
    for issue in (bare, bare, back, back):
        with transaction(engine) as session:
            save_error_reports(session, {"shop": ErrorReport(issues=(issue,))}, NOON)
    with reading(engine) as session:
        assert issues(session, ["shop"], WINDOW) == {"shop": (back,)}
        events = issue_events(session, ["shop"], Window(NOON - 24 * HOUR, NOON + 24 * HOUR))["shop"]
        assert [event.kind.value for event in events] == ["regressed"]


def test_a_steady_issue_is_new_once_however_often_it_is_looked_at(engine: Engine) -> None:
    for n in range(96):
        with transaction(engine) as session:
            seen = replace(ISSUE, count=n + 1, recent_count=1, last_seen=NOON + n * QUARTER)
            save_error_reports(session, {"shop": ErrorReport(issues=(seen,))}, NOON + n * QUARTER)
    with reading(engine) as session:
        events = issue_events(session, ["shop"], Window(NOON - 24 * HOUR, NOON + 25 * HOUR))["shop"]
        assert [(event.kind.value, event.at) for event in events] == [("new", ISSUE.first_seen)]


def test_new_issues_of_a_release_that_are_unknown_stay_unknown(engine: Engine) -> None:
    unknown = replace(RELEASE, new_issues=None)
    with transaction(engine) as session:
        save_error_reports(session, {"shop": ErrorReport(releases=(unknown,))}, NOON)
    with reading(engine) as session:
        assert sentry_releases(session, ["shop"], WINDOW) == {"shop": (unknown,)}
