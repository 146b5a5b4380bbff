import pytest

from tests.domain.report_makers import bucket, calendar, facts, figure, figures, samples, states, totals
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.period_reports import Figure, ReportPeriod
from watchkeeper.domain.report_facts import ProjectFacts, SourceState
from watchkeeper.domain.report_metrics import figures_of, hours_note, key_figures, source_line
from watchkeeper.domain.report_spans import span_of, spans_of
from watchkeeper.domain.trends import Direction

DAILY = calendar()


def told(known: ProjectFacts) -> dict[str, Figure]:
    return figures_of(known, spans_of(known, DAILY))


def test_every_metric_has_its_figure() -> None:
    found = told(facts(DAILY))
    shown = {"lead_time_s", "failed_releases", "restore_time_s", "checks"}  # those stand elsewhere
    stems = {name.split("_p5")[0].split("_p9")[0] for name in found}
    for name in METRICS.keys() - shown:
        assert name in found or name.rpartition("_")[0] in stems


def test_a_share_is_told_with_its_parts_and_bounds() -> None:
    figure = told(facts(DAILY, {"failures": (240, 24_000)}))["failures"]
    assert (figure.value, figure.unit, figure.numerator, figure.denominator) == (0.01, "%", 240, 24_000)
    assert figure.sample == 24_000
    assert figure.interval == pytest.approx((0.00882, 0.01134), abs=1e-5)
    assert figure.source == "Sentry, 24 of 24 hours"
    assert figure.url == "https://sentry.example/errors"


def test_a_quantile_is_told_with_its_bounds() -> None:
    figure = told(facts(DAILY))["latency_p95_ms"]
    assert figure.value == pytest.approx(280, rel=0.01)
    assert figure.interval is not None
    assert figure.interval[0] <= 280 <= figure.interval[1]
    assert (figure.unit, figure.title, figure.sample) == ("ms", "Time to answer, p95", 480)


def test_few_samples_have_no_bounds() -> None:
    few = [b for b in totals(DAILY) if b.metric != "latency_ms"]
    few.append(samples("latency_ms", DAILY.window.start, [100.0] * 19, "home"))
    found = told(facts(DAILY, totals=tuple(few)))
    assert found["latency_p95_ms"].interval is None
    assert found["latency_p50_ms"].value is not None


def test_money_has_its_currency() -> None:
    assert told(facts(DAILY))["cost"].unit == "USD"


def test_a_figure_is_held_against_all_that_there_is() -> None:
    figure = told(facts(DAILY, {"failures": (240, 24_000)}))["failures"]
    assert list(figure.trends) == ["previous", "week"]
    assert figure.trends["previous"].direction is Direction.UP
    assert figure.trends["previous"].is_significant
    compared = calendar(compare_to=DAILY.window.start - 40 * DAILY.window.length)
    known = facts(compared)
    assert list(figures_of(known, spans_of(known, compared))["failures"].trends) == ["previous", "week", "compare_to"]


def test_what_was_not_counted_is_none_where_the_source_is_known() -> None:
    quiet = tuple(b for b in totals(DAILY) if b.metric not in {"new_issues", "regressed_issues"})
    found = told(facts(DAILY, totals=quiet))
    assert found["new_issues"].value == 0
    assert found["new_issues"].trends["previous"].direction is Direction.FLAT


def test_and_unknown_where_it_is_not() -> None:
    blind = tuple(
        b for b in totals(DAILY) if b.metric not in {"new_issues", "failures", "crash_free", "affected_users"}
    )
    known = facts(DAILY, totals=blind, states=states(sentry=(0, "the token was refused")))
    found = told(known)
    assert found["new_issues"].value is None
    assert found["new_issues"].note == "not known: the token was refused"
    assert found["failures"].trends["previous"].direction is Direction.UNKNOWN
    nothing = facts(DAILY, totals=blind, states={"sentry": SourceState(0, 24)})
    assert told(nothing)["failures"].note == "not known: no hour is complete"


def test_hours_that_are_missing_are_said() -> None:
    found = told(facts(DAILY, states=states(sentry=(18, "Sentry did not answer"))))
    assert found["failures"].note == "18 of 24 hours complete (Sentry did not answer)"
    assert found["failures"].source == "Sentry, 18 of 24 hours"


def test_what_is_not_configured_has_no_figure() -> None:
    alone = facts(DAILY, totals=(bucket("score", DAILY.window.start, 97, 1),), states={})
    assert list(told(alone)) == ["score"]


