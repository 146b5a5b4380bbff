from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.domain.hours import HourState, SourceCoverage, SourceHour
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.metrics import (
    HourProgress,
    hour_progress,
    hour_states,
    hours_done,
    save_source_hours,
    source_hours,
)

HOUR = timedelta(hours=1)
DAY = Window(NOON, NOON + timedelta(days=1))


def hour_of(
    number: int = 0,
    state: HourState = HourState.COMPLETE,
    reason: str = "",
    source: str = "sentry",
    project: str = "shop",
) -> SourceHour:
    return SourceHour(project, NOON + number * HOUR, source, state, reason)


def save(engine: Engine, *hours: SourceHour, minutes: int = 0) -> None:
    with transaction(engine) as session:
        save_source_hours(session, hours, NOON + timedelta(minutes=minutes))


INCOMPLETE, NOT_CONFIGURED = HourState.INCOMPLETE, HourState.NOT_CONFIGURED


def test_hours_come_back_and_the_newest_word_counts(engine: Engine) -> None:
    hours = (hour_of(), hour_of(1, INCOMPLETE, "it is \x00 dówn"), hour_of(1, source="vercel"))
    save(engine, *hours)
    save(engine, hour_of(1), hour_of(source="vercel", project="api"), minutes=5)
    save(engine)
    with reading(engine) as session:
        found = source_hours(session, ["shop", "api", "new"], DAY)
    assert set(found["shop"]) == {hour_of(), hour_of(1), hour_of(1, source="vercel")}
    assert (found["api"], found["new"]) == ((hour_of(source="vercel", project="api"),), ())


def test_how_many_hours_each_source_has_told_and_why_not_more(engine: Engine) -> None:
    save(
        engine,
        hour_of(0),
        hour_of(1, INCOMPLETE, "down"),
        hour_of(2, INCOMPLETE, "down"),
        hour_of(3, INCOMPLETE, "refused"),
        hour_of(4, NOT_CONFIGURED, source="vercel"),
        hour_of(30),
    )
    with reading(engine) as session:
        found = hour_states(session, ["shop", "api"], DAY)
    assert found == {
        "shop": {
            "sentry": SourceCoverage(1, 3, 0, (("down", 2), ("refused", 1))),
            "vercel": SourceCoverage(0, 0, 1, ()),
        },
        "api": {},
    }


def test_how_far_hours_have_come(engine: Engine) -> None:
    save(engine, hour_of(0, INCOMPLETE, "down"), hour_of(1), hour_of(2, NOT_CONFIGURED))
    save(
        engine,
        hour_of(0, INCOMPLETE, "down", project="api"),
        SourceHour("api", NOON + HOUR, "sentry", INCOMPLETE, "it was not running", is_final=True),
        hour_of(1, source="vercel"),
        minutes=5,
    )
    with reading(engine) as session:
        found = hour_progress(session, {"shop": {"sentry"}, "api": {"sentry"}}, DAY)
        assert hours_done(session, ["shop", "api"], DAY) == 2
        assert hours_done(session, ["shop"], DAY) == 3
    assert found == {NOON: HourProgress(0, 2, NOON), NOON + HOUR: HourProgress(2, 2, None)}
