from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.domain.rollback_makers import plan
from tests.domain.trigger_makers import BAD, GOOD, LIMITS, NEW, NOW, OLD, QUARTER, at, calm, looked, quiet_before
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.production import PlatformStatus
from watchkeeper.domain.rollback import AutoRollback, Mark, Point, RollbackPolicy
from watchkeeper.domain.rollback_triggers import NoProposal, Proposal, Trigger, decide_rollback, flapping, in_a_row
from watchkeeper.domain.schedule import Maintenance
from watchkeeper.domain.verdicts import Gap, Missing

LIVE = at(50)
MINOR, MAJOR = PlatformStatus("minor", "Slow builds"), PlatformStatus("major", "Outage")
UNKNOWN = Missing(Gap.UNAVAILABLE, "no answer")


def decide(history: Sequence[HealthCheck], now: datetime = NOW, **other: Any) -> Proposal | NoProposal:
    values: dict[str, Any] = {"policy": RollbackPolicy(), "release_live_at": LIVE, "now": now, "limits": LIMITS}
    return decide_rollback(history, **(values | other))


def proposed(history: Sequence[HealthCheck], **other: Any) -> Proposal:
    found = decide(history, **other)
    assert isinstance(found, Proposal), found.reason
    return found


def refused(history: Sequence[HealthCheck], **other: Any) -> str:
    found = decide(history, **other)
    assert isinstance(found, NoProposal), found.reason
    return found.reason


WORST = (NEW, 90, 300)  # of 600 together at least 12.5 %
EMERGENCY = [*quiet_before(1), looked(0, WORST, GOOD)]
ERRORS = [*quiet_before(2), looked(1, BAD, GOOD), looked(0, BAD, GOOD)]
ENDPOINT = [*quiet_before(3), *(looked(n, (NEW, 0, 50), down=True) for n in (2, 1, 0))]
# Too few requests for a rate, so that only the score tells.
FEW = replace(LIMITS, errors=replace(LIMITS.errors, min_total=5))
EARLIER = (ErrorCount(OLD, 2, 900),)
SCORE = [*quiet_before(4), *(looked(n, (NEW, 6, 9), earlier=EARLIER, limits=FEW) for n in (3, 2, 1, 0))]


@pytest.mark.parametrize(
    ("history", "trigger", "reason"),
    [
        (
            EMERGENCY,
            Trigger.EMERGENCY,
            "92 of 600 fail (at least 12.7 %), far above the limit 5 %: release 3f2c1ab fails",
        ),
        (
            ERRORS,
            Trigger.ERRORS,
            "42 of 600 fail (at least 5.2 %), above the limit 5 % in two windows in a row: release",
        ),
        (ENDPOINT, Trigger.ENDPOINT, "home is down in 3 checks in a row"),
        (SCORE, Trigger.SCORE, "the score is below 50 for 45 min (now 49): release 3f2c1ab fails 6 of 9 requests"),
    ],
)
def test_what_calls_for_going_back(history: list[HealthCheck], trigger: Trigger, reason: str) -> None:
    found = proposed(history, limits=FEW)
    assert (found.trigger, found.release, found.project) == (trigger, NEW, "shop")
    assert found.reason.startswith(reason)


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(quiet_before(0), id="all is well"),
        pytest.param(ERRORS[:-1], id="one window above the limit"),
        pytest.param([*ERRORS[:-2], looked(1, BAD, GOOD), calm(0, NEW)], id="not the last one"),
        pytest.param([*quiet_before(2), looked(1, BAD, GOOD), looked(0, (NEW, 38, 300), GOOD)], id="just not above"),
        pytest.param([*quiet_before(2), looked(1, BAD, GOOD), looked(0)], id="the last one could not see"),
        pytest.param([*quiet_before(2), looked(0, (NEW, 9, 9))], id="nine requests"),
        pytest.param(ENDPOINT[:-1], id="an endpoint that is down twice"),
        pytest.param([*ENDPOINT[:-1], looked(0, (NEW, 0, 50))], id="an endpoint that is back"),
        pytest.param([*ENDPOINT[:-2], *(looked(n, online=False, down=True) for n in (1, 0))], id="we are offline"),
        pytest.param(SCORE[:-1], id="a low score for just half an hour"),
        pytest.param([looked(2, BAD, GOOD), looked(0, BAD, GOOD)], id="a window is missing between"),
    ],
)
def test_what_does_not(history: list[HealthCheck]) -> None:
    assert refused(history, limits=FEW) == "nothing calls for it"


def test_nobody_has_looked() -> None:
    assert refused([]) == "nobody has looked yet"
    assert refused([replace(EMERGENCY[-1], check_type=CheckType.ERROR_RATES)]) == "nobody has looked yet"


def test_ten_requests_and_three_failures_are_the_least() -> None:
    enough = [*quiet_before(1), looked(0, (NEW, 9, 10), earlier=EARLIER)]
    assert proposed(enough).trigger is Trigger.EMERGENCY
    assert refused([*enough[:-1], looked(0, (NEW, 2, 10), earlier=EARLIER)]) == "nothing calls for it"


