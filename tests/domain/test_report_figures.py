from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.domain.makers import deployment, issue, pipeline
from tests.domain.report_makers import (
    BAD,
    GOOD,
    NOW,
    bucket,
    calendar,
    cost_days,
    facts,
    release,
    rollback,
    states,
)
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.builds import WorkflowStatus
from watchkeeper.domain.delivery import ServingState
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.history import FlakyTest
from watchkeeper.domain.metrics import METRICS
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import ReportPeriod, SentLine
from watchkeeper.domain.report_facts import ProjectFacts
from watchkeeper.domain.report_figures import summarise, summarise_project
from watchkeeper.domain.trends import Direction
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

DAILY, WEEKLY, MONTHLY = (calendar(p) for p in (ReportPeriod.DAILY, ReportPeriod.WEEKLY, ReportPeriod.MONTHLY))
START = DAILY.window.start
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
INCIDENT = Outage("shop", START + 5 * HOUR, START + 6 * HOUR, Fault.RELEASE, BAD, "release bbbbbbb fails 12 %")
EMPTY = ProjectFacts("shop", "Shop", states=states(24, sentry=(0, "the token was refused")))


def troubled(of: Any = DAILY) -> ProjectFacts:
    """Return a day on which one release failed and was rolled back."""
    start = of.window.start
    own = tuple(b for b in facts(of).totals if b.metric != "failures")
    counted = (bucket("failures", start, 60, 23_000, GOOD), bucket("failures", start, 84, 700, BAD))
    before = bucket("failures", of.previous.start, 70, 24_000, GOOD)
    return facts(
        of,
        totals=(*own, *counted, before),
        releases=(release(GOOD, start + HOUR), release(BAD, start + 5 * HOUR)),
        alias_requests=(rollback(BAD, start + 6 * HOUR),),
        incidents=(replace(INCIDENT, started_at=start + 5 * HOUR, ended_at=start + 6 * HOUR),),
    )


def test_a_day_on_which_all_was_well() -> None:
    report = summarise([facts(DAILY)], DAILY)
    (shop,) = report.projects
    assert (report.verdict, report.headline) == (Verdict.HEALTHY, "Shop was healthy")
    assert report.sentences[0] == "There was no incident; 0.3 % of 24,000 requests or sessions failed"
    assert (report.actions, report.time_saved, report.why_empty) == ((), None, "")
    assert shop.score == 97
    assert shop.reasons[0] == "it was never critical"
    assert shop.key_figures == ("score", "failures", "availability", "releases", "cost")
    assert (shop.recommendations, shop.dora, shop.is_empty, shop.checks) == ((), None, False, 96)
    assert [objective.is_met for objective in shop.objectives] == [True, True]
    assert shop.coverage.hours["sentry"] == (24, 24)
    assert shop.coverage.reasons == ()
    assert set(shop.series) == {"score", "failures", "latency_ms", "builds", "cost"}


def test_a_day_with_a_bad_release() -> None:
    report = summarise([troubled()], DAILY)
    (shop,) = report.projects
    assert report.verdict is Verdict.CRITICAL
    assert report.headline == "Shop was critical for 60 min because of release bbbbbbb"
    assert report.sentences[1] == "2 releases went live, 1 failed (bbbbbbb of Shop); 100 % of 96 builds passed"
    assert [(line.name, line.outcome, line.failures, line.total) for line in shop.releases] == [
        ("bbbbbbb", "rolled back", 84, 700),
        ("aaaaaaa", "well", 60, 23_000),
    ]
    assert shop.figures["releases"].note == "1 of them failed"
    assert shop.calendar == {date(2026, 11, 16): (2, 1)}
    assert [action.rule for action in report.actions] == ["failed_release"]
    assert [area.name for area in shop.areas] == ["bbbbbbb", "aaaaaaa"]
    assert shop.figures["failures"].trends["previous"].good is False


def test_a_week_has_the_four_keys_and_a_day_has_not() -> None:
    (shop,) = summarise([troubled(WEEKLY)], WEEKLY).projects
    assert shop.dora is not None
    assert (shop.dora.change_failure_rate.figure.numerator, shop.dora.incidents) == (1, 1)
    assert summarise_project(troubled(), DAILY).dora is None


def test_longer_periods_tell_what_was_saved() -> None:
    report = summarise([troubled(MONTHLY), replace(EMPTY, slug="api")], MONTHLY)
    assert report.time_saved is not None
    assert report.time_saved.total == (93 * 5 + 20 + 25 + 30) * MINUTE
    assert report.time_saved.assumptions[0].startswith("2,976 health checks")


