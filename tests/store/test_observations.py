import math
from dataclasses import replace

from sqlalchemy import Engine

from tests.store.samples import NOON, WINDOW, observation, quarter
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.observations import observations, save_observations

HOUR = Window(NOON, quarter(4).start)


def test_one_series_comes_back_oldest_first(engine: Engine) -> None:
    series = [observation(quarter(number), number / 100) for number in range(4)]
    other = replace(series[0], metric="crash_free_rate")
    with transaction(engine) as session:
        save_observations(session, [*reversed(series), other])
    with reading(engine) as session:
        assert observations(session, ["shop", "api"], HOUR, "sentry", "error_rate") == {
            "shop": tuple(series),
            "api": (),
        }


def test_measuring_again_replaces_the_value(engine: Engine) -> None:
    for value in (0.1, 0.2):
        with transaction(engine) as session:
            save_observations(session, [observation(value=value), observation(value=value, release="other")])
    with reading(engine) as session:
        found = observations(session, ["shop"], WINDOW, "sentry", "error_rate")["shop"]
    assert [(each.release, each.value) for each in found] == [(observation().release, 0.2), ("other", 0.2)]


def test_what_is_no_number_was_not_measured(engine: Engine) -> None:
    with transaction(engine) as session:
        save_observations(session, [observation(value=math.nan), observation(quarter(1), math.inf)])
    with reading(engine) as session:
        assert observations(session, ["shop"], HOUR, "sentry", "error_rate") == {"shop": ()}