VETOED: dict[str, tuple[list[HealthCheck], dict[str, Any], str]] = {
    "switched off": (ERRORS, {"policy": RollbackPolicy(auto=AutoRollback.OFF)}, "it is switched off for this project"),
    "maintenance": (
        ERRORS,
        {"maintenance": Maintenance(start=at(60), end=at(-60), reason="moving house")},
        "it is a time of maintenance (moving house)",
    ),
    "custody": ([*ERRORS[:-1], looked(0, BAD, GOOD, custody=True)], {}, "production was rolled back already"),
    "an old check": (ERRORS, {"now": NOW + timedelta(minutes=31)}, "nobody has looked since 2026-09-22 10:30 UTC"),
    "an old release": (
        ERRORS,
        {"release_live_at": NOW - timedelta(hours=24, seconds=1)},
        "release 3f2c1ab serves for 24 h",
    ),
    "an unknown age": (ERRORS, {"release_live_at": None}, "not known since when release 3f2c1ab serves"),
    "an unknown release": ([replace(c, release="") for c in ERRORS[-2:]], {}, "not known which release serves"),
    "not the release": (
        [*quiet_before(2), *(looked(n, (NEW, 20, 300), (OLD, 22, 300)) for n in (1, 0))],
        {},
        "the fault does not lie with the release that serves",
    ),
    "an old release in browsers": (
        [*quiet_before(2), *(looked(n, (NEW, 1, 300), (OLD, 41, 300)) for n in (1, 0))],
        {},
        "the fault does not lie with the release that serves",
    ),
    "a large incident": (
        [*ERRORS[:-1], looked(0, BAD, GOOD, status=MAJOR)],
        {},
        "the platform has an incident (major)",
    ),
    "endpoints in a small incident": (
        [*ENDPOINT[:-1], looked(0, (NEW, 0, 50), down=True, status=MINOR)],
        {},
        "(minor)",
    ),
    "endpoints and no status page": (
        [*ENDPOINT[:-1], looked(0, (NEW, 0, 50), down=True, status=UNKNOWN)],
        {},
        "not known whether the platform has an incident",
    ),
    "endpoints that were down before": (
        [*(looked(n, (OLD, 0, 50), serving=OLD, down=True) for n in range(9, 3, -1)), *ENDPOINT[-3:]],
        {},
        "its endpoints were hardly better before",
    ),
    "endpoints and no release before": (ENDPOINT[-3:], {}, "no check of the release before it"),
    "a blocked plan": (
        ERRORS,
        {"plan": plan(Point("target", Mark.BLOCKS, "it is gone"))},
        "the plan is blocked: target",
    ),
}


@pytest.mark.parametrize("case", VETOED)
def test_what_speaks_against_it_although_something_calls_for_it(case: str) -> None:
    history, other, reason = VETOED[case]
    found = decide(history, **other)
    assert isinstance(found, NoProposal)
    assert reason in found.reason
    assert (found.trigger is None) is (case == "switched off")


def test_a_small_incident_of_the_platform_does_not_excuse_a_release_that_fails_beside_another() -> None:
    small = [*ERRORS[:-1], looked(0, BAD, GOOD, status=MINOR)]
    assert proposed(small).trigger is Trigger.ERRORS


def test_at_the_limits_it_is_still_proposed() -> None:
    assert proposed(ERRORS, release_live_at=NOW - timedelta(hours=24))
    assert proposed(ERRORS, now=NOW + timedelta(minutes=30))
    assert proposed(ERRORS, plan=plan(Point("age", Mark.WARNING, "old")))


def test_coming_and_going_is_no_reason_to_go_back() -> None:
    waves = [looked(n, BAD, GOOD) if n % 4 < 2 else calm(n, NEW) for n in range(9, -1, -1)]
    assert refused(waves).endswith("it flaps: it became critical or recovered 4 times in 6 h")
    assert "flaps" not in (proposed(waves[-7:]).reason)
    assert flapping(waves, NOW + timedelta(hours=6)) == ""


def test_the_same_trouble_has_the_same_key_however_long_it_lasts() -> None:
    first = proposed(ERRORS)
    assert (first.key, first.since) == ("shop/3f2c1ab00000/20260922T1000", at(30))
    longer = [*ERRORS, looked(-1), looked(-2, WORST, GOOD)]
    again = proposed(longer, now=NOW + 2 * QUARTER)
    assert (again.key, again.since, again.trigger) == (first.key, first.since, Trigger.EMERGENCY)
    anew = [*ERRORS, calm(-1, NEW), looked(-2, WORST, GOOD)]
    assert proposed(anew, now=NOW + 2 * QUARTER).key != first.key


@pytest.mark.parametrize(
    ("ends", "number"),
    [
        pytest.param((0, 1, 2), 3, id="end to end"),
        pytest.param((0, 1.4, 2.8), 3, id="runs that were late"),
        pytest.param((0, 1.6), 1, id="a gap"),
        pytest.param((0, 0.2, 0.4, 1.1), 2, id="made by hand between"),
        pytest.param((0, 0.8, 1.6), 3, id="a little overlap"),
    ],
)
def test_windows_in_a_row(ends: tuple[float, ...], number: int) -> None:
    checks = [calm(end) for end in sorted(ends, reverse=True)]
    assert len(in_a_row(checks)) == number
    assert in_a_row([calm(1, NEW), calm(0)]) == [calm(0)]


def test_stored_words_of_sessions_are_understood() -> None:
    sessions = [replace_noun(check) for check in ERRORS]
    assert proposed(sessions).trigger is Trigger.ERRORS


def replace_noun(check: HealthCheck) -> HealthCheck:
    """Return the check as if it had counted sessions."""
    parts = {
        name: replace(
            judged,
            evidence=tuple(replace(fact, name=fact.name.replace("requests", "sessions")) for fact in judged.evidence),
        )
        for name, judged in check.components.items()
    }
    return replace(check, components=parts)
