from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON, WINDOW, probe
from watchkeeper.domain.endpoints import Probe
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.endpoints import probes, save_probes


def test_probes_come_back_oldest_first(engine: Engine) -> None:
    first, second = probe(), probe(NOON + timedelta(seconds=2), failure=None)
    other = probe(endpoint="checkout")
    bare = Probe("home", NOON, None)
    with transaction(engine) as session:
        save_probes(session, {"shop": [second, first, other], "api": [bare]})
    with reading(engine) as session:
        found = probes(session, ["shop", "api", "quiet"], WINDOW)
    assert found == {"shop": (other, first, second), "api": (bare,), "quiet": ()}


def test_the_end_of_the_window_stays_out_and_saving_twice_changes_nothing(engine: Engine) -> None:
    several = [replace(probe(), at=at) for at in (WINDOW.start, WINDOW.end)]
    for _ in range(2):
        with transaction(engine) as session:
            save_probes(session, {"shop": several})
    with reading(engine) as session:
        assert probes(session, ["shop"], WINDOW) == {"shop": (several[0],)}