@pytest.mark.parametrize(
    ("metric", "note"),
    [
        ("affected_users", "in the worst hour"),
        ("certificate_days", "of the one that ends first"),
        ("branch_recovery_s", "no broken default branch was repaired in the period"),
        ("vercel_queue_p95_s", "none was measured in the period"),
    ],
)
def test_what_a_number_is_of_is_said(metric: str, note: str) -> None:
    assert told(facts(DAILY))[metric].note == note


def test_issues_are_told_by_level_the_gravest_first() -> None:
    start = DAILY.window.start
    several = [
        bucket("new_issues", start, n, label=level)
        for level, n in (("odd", 1), ("error", 3), ("fatal", 1), ("info", 0))
    ]
    found = told(facts(DAILY, totals=tuple(several)))["new_issues"]
    assert (found.value, found.note) == (5, "1 fatal, 3 error, 1 odd")


def test_a_source_without_state_is_named_alone() -> None:
    assert source_line("vercel", {}) == "Vercel"
    assert source_line("moon", {}) == "moon"
    assert hours_note(None) == ""


@pytest.mark.parametrize(
    ("known", "unknown", "keys"),
    [
        pytest.param(
            ["score", "failures", "availability", "latency_p95_ms", "releases", "cost"],
            [],
            ["score", "failures", "availability", "releases", "cost"],
            id="everything",
        ),
        pytest.param(
            ["score", "crash_free", "latency_p95_ms", "releases", "builds"],
            ["failures", "availability", "cost"],
            ["score", "crash_free", "latency_p95_ms", "releases", "builds"],
            id="what is known stands in for what is not",
        ),
        pytest.param(
            ["score", "releases"],
            ["failures", "availability", "cost", "builds"],
            ["score", "failures", "availability", "releases", "cost"],
            id="what is not known is there where there are no five",
        ),
        pytest.param(["builds", "cost"], [], ["cost", "builds"], id="as many as there are"),
        pytest.param([], [], [], id="none"),
    ],
)
def test_five_figures_stand_first(known: list[str], unknown: list[str], keys: list[str]) -> None:
    there = figures(*(figure(name, 1.0) for name in known), *(figure(name, None) for name in unknown))
    assert list(key_figures(there)) == keys


def test_buckets_of_a_label_are_put_together() -> None:
    start = DAILY.window.start
    parts = [
        bucket("failures", start, 1, 10, "a"),
        bucket("failures", start, 2, 20, "a"),
        bucket("failures", start, 4, 40, "b"),
    ]
    span = span_of("shop", DAILY.window, [*parts, bucket("failures", DAILY.previous.start, 9, 90, "a")])
    assert (span.by_label("failures")["a"].total, span.by_label("failures")["a"].count) == (3, 30)
    whole = span.whole("failures")
    assert whole is not None
    assert (whole.total, whole.count, whole.label) == (7, 70, "")
    assert span.total("failures") == 7
    assert span.total("releases") == 0
    assert span.hours == 24
    assert span.whole("releases") is None


def test_counts_of_a_part_are_not_held_against_counts_of_all() -> None:
    there = facts(DAILY)
    parts = {
        "now": facts(DAILY, states=states(sentry=(18, "down"))),
        "then": facts(DAILY, states_before={"previous": states(sentry=(18, "down"))}),
        "nearly all": facts(DAILY, states_before={"previous": states(sentry=(23, "down"))}),
    }
    found = {name: told(known)["new_issues"].trends["previous"] for name, known in parts.items()}
    assert [trend.direction for trend in found.values()] == [Direction.UNKNOWN, Direction.UNKNOWN, Direction.FLAT]
    assert (found["now"].current, found["now"].previous) == (0, 0)
    assert told(parts["now"])["failures"].trends["previous"].direction is Direction.FLAT
    assert told(there)["new_issues"].trends["previous"].direction is Direction.FLAT


def test_a_source_that_is_known_counts_none_in_the_period_before() -> None:
    only = tuple(b for b in totals(DAILY) if b.start == DAILY.window.start)
    known = facts(DAILY, totals=only, states_before={"previous": states(), "week": {}})
    trends = told(known)["releases"].trends
    assert (trends["previous"].direction, trends["week"].direction) == (Direction.FLAT, Direction.UNKNOWN)


def test_weeks_are_summed_up_alike() -> None:
    weekly = calendar(ReportPeriod.WEEKLY)
    known = facts(weekly)
    assert figures_of(known, spans_of(known, weekly))["failures"].denominator == 168_000
