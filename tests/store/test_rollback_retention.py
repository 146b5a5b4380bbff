from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine, text

from tests.store.samples import NOON
from watchkeeper.domain.rollback import RollbackRequest, RollbackState, Way
from watchkeeper.store.audit import write_audit
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.projects import forget_project
from watchkeeper.store.retention import prune
from watchkeeper.store.rollbacks import RollbackChanges, advance, end_custody, open_rollback

LONG_AFTER = NOON + timedelta(days=500)
TABLES = ("rollbacks", "rollback_events", "audit")
REQUEST = RollbackRequest("shop", "Ada", "x", "run-1", dry_run=False, require_approval=False, may_run_alone=True)
TO_THE_END = (
    RollbackState.REQUESTED,
    RollbackState.PLANNED,
    RollbackState.APPROVED,
    RollbackState.EXECUTING,
    RollbackState.VERIFYING,
    RollbackState.SUCCEEDED,
)


def open_and_go(engine: Engine, request: RollbackRequest, *states: RollbackState) -> None:
    changes: RollbackChanges = {"way": Way.VERCEL}
    with transaction(engine) as session:
        number = open_rollback(session, request, NOON).id
        for expected, to in pairwise(states):
            assert advance(session, number, expected, to, changes, "x", "x", NOON)
        write_audit(session, "Ada", "open", f"rollback {number}", {}, "ok", NOON, project=request.project)


def counts(engine: Engine) -> list[int]:
    with reading(engine) as session:
        connection = session.connection()
        return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in TABLES]  # noqa: S608


def test_what_is_over_goes_after_a_long_time_with_its_timeline(engine: Engine) -> None:
    open_and_go(engine, REQUEST, RollbackState.REQUESTED, RollbackState.FAILED)
    prune(engine, NOON + timedelta(days=390))
    assert counts(engine) == [1, 2, 1]
    prune(engine, LONG_AFTER)
    assert counts(engine) == [0, 0, 0]


@pytest.mark.parametrize("states", [TO_THE_END[:1], TO_THE_END[:3], TO_THE_END])
def test_what_is_under_way_or_keeps_builds_from_going_live_never_goes(
    engine: Engine, states: tuple[RollbackState, ...]
) -> None:
    open_and_go(engine, REQUEST, *states)
    prune(engine, LONG_AFTER)
    assert counts(engine)[0] == 1


def test_after_custody_it_goes(engine: Engine) -> None:
    open_and_go(engine, REQUEST, *TO_THE_END)
    with transaction(engine) as session:
        end_custody(session, "shop", "Ada", "promoted", NOON)
    prune(engine, LONG_AFTER)
    assert counts(engine)[0] == 0


def test_a_forgotten_project_takes_its_ways_back_with_it(engine: Engine) -> None:
    open_and_go(engine, REQUEST, *TO_THE_END)
    open_and_go(engine, replace(REQUEST, project="api", flow_run_id="run-2"), *TO_THE_END)
    with transaction(engine) as session:
        deleted = forget_project(session, "shop")
    assert {name: count for name, count in deleted.items() if count} == {"rollbacks": 1, "audit": 1}
    assert counts(engine) == [1, len(TO_THE_END), 1]
