import math
from dataclasses import replace

from sqlalchemy import Engine, text

from tests.store.samples import NOON, QUARTER, WINDOW, check, quarter
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.verdicts import Component, Evidence, Judgement, Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.health import checked_windows, checks, critical_projects, latest_checks, save_checks

HOUR = Window(NOON, quarter(4).start)


def test_checks_come_back_whole_and_newest_first(engine: Engine) -> None:
    several = [check(window=quarter(number)) for number in range(3)]
    unknown = replace(check("api"), verdict=Verdict.UNKNOWN, score=None, components={}, release="", in_custody=False)
    with transaction(engine) as session:
        save_checks(session, [*several, unknown], "run", NOON)
    with reading(engine) as session:
        found = checks(session, ["shop", "api", "quiet"], HOUR)
        assert found == {"shop": tuple(reversed(several)), "api": (unknown,), "quiet": ()}
        assert checks(session, ["shop"], quarter(1)) == {"shop": (several[1],)}
        light = replace(several[1], components={})
        assert checks(session, ["shop"], quarter(1), with_components=False) == {"shop": (light,)}


def test_a_window_that_is_checked_again_is_replaced_as_a_whole(engine: Engine) -> None:
    again = replace(check(verdict=Verdict.HEALTHY, score=100.0), components={})
    again = replace(again, components={Component.DELIVERY: Judgement(Verdict.HEALTHY, ("serves",), 100.0)})
    for each, run in ((check(), "one"), (again, "two"), (again, "two")):
        with transaction(engine) as session:
            save_checks(session, [each], run, NOON)
    with reading(engine) as session:
        assert checks(session, ["shop"], WINDOW) == {"shop": (again,)}
        assert session.connection().execute(text("SELECT flow_run_id FROM health_checks")).scalars().all() == ["two"]


def test_a_partial_check_does_not_replace_the_full_one(engine: Engine) -> None:
    partial = check(check_type=CheckType.ENDPOINTS_ONLY, verdict=Verdict.HEALTHY, score=100.0)
    with transaction(engine) as session:
        save_checks(session, [check(), partial], "run", NOON)
    with reading(engine) as session:
        assert len(checks(session, ["shop"], WINDOW)["shop"]) == 2
        assert checks(session, ["shop"], WINDOW, CheckType.FULL) == {"shop": (check(),)}
        assert latest_checks(session, ["shop"], CheckType.ENDPOINTS_ONLY) == {"shop": partial}


def test_the_latest_check_of_each_project(engine: Engine) -> None:
    partial = check(window=quarter(2), check_type=CheckType.ENDPOINTS_ONLY)
    several = [check(window=quarter(0)), check(window=quarter(1)), partial, check("api"), check("blog")]
    with transaction(engine) as session:
        save_checks(session, several, "run", NOON)
    with reading(engine) as session:
        assert latest_checks(session, ["shop", "api", "quiet"]) == {"shop": partial, "api": check("api")}
        assert latest_checks(session, ["shop"], CheckType.FULL) == {"shop": check(window=quarter(1))}


def test_which_projects_were_critical(engine: Engine) -> None:
    several = [
        check(verdict=Verdict.CRITICAL),
        check("api", verdict=Verdict.WARNING),
        check("blog", verdict=Verdict.CRITICAL, check_type=CheckType.ENDPOINTS_ONLY),
        check("late", quarter(4), verdict=Verdict.CRITICAL),
        check("other", verdict=Verdict.CRITICAL),
    ]
    with transaction(engine) as session:
        save_checks(session, several, "run", NOON)
    with reading(engine) as session:
        assert critical_projects(session, ["shop", "api", "blog", "late"], HOUR) == {"shop"}


def test_which_windows_were_looked_at(engine: Engine) -> None:
    partial = check(window=quarter(2), check_type=CheckType.ENDPOINTS_ONLY)
    several = [
        check(window=quarter(0)),
        check("api", quarter(1)),
        check("api", quarter(0)),
        partial,
        check("x", quarter(3)),
    ]
    with transaction(engine) as session:
        save_checks(session, several, "run", NOON)
    with reading(engine) as session:
        ended_by_half_past = Window(NOON, NOON + 2 * QUARTER + QUARTER / 3)
        assert checked_windows(session, ["api"], ended_by_half_past) == {quarter(0), quarter(1)}
        assert checked_windows(session, ["api"], Window(NOON, quarter(1).end)) == {quarter(0)}
        assert checked_windows(session, ["shop", "api"], ended_by_half_past) == {quarter(0)}


def test_evidence_that_no_database_takes_does_not_stop_a_check(engine: Engine) -> None:
    facts = (Evidence("a\x00b", math.nan), Evidence("half", "\ud800"), Evidence("big", 10**30), Evidence("none", None))
    hostile = check()
    judgement = Judgement(Verdict.WARNING, ("nul \x00", "half \ud83d"), 69.0, facts)
    hostile = replace(hostile, reasons=("\x00",), components={Component.ERRORS: judgement})
    with transaction(engine) as session:
        save_checks(session, [hostile], "run", NOON)
    with reading(engine) as session:
        found = checks(session, ["shop"], WINDOW)["shop"][0]
    assert found.reasons == ("\ufffd",)
    assert [fact.value for fact in found.components[Component.ERRORS].evidence] == [None, "?", 10**30, None]


def test_saving_nothing_is_fine(engine: Engine) -> None:
    with transaction(engine) as session:
        save_checks(session, [], "run", NOON)
    with reading(engine) as session:
        assert latest_checks(session, []) == {}
        assert checked_windows(session, [], WINDOW) == frozenset()
