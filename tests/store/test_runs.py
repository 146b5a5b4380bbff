from sqlalchemy import Engine

from tests.store.samples import NOON, WINDOW, quarter
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.runs import FlowRun, flow_runs, save_flow_run


def test_runs_are_found_by_the_window_they_saved(engine: Engine) -> None:
    first = FlowRun("a", "health-check", WINDOW, 3, NOON)
    second = FlowRun("b", "health-check", WINDOW, 1, quarter(1).end)
    catching_up = FlowRun("b", "health-check", quarter(1), 3, quarter(1).end)
    for run in (second, first, catching_up, first):
        with transaction(engine) as session:
            save_flow_run(session, run)
    with reading(engine) as session:
        assert flow_runs(session, WINDOW) == (first, second)
        assert flow_runs(session, quarter(2)) == ()
