from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.makers import at, production
from watchkeeper.domain.production import AliasJob, AliasRequest, RollingRelease
from watchkeeper.domain.rollback_moves import MoveState, judge_move, judge_percentage

STARTED = at(5)


def request(job: AliasJob, to: str = "old", minutes: float = 4) -> AliasRequest:
    return AliasRequest("rollback", "new", to, job, at(minutes))


@pytest.mark.parametrize(
    ("serving", "last", "started", "state"),
    [
        pytest.param("new", None, None, MoveState.NOT_STARTED, id="nobody has done anything"),
        pytest.param("new", None, STARTED, MoveState.NOT_STARTED, id="the call has not arrived"),
        pytest.param("old", None, None, MoveState.DONE, id="there already"),
        pytest.param("old", request(AliasJob.SUCCEEDED), STARTED, MoveState.DONE, id="done"),
        pytest.param("new", request(AliasJob.SUCCEEDED), STARTED, MoveState.STUCK, id="said to be done, but stays"),
        pytest.param("new", request(AliasJob.PENDING), STARTED, MoveState.UNDER_WAY, id="under way"),
        pytest.param("old", request(AliasJob.IN_PROGRESS), STARTED, MoveState.UNDER_WAY, id="some domains moved"),
        pytest.param("new", request(AliasJob.UNKNOWN), STARTED, MoveState.UNDER_WAY, id="a word that is not known"),
        pytest.param("new", request(AliasJob.FAILED), STARTED, MoveState.FAILED, id="failed"),
        pytest.param("old", request(AliasJob.FAILED), STARTED, MoveState.FAILED, id="failed, with some domains moved"),
        pytest.param("new", request(AliasJob.FAILED, minutes=60), STARTED, MoveState.NOT_STARTED, id="an older one"),
        pytest.param("new", request(AliasJob.SUCCEEDED), None, MoveState.NOT_STARTED, id="not by us"),
        pytest.param("new", request(AliasJob.PENDING, "other"), STARTED, MoveState.ELSEWHERE, id="somebody else moves"),
        pytest.param("other", None, STARTED, MoveState.ELSEWHERE, id="somebody else has moved"),
        pytest.param(None, None, STARTED, MoveState.ELSEWHERE, id="nothing serves"),
    ],
)
def test_what_became_of_a_move(
    serving: str | None, last: AliasRequest | None, started: object, state: MoveState
) -> None:
    started_at = STARTED if started else None
    move = judge_move(production(serving, last_alias_request=last), "new", "old", started_at, at(30))
    assert move.state is state
    assert move.reason
    assert move.state.may_call is (state is MoveState.NOT_STARTED)


@pytest.mark.parametrize("minutes", [-600, -6, 0, 6, 600])
def test_how_far_the_vendors_clock_is_from_ours_does_not_matter(minutes: float) -> None:
    """Its moments are compared with each other alone."""
    before = STARTED + timedelta(minutes=minutes)
    mine = AliasRequest("rollback", "new", "old", AliasJob.PENDING, before + timedelta(milliseconds=1))
    older = replace(mine, job=AliasJob.FAILED, requested_at=before)
    for request, state in ((mine, MoveState.UNDER_WAY), (older, MoveState.NOT_STARTED)):
        move = judge_move(production("new", last_alias_request=request), "new", "old", STARTED, before)
        assert move.state is state


@pytest.mark.parametrize(
    ("state", "target", "before", "expected"),
    [
        pytest.param("active", "old", "new", MoveState.NOT_STARTED, id="the base serves, but not all visitors"),
        pytest.param("aborted", "old", "new", MoveState.DONE, id="aborted"),
        pytest.param("active", "new", "old", MoveState.DONE, id="promoted step by step"),
    ],
)
def test_a_rolling_release(state: str, target: str, before: str, expected: MoveState) -> None:
    rolling = RollingRelease(state, "old", "new", 25.0)
    assert judge_move(production("old", rolling_release=rolling), before, target, STARTED).state is expected


@pytest.mark.parametrize(
    ("value", "state"),
    [(0.0, MoveState.DONE), (50.0, MoveState.NOT_STARTED), (20.0, MoveState.ELSEWHERE), (None, MoveState.ELSEWHERE)],
)
def test_a_percentage(value: float | None, state: MoveState) -> None:
    for started_at in (STARTED, None):
        assert judge_percentage(value, 50.0, 0.0, started_at).state is state
