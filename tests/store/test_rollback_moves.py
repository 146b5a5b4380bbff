from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.store.samples import NOON
from watchkeeper.domain.rollback import RollbackRequest, RollbackState
from watchkeeper.store.database import transaction
from watchkeeper.store.rollback_moves import LEASE
from watchkeeper.store.rollbacks import advance, claim_move, note_call, open_rollback, release_move, rollback

REQUEST = RollbackRequest(
    "shop", "Ada", "checkout fails", "run-1", dry_run=False, require_approval=False, may_run_alone=True
)
STATES = (RollbackState.REQUESTED, RollbackState.PLANNED, RollbackState.APPROVED, RollbackState.EXECUTING)
SECOND = timedelta(seconds=1)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


@pytest.fixture
def executing(session: Session) -> int:
    return opened(session, RollbackState.EXECUTING)


def opened(session: Session, until: RollbackState) -> int:
    number = open_rollback(session, REQUEST, NOON).id
    for expected, to in pairwise(STATES):
        if expected is until:
            break
        assert advance(session, number, expected, to, {}, "run-1", "x", NOON)
    return number


@pytest.mark.parametrize("state", STATES[:-1])
def test_only_what_is_being_executed_can_be_claimed(session: Session, state: RollbackState) -> None:
    assert claim_move(session, opened(session, state), "a", NOON) is None


def test_one_run_at_a_time_may_change_production(session: Session, executing: int) -> None:
    claim = claim_move(session, executing, "a", NOON)
    assert claim is not None
    assert (claim.started_at, claim.calls, claim.until) == (None, 0, NOON + LEASE)
    assert not note_call(session, executing, "b", NOON)
    assert note_call(session, executing, "a", NOON)
    assert claim_move(session, executing, "b", NOON + LEASE - SECOND) is None
    assert claim_move(session, executing, "a", NOON + SECOND) is not None


def test_before_the_vendor_is_called_nobody_waits_for_a_run_that_may_be_dead(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    claim = claim_move(session, executing, "b", NOON + SECOND)
    assert claim is not None
    assert claim.started_at is None
    assert not note_call(session, executing, "a", NOON + SECOND), "who lives all the same may not call any more"
    assert not release_move(session, executing, "a"), "nor does it say how the move has ended"
    assert note_call(session, executing, "b", NOON + SECOND)
    assert claim_move(session, executing, "a", NOON + SECOND) is None


def test_a_call_is_noted_before_it_is_made_and_only_once(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    assert note_call(session, executing, "a", NOON + SECOND)
    assert not note_call(session, executing, "a", NOON + 2 * SECOND)
    current = rollback(session, executing)
    assert current is not None
    assert current.move_started_at == NOON + SECOND


def test_who_takes_over_knows_that_the_vendor_may_have_been_called(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    note_call(session, executing, "a", NOON)
    claim = claim_move(session, executing, "b", NOON + LEASE)
    assert claim is not None
    assert (claim.started_at, claim.calls) == (NOON, 1)
    assert not note_call(session, executing, "b", NOON + LEASE)
    assert note_call(session, executing, "b", NOON + LEASE, again=True)
    claim = claim_move(session, executing, "b", NOON + LEASE)
    assert claim is not None
    assert (claim.started_at, claim.calls) == (NOON, 2)


def test_who_was_away_for_too_long_may_not_call_any_more(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    assert not note_call(session, executing, "a", NOON + LEASE)
    claim_move(session, executing, "b", NOON + LEASE)
    assert not note_call(session, executing, "a", NOON + LEASE)


def test_a_clock_that_was_put_back_holds_nobody_up(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    note_call(session, executing, "a", NOON)
    assert claim_move(session, executing, "b", NOON) is None
    assert claim_move(session, executing, "b", NOON - SECOND) is not None
    assert not note_call(session, executing, "a", NOON - SECOND)


def test_a_claim_can_be_given_back(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    note_call(session, executing, "a", NOON)
    assert not release_move(session, executing, "b")
    assert claim_move(session, executing, "b", NOON) is None
    assert release_move(session, executing, "a")
    assert claim_move(session, executing, "b", NOON) is not None


def test_after_the_move_nobody_may_call(session: Session, executing: int) -> None:
    claim_move(session, executing, "a", NOON)
    states = RollbackState.EXECUTING, RollbackState.VERIFYING
    assert advance(session, executing, *states, {}, "a", "moved", NOON)
    assert not note_call(session, executing, "a", NOON)
    assert claim_move(session, executing, "a", NOON) is None
