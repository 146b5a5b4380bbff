from datetime import UTC, datetime, timedelta

import pytest

from tests.domain.report_makers import BAD, GOOD, release, rollback
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import Commit
from watchkeeper.domain.dora import measure_dora
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import Dora
from watchkeeper.domain.releases import Release
from watchkeeper.domain.trends import Direction
from watchkeeper.domain.windows import Window

START = datetime(2026, 11, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEEK, BEFORE = Window(START, START + 7 * DAY), Window(START - 7 * DAY, START)


def several(number: int, every: timedelta = HOUR) -> list[Release]:
    return [release(f"{n + 1:040x}", START + n * every) for n in range(number)]


def incident(sha: str = "", hours: float | None = 0.5, at: datetime = START, **other: bool) -> Outage:
    fault = Fault.RELEASE if sha else Fault.UNKNOWN
    return Outage("shop", at, None if hours is None else at + hours * HOUR, fault, sha, "it fails", **other)


def of_releases(releases: list[Release], *incidents: Outage, window: Window = WEEK) -> Dora:
    return measure_dora(releases, None, incidents, [], window)


@pytest.mark.parametrize(
    ("number", "days", "level"),
    [
        pytest.param(8, 7, "elite", id="more than once a day"),
        pytest.param(7, 7, "high", id="once a day"),
        pytest.param(1, 7, "high", id="once a week"),
        pytest.param(4, 30, "medium", id="less than once a week"),
        pytest.param(1, 31, "medium", id="once a month"),
        pytest.param(1, 60, "low", id="once in two months"),
        pytest.param(0, 7, "low", id="never"),
    ],
)
def test_how_often_is_released(number: int, days: int, level: str) -> None:
    dora = of_releases(several(number), window=Window(START, START + days * DAY))
    assert dora.deployment_frequency.level == level
    figure = dora.deployment_frequency.figure
    assert (figure.value, figure.numerator, figure.denominator) == (number / days, number, days)


@pytest.mark.parametrize(
    ("before", "level"),
    [
        pytest.param(DAY, "elite", id="a day"),
        pytest.param(DAY + HOUR, "high", id="more than a day"),
        pytest.param(7 * DAY, "high", id="a week"),
        pytest.param(8 * DAY, "medium", id="more than a week"),
        pytest.param(40 * DAY, "low", id="more than a month"),
    ],
)
def test_how_long_a_commit_takes(before: timedelta, level: str) -> None:
    commits = [Commit(GOOD, START - before, "a change", "Ana")]
    dora = measure_dora([release(GOOD, START)], commits, [], [], WEEK)
    assert (dora.lead_time.figure.value, dora.lead_time.level) == (before.total_seconds(), level)
    assert dora.lead_time.figure.note == ""


def test_the_median_of_the_commits_counts_and_not_the_mean() -> None:
    commits = [Commit(f"{n + 1:040x}", START + (n - 3) * HOUR, "", "") for n in range(3)]
    commits.append(Commit(GOOD, START - 500 * HOUR, "", ""))
    releases = [release(GOOD, START - 400 * HOUR), release(commits[2].sha, START)]
    found = measure_dora(releases, commits, [], [], WEEK).lead_time.figure
    assert (found.value, found.sample) == (2 * 3600, 3)


@pytest.mark.parametrize(
    ("failed", "of", "level"),
    [
        pytest.param(0, 3, "elite", id="none"),
        pytest.param(1, 20, "elite", id="5 %"),
        pytest.param(1, 10, "high", id="10 %"),
        pytest.param(3, 20, "medium", id="15 %"),
        pytest.param(1, 5, "low", id="20 %"),
    ],
)
def test_how_many_releases_fail(failed: int, of: int, level: str) -> None:
    releases = several(of)
    dora = of_releases(releases, *(incident(r.sha) for r in releases[:failed]))
    figure = dora.change_failure_rate.figure
    assert (figure.numerator, figure.denominator) == (failed, of)
    assert (figure.value, dora.change_failure_rate.level) == (failed / of, level)
    assert figure.interval is not None


@pytest.mark.parametrize(
    ("hours", "level"),
    [
        pytest.param(1, "elite", id="an hour"),
        pytest.param(1.5, "high", id="more than an hour"),
        pytest.param(24, "high", id="a day"),
        pytest.param(25, "medium", id="more than a day"),
        pytest.param(200, "low", id="more than a week"),
    ],
)
def test_how_long_restoring_takes(hours: float, level: str) -> None:
    dora = of_releases([release(BAD, START)], incident(BAD, hours))
    assert (dora.time_to_restore.figure.value, dora.time_to_restore.level) == (hours * 3600, level)


def test_what_is_nobodys_fault_is_counted_apart() -> None:
    dora = of_releases(several(2), incident(), incident(), incident(several(1)[0].sha))
    assert (dora.incidents, dora.unattributed) == (3, 2)
    assert dora.change_failure_rate.figure.numerator == 1
    assert dora.time_to_restore.figure.sample == 1


def test_a_release_that_was_taken_back_has_failed_and_was_restored() -> None:
    dora = measure_dora([release(BAD, START)], None, [], [rollback(BAD, START + 2 * HOUR)], WEEK)
    assert dora.change_failure_rate.figure.value == 1
    assert dora.time_to_restore.figure.value == 2 * 3600
    assert "failed: bbbbbbb" in dora.change_failure_rate.figure.note


def test_a_rollback_of_an_incident_counts_once() -> None:
    moves = [rollback(BAD, START + HOUR)]
    dora = measure_dora([release(BAD, START)], None, [incident(BAD, 0.5)], moves, WEEK)
    assert (dora.time_to_restore.figure.sample, dora.time_to_restore.figure.value) == (1, 1800)


def test_a_rollback_before_the_release_went_live_again_restores_nothing() -> None:
    dora = measure_dora([release(BAD, START)], None, [], [rollback(BAD, START - HOUR)], WEEK)
    assert dora.time_to_restore.figure.value is None


def test_many_failed_releases_are_named_shortly() -> None:
    releases = several(5)
    note = of_releases(releases, *(incident(r.sha) for r in releases)).change_failure_rate.figure.note
    assert note.endswith("and 2 more")


def test_nothing_released_is_no_figure() -> None:
    dora = of_releases([])
    rate = dora.change_failure_rate
    assert (rate.figure.value, rate.level, rate.figure.note) == (None, "", "no release went live")
    assert (dora.lead_time.figure.value, dora.lead_time.level) == (None, "")
    assert dora.time_to_restore.figure.note == "no release failed"
    assert [key.figure.name for key in dora.figures] == [
        "deployment_frequency",
        "lead_time",
        "change_failure_rate",
        "time_to_restore",
    ]


def test_an_incident_that_lasts_is_said_and_not_counted() -> None:
    figure = of_releases([release(BAD, START)], incident(BAD, None)).time_to_restore.figure
    assert figure.value is None
    assert figure.note == "1 incident still lasting, not in it"


def test_what_is_known_to_the_hour_alone_is_said() -> None:
    figure = of_releases([release(BAD, START)], incident(BAD, 1, from_history=True)).time_to_restore.figure
    assert figure.note == "some of it known to the hour alone"


def test_incidents_of_other_weeks_do_not_count() -> None:
    old = incident(BAD, at=START - DAY)
    dora = measure_dora([release(BAD, START - DAY)], None, [old], [], WEEK, BEFORE)
    assert (dora.incidents, dora.change_failure_rate.figure.denominator) == (0, 0)


def test_both_weeks_are_held_against_each_other() -> None:
    before = [release(f"{n + 99:040x}", BEFORE.start + n * HOUR) for n in range(20)]
    releases = [*before, *several(20)]
    incidents = [incident(r.sha, 1) for r in several(12)] + [incident(before[0].sha, 3, BEFORE.start)]
    dora = measure_dora(releases, None, incidents, [], WEEK, BEFORE)
    trends = {key.figure.name: key.figure.trends["previous"] for key in dora.figures}
    assert trends["deployment_frequency"].direction is Direction.FLAT
    assert trends["change_failure_rate"].is_significant is True
    assert trends["change_failure_rate"].good is False
    assert trends["time_to_restore"].good is True
    assert trends["lead_time"].direction is Direction.FLAT
