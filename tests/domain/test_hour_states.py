from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.store.samples import NOON, observation
from watchkeeper.domain.errors import Denominator, ErrorCount
from watchkeeper.domain.history import BuildHistory, ErrorHistory, ErrorHour, History
from watchkeeper.domain.hour_states import Seen, error_hour, observed_hour, source_hours, told_gaps
from watchkeeper.domain.hours import CREDITS, GITHUB, SOURCES, WATCH, HourState, SourceHour, metrics_of, source_of
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

HOUR = timedelta(hours=1)
DOWN = Missing(Gap.UNAVAILABLE, "it is down")
ABSENT = Missing(Gap.NOT_CONFIGURED, "the project does not use it")
TOLD = ErrorHour(NOON, Denominator.SPANS, (), 0, 0, None)
SOON, LATER = NOON + HOUR, NOON + 8 * HOUR


def history(errors: ErrorHour | Missing = TOLD, credits_until: datetime = LATER) -> History:
    return History(ErrorHistory({NOON: errors}), BuildHistory((), (), (), credits_until), DOWN, ())


@pytest.mark.parametrize(
    ("source", "told", "seen", "now", "expected"),
    [
        ("sentry", history(), Seen(), SOON, "complete"),
        ("sentry", history(DOWN), Seen(), SOON, "incomplete: it is down"),
        ("sentry", history(DOWN), Seen(stands_in=True), SOON, "incomplete: it is down (checks of a quarter of an hour"),
        ("sentry", replace(history(), errors=DOWN), Seen(), SOON, "incomplete: it is down"),
        ("sentry", replace(history(), errors=ABSENT), Seen(), SOON, "not_configured"),
        ("sentry", replace(history(), errors=ErrorHistory({})), Seen(), SOON, "incomplete: the vendor did not tell"),
        ("endpoints", history(), Seen(has_probes=True), SOON, "complete"),
        ("endpoints", history(), Seen(), SOON, "incomplete: the watch was not running"),
        ("endpoints", history(), Seen(), LATER, "final incomplete: the watch was not running"),
        ("endpoints", history(), Seen(first_probe=SOON), LATER, "final incomplete: the watch was not running"),
        ("endpoints", history(), Seen(first_probe=NOON - HOUR), LATER, "final incomplete: no endpoint was probed"),
        ("circleci", history(), Seen(), SOON, "complete"),
        ("circleci", replace(history(), builds=DOWN), Seen(), SOON, "incomplete: it is down"),
        (CREDITS, history(), Seen(), SOON, "complete"),
        (CREDITS, replace(history(), builds=DOWN), Seen(), SOON, "incomplete: it is down"),
        (
            CREDITS,
            history(credits_until=NOON),
            Seen(),
            SOON,
            "incomplete: CircleCI tells what a run has cost up to a d",
        ),
        (CREDITS, history(), Seen(), NOON + timedelta(days=91), "final incomplete: CircleCI tells what a run has cost"),
        ("vercel", history(), Seen(), SOON, "incomplete: it is down"),
        (GITHUB, history(), Seen(), SOON, "complete"),
        (WATCH, history(), Seen(has_checks=True), SOON, "complete"),
        (WATCH, history(), Seen(), SOON, "incomplete: no health check has looked"),
        (WATCH, history(), Seen(has_score=True), LATER, "final incomplete: no health check has looked: the score is"),
    ],
)
def test_whether_an_hour_is_complete(source: str, told: History, seen: Seen, now: datetime, expected: str) -> None:
    (state,) = (s for s in source_hours("shop", SOURCES, told, NOON, seen, now) if s.source == source)
    written = f"{'final ' if state.is_final else ''}{state.state}{': ' if state.reason else ''}{state.reason}"
    assert written.startswith(expected)


def test_a_source_that_is_not_configured_has_no_state() -> None:
    (state,) = source_hours("shop", {"sentry"}, history(), NOON, Seen(), SOON)
    assert (state.source, state.state) == ("sentry", HourState.COMPLETE)


def test_every_metric_belongs_to_just_one_source() -> None:
    assert sorted(name for source in {*SOURCES, "incidents"} for name in metrics_of(source)) == sorted(METRICS)
    assert (source_of("cost"), source_of("lead_time_s"), source_of("builds")) == (CREDITS, GITHUB, "circleci")


def test_what_checks_have_observed_within_the_hour() -> None:
    whole = observation(Window(NOON, NOON + HOUR / 2), 5)
    requests = replace(whole, metric="failed_requests", sample_size=50)
    sessions = replace(whole, metric="failed_sessions", sample_size=70)
    outside = replace(requests, window=Window(NOON - HOUR, NOON + HOUR))
    found = observed_hour(NOON, [requests, sessions, outside])
    assert found is not None
    assert (found.denominator, found.counts) == (Denominator.SPANS, (ErrorCount(whole.release, 5, 50),))
    only_sessions = observed_hour(NOON, [sessions])
    assert only_sessions is not None
    assert only_sessions.denominator is Denominator.SESSIONS
    assert observed_hour(NOON, [outside]) is None


def test_what_sentry_tells_of_an_hour() -> None:
    assert error_hour(history(), NOON) == TOLD
    assert error_hour(history(DOWN), NOON) is None
    assert error_hour(history(), SOON) is None
    assert error_hour(replace(history(), errors=DOWN), NOON) is None


def test_gaps_are_told_together_and_only_those_that_may_be_filled() -> None:
    def gap(project: str, hours: int = 0, **changes: object) -> SourceHour:
        made = SourceHour(project, NOON + hours * HOUR, "sentry", HourState.INCOMPLETE, "it is down")
        return replace(made, **changes)  # type: ignore[arg-type]

    several = [gap(project, hours) for project in ("a", "b", "c", "d") for hours in (0, 1)]
    others = [gap("e", is_final=True), gap("f", state=HourState.COMPLETE), gap("g", source="vercel")]
    assert told_gaps([*others, *several]) == (
        "sentry of a, b, c and 1 more, 2 hours: it is down",
        "vercel of g, 1 hour: it is down",
    )
