from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.domain.errors import Denominator, ErrorCount, SentryRelease
from watchkeeper.domain.history import ErrorHistory, ErrorHour, merge_error_histories
from watchkeeper.domain.verdicts import Gap, Missing

HOUR = datetime(2026, 3, 1, 9, tzinfo=UTC)
DOWN = Missing(Gap.UNAVAILABLE, "Sentry: is down")
RELEASE = SentryRelease("r1", ("web", "worker"), HOUR)


def hour(denominator: Denominator = Denominator.SPANS, *counts: ErrorCount, **more: Any) -> ErrorHour:
    return ErrorHour(HOUR, denominator, counts, **{"sessions": 0, "crashed": 0, "users": 0} | more)


def history(*hours: ErrorHour | Missing, **more: Any) -> ErrorHistory:
    return ErrorHistory({HOUR + timedelta(hours=n): each for n, each in enumerate(hours)}, **more)


SPANS, SESSIONS = Denominator.SPANS, Denominator.SESSIONS
A, B = ErrorCount("a", 1, 10), ErrorCount("b", 2, 20)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([hour(SPANS, A), hour(SPANS, A, B)], (SPANS, (ErrorCount("a", 2, 20), B)), id="requests add up"),
        pytest.param([hour(SESSIONS, A), hour(SESSIONS, B)], (SESSIONS, (A, B)), id="so do sessions"),
        pytest.param([hour(SPANS, A), hour(SESSIONS, B)], (SPANS, (A,)), id="but not the two together"),
        pytest.param([hour(SPANS), hour(SESSIONS, B)], (SESSIONS, (B,)), id="no requests at all leave the sessions"),
        pytest.param([hour(SPANS), hour(SPANS)], (SPANS, ()), id="no traffic"),
        pytest.param([hour(SESSIONS), hour(SPANS)], (SPANS, ()), id="no traffic, in whatever order"),
    ],
)
def test_what_failed_in_several_projects_adds_up(
    hours: list[ErrorHour], expected: tuple[Denominator, tuple[ErrorCount, ...]]
) -> None:
    merged = merge_error_histories([history(each) for each in hours])
    assert isinstance(merged, ErrorHistory)
    found = merged.hours[HOUR]
    assert isinstance(found, ErrorHour)
    assert (found.denominator, found.counts) == expected


@pytest.mark.parametrize(
    ("users", "expected"),
    [((2, 3), 5), ((2, None), None), ((None, None), None), ((0, 0), 0)],
)
def test_sessions_and_people_add_up_unless_somebody_was_not_counted(
    users: tuple[int | None, int | None], expected: int | None
) -> None:
    hours = [hour(SPANS, A, sessions=5, crashed=1, users=each) for each in users]
    merged = merge_error_histories([history(each) for each in hours])
    assert isinstance(merged, ErrorHistory)
    found = merged.hours[HOUR]
    assert isinstance(found, ErrorHour)
    assert (found.sessions, found.crashed, found.users) == (10, 2, expected)


def test_an_hour_that_is_missing_in_one_is_missing_in_the_sum_and_no_other_is() -> None:
    merged = merge_error_histories([history(hour(SPANS, A), DOWN), history(hour(SPANS, A), hour(SPANS, B))])
    assert isinstance(merged, ErrorHistory)
    assert isinstance(merged.hours[HOUR], ErrorHour)
    assert merged.hours[HOUR + timedelta(hours=1)] == DOWN


def test_a_project_that_is_missing_leaves_the_sum_unknown() -> None:
    assert merge_error_histories([history(hour()), DOWN]) == DOWN


def test_one_project_is_itself() -> None:
    one = history(hour(SPANS, A), warnings=("w",))
    assert merge_error_histories([one]) is one


def test_releases_and_warnings_are_told_once() -> None:
    one = history(hour(), releases=(RELEASE,), warnings=("same", "one"), url="https://one.test")
    two = history(hour(), releases=(RELEASE,), warnings=("same", "two"), url="https://two.test")
    merged = merge_error_histories([one, two])
    assert isinstance(merged, ErrorHistory)
    assert merged.releases == (RELEASE,)
    assert merged.warnings == ("same", "one", "two")
    assert merged.url == "https://one.test"


@pytest.mark.parametrize(("news", "expected"), [((7, 0), 7), ((2, 3), 5), ((2, None), None)])
def test_new_issues_of_a_release_add_up_over_its_projects(
    news: tuple[int | None, int | None], expected: int | None
) -> None:
    several = [history(hour(), releases=(replace(RELEASE, new_issues=each),)) for each in news]
    merged = merge_error_histories(several)
    assert isinstance(merged, ErrorHistory)
    assert merged.releases == (replace(RELEASE, new_issues=expected),)
