from datetime import timedelta

import pytest

from tests.domain.report_makers import (
    BAD,
    GOOD,
    bucket,
    buckets_at,
    calendar,
    cost_days,
    facts,
    release,
    samples,
    states,
)
from watchkeeper.domain.period_reports import Point, ReportPeriod, Series
from watchkeeper.domain.report_calendar import ReportCalendar
from watchkeeper.domain.report_facts import ProjectFacts
from watchkeeper.domain.report_series import series_of

DAILY, WEEKLY, MONTHLY = (calendar(p) for p in (ReportPeriod.DAILY, ReportPeriod.WEEKLY, ReportPeriod.MONTHLY))
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = DAILY.window.start


def lines(known: ProjectFacts, of: ReportCalendar = DAILY) -> dict[str, Series]:
    return series_of(known, of, {})


@pytest.mark.parametrize(
    ("of", "step", "points"),
    [
        pytest.param(DAILY, HOUR, 24, id="a day by the hour"),
        pytest.param(WEEKLY, 6 * HOUR, 28, id="a week by six hours"),
        pytest.param(MONTHLY, DAY, 31, id="a month by the day"),
    ],
)
def test_every_line_has_all_points(of: ReportCalendar, step: timedelta, points: int) -> None:
    found = lines(facts(of), of)
    for name in ("score", "failures", "latency_ms"):
        assert found[name].step == step
        assert {len(line) for line in found[name].lines.values()} == {points}
        assert all(point.value is not None for line in found[name].lines.values() for point in line)


def test_a_rate_has_its_bounds_and_a_score_its_band() -> None:
    found = lines(facts(DAILY))
    rate, score = found["failures"].lines["rate"][0], found["score"].lines["score"][0]
    assert rate.value == 0.003
    assert rate.low is not None
    assert rate.high is not None
    assert rate.low < 0.003 < rate.high
    assert (score.value, score.low, score.high) == (97, 97, 97)
    assert found["latency_ms"].lines["p99"][3].value == pytest.approx(280, rel=0.01)


def test_what_is_not_known_is_a_gap() -> None:
    only = (
        bucket("score", START + 2 * HOUR, 80, 1),
        bucket("failures", START, 0, 0),
        samples("latency_ms", START, [5]),
    )
    found = lines(facts(DAILY, steps=only))
    assert found["score"].lines["score"][1].value is None
    assert found["score"].lines["score"][2].value == 80
    assert found["failures"].lines["rate"][0] == Point(START, None)
    assert found["latency_ms"].lines["p50"][1].value is None
    assert "builds" not in found


def test_buckets_outside_of_the_window_are_left_out() -> None:
    outside = (bucket("score", START - HOUR, 80, 1), bucket("score", DAILY.window.end, 80, 1))
    assert "score" not in lines(facts(DAILY, steps=outside))


@pytest.mark.parametrize(
    ("complete", "value"),
    [pytest.param(24, 0.0, id="none was built"), pytest.param(20, None, id="it is not known whether one was")],
)
def test_hours_without_a_build(complete: int, value: float | None) -> None:
    only = (bucket("builds", START, 3, 4, "build"),)
    found = lines(facts(DAILY, steps=only, states=states(circleci=(complete, "down" if complete < 24 else ""))))[
        "builds"
    ]
    assert [(line[0].value, line[1].value) for line in found.lines.values()] == [(3, value), (1, value)]


def test_builds_of_longer_periods_are_told_by_the_day() -> None:
    builds = lines(facts(WEEKLY), WEEKLY)["builds"]
    assert (builds.step, len(builds.lines["passed"])) == (DAY, 7)
    assert builds.lines["passed"][0].value == 96


def test_a_day_of_cost_is_shown_among_four_weeks() -> None:
    found = lines(facts(DAILY, cost_days=cost_days(DAILY, of_window=40)))["cost"]
    actual, expected = found.lines["actual"], found.lines["expected"]
    assert (found.unit, found.step, len(actual)) == ("USD", DAY, 28)
    assert (actual[-1].at, actual[-1].value, actual[-2].value) == (START, 40, 14.4)
    assert expected[-1].value == pytest.approx(14.4)
    assert len(lines(facts(WEEKLY), WEEKLY)["cost"].lines["actual"]) == 7


def test_cost_is_a_gap_before_it_is_known() -> None:
    known = tuple(b for b in cost_days(DAILY) if b.start >= START - 20 * DAY)
    found = lines(facts(DAILY, cost_days=known))["cost"].lines
    assert found["actual"][0].value is None
    assert found["expected"][0].value is None
    assert found["actual"][-2].value == 14.4
    assert "cost" not in lines(facts(DAILY, cost_days=()))


def test_a_cost_of_the_future_tells_nothing() -> None:
    assert "cost" not in lines(facts(DAILY, cost_days=(bucket("cost", START + 3 * DAY, 5, label="circleci"),)))


def test_releases_are_told_by_the_day() -> None:
    live = (release(GOOD, START + HOUR), release(BAD, START + 2 * HOUR), release("c" * 40, START - DAY))
    found = series_of(facts(DAILY, releases=live), DAILY, {BAD: "it failed"})["releases"]
    assert [point.value for point in found.lines["released"]] == [1]
    assert [point.value for point in found.lines["failed"]] == [1]
    assert "releases" not in lines(facts(DAILY))


def test_a_month_shows_the_weeks_before_it() -> None:
    window = MONTHLY.long_window
    assert window is not None
    weeks = tuple(b for n in range(13) for b in buckets_at(window.start + n * 7 * DAY, 168))
    found = lines(facts(MONTHLY, weeks=weeks), MONTHLY)
    for name in ("score", "failures", "latency_ms", "builds", "cost"):
        series = found[f"{name}_by_week"]
        assert (series.step, series.title.endswith(", by week")) == (7 * DAY, True)
        assert all(len(line) == 13 and line[0].value is not None for line in series.lines.values())
    assert found["cost_by_week"].unit == "USD"
    assert "score_by_week" not in lines(facts(DAILY, weeks=weeks))
    assert "score_by_week" not in lines(facts(MONTHLY), MONTHLY)


def test_weeks_that_are_not_known_are_gaps() -> None:
    window = MONTHLY.long_window
    assert window is not None
    found = lines(facts(MONTHLY, weeks=(bucket("cost", window.start, 9, label="circleci"),)), MONTHLY)
    assert [point.value for point in found["cost_by_week"].lines["actual"]] == [9] + [None] * 12
