from datetime import timedelta

from watchkeeper.domain.time_saved import Assumptions, Watched, time_saved

MINUTE = timedelta(minutes=1)


def test_every_assumption_is_said_with_its_number() -> None:
    found = time_saved(Watched(checks=672, days=7, projects=1, incidents=2, attributed=1))
    assert found.total == (21 * 5 + 2 * 20 + 25 + 30) * MINUTE
    assert found.assumptions == (
        "672 health checks, of which a person would have made 21 by hand (3 a day and project, 5 min each): 105 min",
        "2 incidents found, 20 min by hand each: 40 min",
        "1 cause named, 25 min by hand each: 25 min",
        "1 project summed up, 30 min by hand each: 30 min",
    )


def test_fewer_checks_than_a_person_would_make_save_less() -> None:
    found = time_saved(Watched(checks=4, days=7, projects=0, incidents=0, attributed=0))
    assert found.total == 20 * MINUTE


def test_assumptions_can_be_others() -> None:
    assumed = Assumptions(looks_a_day=1, look=10 * MINUTE, report=timedelta(0))
    assert time_saved(Watched(96, 1, 1, 0, 0), assumed).total == 10 * MINUTE


def test_nothing_watched_is_nothing_saved() -> None:
    assert time_saved(Watched(0, 0, 0, 0, 0)).total == timedelta(0)
