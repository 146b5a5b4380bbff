from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import Denominator
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.history import ErrorHour
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.outages import Outage, find_outages, join_outages, outages_of_hours
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window

START = datetime(2026, 11, 16, 10, tzinfo=UTC)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
GOOD, BAD = "a" * 40, "b" * 40
LETTERS = {"c": Verdict.CRITICAL, "w": Verdict.WARNING, "h": Verdict.HEALTHY, "u": Verdict.UNKNOWN}
NOW = START + 12 * HOUR


def check(number: int, letter: str, **other: Any) -> HealthCheck:
    window = Window(START + number * QUARTER, START + (number + 1) * QUARTER)
    values: dict[str, Any] = {"check_type": CheckType.FULL, "score": None, "coverage": 1.0}
    reasons = (f"check {number} is bad",)
    return HealthCheck("shop", window, verdict=LETTERS[letter], reasons=reasons, **(values | other))


def checks(letters: str) -> list[HealthCheck]:
    """Return one check a quarter of an hour; a space is one that was never made."""
    return [check(n, letter) for n, letter in enumerate(letters) if letter != " "]


def quarters(incidents: tuple[Outage, ...]) -> list[tuple[int, int | None]]:
    """Return from which quarter of an hour to which each incident lasted."""
    return [
        ((i.started_at - START) // QUARTER, None if i.ended_at is None else (i.ended_at - START) // QUARTER)
        for i in incidents
    ]


@pytest.mark.parametrize(
    ("letters", "expected"),
    [
        pytest.param("hhhh", [], id="nothing critical"),
        pytest.param("hwwh", [], id="a warning is no incident"),
        pytest.param("hcch", [(1, None)], id="one good check is no end"),
        pytest.param("hcchh", [(1, 3)], id="two are, from the first of them on"),
        pytest.param("hcchw", [(1, 3)], id="a warning is good enough"),
        pytest.param("hchchh", [(1, 4)], id="one incident that flickers"),
        pytest.param("hchhchh", [(1, 2), (4, 5)], id="two incidents"),
        pytest.param("hcuuhh", [(1, 4)], id="what is unknown ends nothing"),
        pytest.param("hchuhc", [(1, 2), (5, None)], id="and does not stand between two good checks"),
        pytest.param("hccc", [(1, None)], id="it lasts"),
        pytest.param("cc", [(0, None)], id="from the very first check on"),
        pytest.param("uuuu", [], id="unknown is not critical"),
        pytest.param("hc        hh", [(1, 10)], id="a gap in the watch ends nothing"),
        pytest.param("hc        ch", [(1, None)], id="critical before and after a gap is one"),
    ],
)
def test_where_an_incident_begins_and_ends(letters: str, expected: list[tuple[int, int | None]]) -> None:
    assert quarters(find_outages(checks(letters), NOW)) == expected


def test_the_gap_is_not_silent() -> None:
    (incident,) = find_outages(checks("hc        hh"), NOW)
    assert "nobody could look for 2 h from 2026-11-16 10:30 UTC on" in incident.reason
    (lasting,) = find_outages(checks("hc"), NOW)
    assert "nobody could look for 11 h" in lasting.reason
    (seen,) = find_outages(checks("hcchh"), NOW)
    assert "nobody" not in seen.reason


def test_checks_that_overlap_end_no_incident_before_its_last_one() -> None:
    late = Window(START + 10 * timedelta(minutes=1), START + 25 * timedelta(minutes=1))
    overlapping = HealthCheck("shop", late, CheckType.FULL, Verdict.HEALTHY, 100, 1.0, ("well",))
    (incident,) = find_outages([check(0, "c"), overlapping, check(2, "h")], NOW)
    assert incident.ended_at == START + QUARTER


def test_only_full_checks_up_to_now_count() -> None:
    partial = [check(0, "c", check_type=CheckType.ERROR_RATES)]
    assert find_outages(partial, NOW) == ()
    assert find_outages(checks("hcc"), START + QUARTER) == ()


def test_projects_are_told_apart() -> None:
    other = [HealthCheck("portal", c.window, c.check_type, c.verdict, None, 1.0, c.reasons) for c in checks("cc")]
    found = find_outages([*checks("hhh"), *other], NOW)
    assert [incident.project for incident in found] == ["portal"]


@pytest.mark.parametrize(
    ("blames", "expected"),
    [
        pytest.param([Blame(Fault.UNKNOWN, "?")], (Fault.UNKNOWN, ""), id="nobody knows"),
        pytest.param([Blame(Fault.PLATFORM, "Vercel")], (Fault.PLATFORM, ""), id="the platform"),
        pytest.param([Blame(Fault.US, "offline")], (Fault.US, ""), id="ourselves"),
        pytest.param(
            [Blame(Fault.PLATFORM, "Vercel"), Blame(Fault.RELEASE, "it fails", BAD)],
            (Fault.RELEASE, BAD),
            id="a release before anything else",
        ),
        pytest.param(
            [Blame(Fault.RELEASE, "x", GOOD), Blame(Fault.RELEASE, "y", BAD), Blame(Fault.RELEASE, "z", BAD)],
            (Fault.RELEASE, BAD),
            id="the release that most checks name",
        ),
    ],
)
def test_what_it_is_laid_on(blames: list[Blame], expected: tuple[Fault, str]) -> None:
    (incident,) = find_outages([check(n, "c", blame=blame) for n, blame in enumerate(blames)], NOW)
    assert (incident.fault, incident.release) == expected
    assert incident.reason.startswith("check 0 is bad; ")


def test_how_long_it_was() -> None:
    (lasting,) = find_outages(checks("hcc"), NOW)
    assert lasting.length(START + 2 * HOUR) == timedelta(minutes=105)
    (over,) = find_outages(checks("hcchh"), NOW)
    assert over.length(NOW) == timedelta(minutes=30)


# --- from the hours of the vendors' history


def hour(number: int, *counts: tuple[str, int, int]) -> ErrorHour:
    told = tuple(ErrorCount(*count) for count in counts)
    return ErrorHour(START + number * HOUR, Denominator.SPANS, told, 0, 0, None)


def hours_of(*hours: ErrorHour) -> list[tuple[int, int]]:
    found = outages_of_hours("shop", hours, ErrorLimits())
    return [((i.started_at - START) // HOUR, ((i.ended_at or START) - START) // HOUR) for i in found]


WELL = (GOOD, 3, 1_000)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        pytest.param([hour(0, WELL)], [], id="all was well"),
        pytest.param([hour(0, WELL), hour(1, (GOOD, 90, 1_000))], [(1, 2)], id="certainly above the limit"),
        pytest.param([hour(0, (GOOD, 60, 1_000))], [], id="above the limit, perhaps by chance"),
        pytest.param([hour(0, (GOOD, 2, 4))], [], id="too few requests"),
        pytest.param([hour(0, (GOOD, 90, 1_000)), hour(1, (GOOD, 80, 1_000)), hour(2, WELL)], [(0, 2)], id="two hours"),
        pytest.param(
            [hour(0, (GOOD, 90, 1_000)), hour(1, WELL), hour(2, (GOOD, 90, 1_000))], [(0, 1), (2, 3)], id="twice"
        ),
        pytest.param(
            [hour(0, (GOOD, 90, 1_000)), hour(1), hour(2, (GOOD, 90, 1_000)), hour(3, WELL)],
            [(0, 3)],
            id="an hour without traffic says nothing",
        ),
        pytest.param([hour(0, (GOOD, 90, 1_000)), hour(1)], [(0, 1)], id="and makes no incident longer at its end"),
        pytest.param(
            [hour(0, (GOOD, 90, 1_000)), hour(2, (GOOD, 90, 1_000))], [(0, 1), (2, 3)], id="an hour that is not there"
        ),
        pytest.param([hour(0, (GOOD, 2, 700), (BAD, 36, 300))], [(0, 1)], id="a release taken back within the hour"),
        pytest.param([hour(0, (GOOD, 2, 900), (BAD, 12, 100))], [], id="a canary is not the whole project"),
    ],
)
def test_which_hours_were_critical(hours: list[ErrorHour], expected: list[tuple[int, int]]) -> None:
    assert hours_of(*hours) == expected


@pytest.mark.parametrize(
    ("hours", "release"),
    [
        pytest.param([hour(0, (GOOD, 3, 500), (BAD, 60, 500))], BAD, id="worse than the other in the same hour"),
        pytest.param([hour(0, WELL), hour(1, (f"shop@1.0+{BAD}", 90, 700))], BAD, id="worse than the one before"),
        pytest.param([hour(0, (GOOD, 60, 500), (BAD, 60, 500))], "", id="both fail: neither is to blame"),
        pytest.param([hour(0, (BAD, 90, 1_000))], "", id="nothing to hold it against"),
        pytest.param([hour(0, ("", 90, 1_000))], "", id="failures without a release"),
        pytest.param([hour(0, WELL), hour(40, (BAD, 90, 700))], "", id="the one before was too long ago"),
    ],
)
def test_it_is_laid_on_a_release_by_the_numbers_alone(hours: list[ErrorHour], release: str) -> None:
    incident = outages_of_hours("shop", hours, ErrorLimits())[-1]
    assert incident.release == release
    assert incident.fault is (Fault.RELEASE if release else Fault.UNKNOWN)
    assert incident.from_history
    assert "failed" in incident.reason


# --- joined


def incident(start: float, end: float | None, **other: Any) -> Outage:
    values: dict[str, Any] = {"project": "shop", "fault": Fault.UNKNOWN, "release": "", "reason": "seen"}
    ended = None if end is None else START + end * HOUR
    return Outage(started_at=START + start * HOUR, ended_at=ended, **(values | other))


HISTORY: dict[str, Any] = {"from_history": True, "reason": "from history"}


def test_incidents_that_touch_are_one() -> None:
    (joined,) = join_outages([incident(1, 1.5), incident(0, 1, **HISTORY)])
    assert (joined.started_at, joined.ended_at) == (START, START + 1.5 * HOUR)
    assert (joined.reason, joined.from_history) == ("seen", False)


def test_incidents_apart_stay_apart() -> None:
    several = [incident(3, 4), incident(0, 1), incident(0, 1, project="portal")]
    assert [(i.project, i.started_at) for i in join_outages(several)] == [
        ("portal", START),
        ("shop", START),
        ("shop", START + 3 * HOUR),
    ]


def test_what_lasts_lasts() -> None:
    (joined,) = join_outages([incident(0, None), incident(2, 3)])
    assert joined.ended_at is None
    assert joined == join_outages([joined])[0]


def test_a_known_release_outweighs_an_unknown_one() -> None:
    laid = incident(0, 1, fault=Fault.RELEASE, release=BAD, **HISTORY)
    (joined,) = join_outages([incident(0.5, 2), laid])
    assert (joined.release, joined.from_history) == (BAD, False)
    assert joined.ended_at == START + 2 * HOUR


def test_history_that_overlaps_history_stays_history() -> None:
    (joined,) = join_outages([incident(0, 1, **HISTORY), incident(1, 2, **HISTORY)])
    assert joined.from_history