def test_nothing_known_is_said_with_its_reason() -> None:
    report = summarise([EMPTY], DAILY, [SentLine("#shop", 3, 0)])
    (shop,) = report.projects
    assert (shop.is_empty, shop.verdict, shop.recommendations) == (True, Verdict.UNKNOWN, ())
    assert report.why_empty == "nothing is known of 1 project: sentry: the token was refused"
    assert (report.headline, report.sentences, report.verdict) == (
        "Nothing is known of this period",
        (),
        Verdict.UNKNOWN,
    )
    assert report.sent == (SentLine("#shop", 3, 0),)
    assert shop.figures["failures"].note == "not known: the token was refused"
    never = summarise([ProjectFacts("shop", "Shop")], DAILY)
    assert never.why_empty == (
        "nothing is known of 1 project: no hour of it was aggregated: a backfill of these days fills it"
    )
    assert summarise([], DAILY).why_empty == "there is no project to report of"
    assert summarise([EMPTY, facts(DAILY)], DAILY).why_empty == ""


def test_what_nobody_had_begun_to_watch_is_missing_from_no_judgement() -> None:
    own = tuple(b for b in facts(DAILY).totals if METRICS[b.metric].source != "endpoints")
    before = facts(DAILY, totals=own, states=states(endpoints=(0, "the watch was not running (24 h)")))
    shop = summarise_project(before, DAILY)
    assert (shop.verdict, shop.coverage.not_begun) == (Verdict.HEALTHY, ("endpoints",))
    assert shop.reasons[-1] == "endpoints were not watched yet"
    asleep = facts(DAILY, totals=own, states=states(endpoints=(0, "no endpoint was probed (24 h)")))
    assert summarise_project(asleep, DAILY).verdict is Verdict.UNKNOWN
    nothing = replace(before, states={"endpoints": before.states["endpoints"]})
    assert summarise_project(nothing, DAILY).verdict is Verdict.UNKNOWN


def test_a_release_that_two_vendors_name_differently_is_one() -> None:
    short = release(BAD[:12], START + HOUR, vercel_deployments=())
    shop = summarise_project(facts(DAILY, releases=(short, release(BAD, START + HOUR))), DAILY)
    assert [line.sha for line in shop.releases] == [BAD]


def test_a_project_with_incidents_alone_is_not_empty() -> None:
    assert not summarise_project(replace(EMPTY, incidents=(INCIDENT,)), DAILY).is_empty


# --- cost


def test_a_cost_spike_is_told_with_its_workflow() -> None:
    own = [b for b in facts(DAILY).totals if b.metric not in {"cost", "credits"}]
    spent = [
        bucket("cost", START, 72, label="circleci"),
        bucket("credits", START, 24_000, label="build"),
        bucket("credits", START, 96_000, label="load-test"),
        bucket("credits", DAILY.previous.start, 100, label="build"),
        bucket("credits", START - 7 * DAY, 24_000, label="build"),
    ]
    known = facts(DAILY, totals=(*own, *spent), cost_days=cost_days(DAILY, of_window=72))
    shop = summarise_project(known, DAILY)
    assert shop.cost is not None
    assert (shop.cost.verdict, shop.verdict) == (Verdict.CRITICAL, Verdict.WARNING)
    assert shop.cost.expected == pytest.approx(14.4)
    assert shop.figures["cost"].trends["expected"].direction is Direction.UP
    assert shop.figures["cost_per_deployment"].note == "no release went live"
    assert (shop.recommendations[0].rule, shop.recommendations[0].subject) == ("cost_spike", "load-test")


def test_cost_that_is_not_all_known_is_not_low() -> None:
    known = facts(DAILY, {"cost": (3.0, 0)}, states=states(credits=(9, "not told yet")))
    shop = summarise_project(known, DAILY)
    assert shop.cost is not None
    assert (shop.cost.variance, shop.cost.verdict) == (None, Verdict.UNKNOWN)
    assert shop.figures["cost"].note.startswith("9 of 24 hours complete (not told yet); not all credits are known yet")


def test_a_project_that_costs_nothing_has_no_cost() -> None:
    bare = [b for b in facts(DAILY).totals if b.metric not in {"cost", "credits"}]
    without = {source: state for source, state in states().items() if source != "credits"}
    shop = summarise_project(facts(DAILY, totals=tuple(bare), cost_days=(), states=without), DAILY)
    assert shop.cost is None
    assert "cost" not in shop.figures
    blind = facts(DAILY, totals=tuple(bare), cost_days=(), states=states(credits=(0, "down")))
    unknown = summarise_project(blind, DAILY).cost
    assert unknown is not None
    assert (unknown.actual, unknown.verdict) == (None, Verdict.UNKNOWN)


# --- how it stands at the end


def held(**other: Any) -> HealthCheck:
    window = Window(START + 20 * HOUR, START + 20 * HOUR + 15 * MINUTE)
    return HealthCheck("shop", window, CheckType.FULL, Verdict.WARNING, 60, 1.0, ("held",), **other)


def test_custody_is_told_with_those_who_wait() -> None:
    known = replace(
        troubled(),
        latest=held(in_custody=True),
        deployments=(
            replace(deployment("c" * 40), serving=ServingState.STAGED, created_at=START + 7 * HOUR),
            replace(deployment("d" * 40), serving=ServingState.STAGED, created_at=START + 5 * HOUR),
            replace(deployment("e" * 40), created_at=START + 8 * HOUR),
        ),
    )
    shop = summarise_project(known, DAILY)
    assert (shop.custody_since, shop.waiting) == (START + 6 * HOUR, 1)
    assert shop.recommendations[0].rule == "custody"
    assert shop.recommendations[0].severity == "critical"


@pytest.mark.parametrize(
    ("latest", "since"),
    [
        pytest.param(None, None, id="nobody has looked"),
        pytest.param(held(), None, id="not held"),
        pytest.param(held(in_custody=True), START + 20 * HOUR, id="held by a rollback that is not known"),
    ],
)
def test_since_when_production_is_held(latest: HealthCheck | None, since: Any) -> None:
    assert summarise_project(facts(DAILY, latest=latest), DAILY).custody_since == since


def test_the_default_branch_is_broken_until_a_build_passes() -> None:
    def at(number: int, hours: float, status: WorkflowStatus) -> Any:
        made = replace(pipeline(number, status), created_at=START + hours * HOUR)
        (run,) = (made.workflows,) if isinstance(made.workflows, tuple) else ((),)
        return replace(made, workflows=tuple(replace(w, stopped_at=START + (hours + 0.5) * HOUR) for w in run))

    failed, passed, canceled = WorkflowStatus.FAILED, WorkflowStatus.SUCCESS, WorkflowStatus.CANCELED
    several = (at(1, 1, passed), at(2, 3, failed), at(3, 5, failed), at(4, 7, canceled))
    assert summarise_project(facts(DAILY, pipelines=several), DAILY).broken_since == START + 3.5 * HOUR
    mended = (*several, at(5, 9, passed))
    assert summarise_project(facts(DAILY, pipelines=mended), DAILY).broken_since is None
    later = (*several, at(5, 23.8, passed))
    assert summarise_project(facts(DAILY, pipelines=later), DAILY).broken_since == START + 3.5 * HOUR


# --- lists and time


def test_what_is_cut_is_counted_and_failed_releases_are_not_cut() -> None:
    live = tuple(release(f"{n + 1:040x}", START + n * MINUTE) for n in range(60))
    known = facts(
        DAILY,
        releases=live,
        incidents=(replace(INCIDENT, release=live[0].sha, ended_at=START + 5.1 * HOUR),),
        issues=tuple(issue(str(n), first_seen=START) for n in range(30)),
        flaky_tests=tuple(FlakyTest(f"t{n}", "", "", "", 1, MINUTE, START) for n in range(20)),
    )
    shop = summarise_project(known, DAILY)
    assert (len(shop.releases), shop.releases[-1].outcome) == (40, "failed")
    assert shop.cut == {"releases": 20, "issues": 18, "flaky_tests": 12}
    assert shop.calendar == {START.date(): (60, 1)}


def test_only_incidents_that_overlap_are_told() -> None:
    several = (
        INCIDENT,
        replace(INCIDENT, started_at=START - 2 * HOUR, ended_at=START),
        replace(INCIDENT, started_at=START - 3 * HOUR, ended_at=START + HOUR),
        replace(INCIDENT, started_at=DAILY.window.end, ended_at=None),
        replace(INCIDENT, started_at=START - 9 * DAY, ended_at=None),
    )
    shop = summarise_project(facts(DAILY, incidents=several), DAILY)
    assert [incident.started_at for incident in shop.incidents] == [
        START - 9 * DAY,
        START - 3 * HOUR,
        INCIDENT.started_at,
    ]


def test_each_project_has_its_own_days() -> None:
    tokyo = calendar(zone="Asia/Tokyo")
    known = facts(tokyo, zone="Asia/Tokyo")
    report = summarise([known], DAILY)
    assert report.window == DAILY.window
    (shop,) = report.projects
    assert shop.figures["failures"].denominator == 24_000
    assert shop.series["score"].lines["score"][0].at == tokyo.window.start


def test_what_was_compared_by_hand_is_said() -> None:
    compared = calendar(compare_to=START - 30 * DAY)
    report = summarise([facts(compared)], compared)
    assert report.compared_with == compared.compare_to
    assert "compare_to" in report.projects[0].figures["score"].trends


def test_actions_are_ranked_over_all_projects() -> None:
    first = replace(troubled(), slug="shop")
    second = facts(DAILY, latest=held(in_custody=True))
    report = summarise([first, replace(second, slug="api", name="Api")], DAILY)
    assert [(action.project, action.rule) for action in report.actions] == [
        ("shop", "failed_release"),
        ("api", "custody"),
    ]
    assert report.verdict is Verdict.CRITICAL


def test_what_was_recommended_and_done_is_better() -> None:
    flaky = FlakyTest("basket", "", "e2e", "build", 9, 74 * MINUTE, START)
    before = summarise_project(facts(DAILY, flaky_tests=(flaky,)), DAILY)
    after = summarise_project(facts(DAILY, earlier=before.recommendations), DAILY)
    assert any(sentence.startswith("No longer needed: Mend or quarantine the test basket") for sentence in after.better)


def test_a_moment_is_kept() -> None:
    assert summarise([facts(DAILY)], DAILY).generated_at == NOW
