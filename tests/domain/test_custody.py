"""Custody that somebody ends in Vercel is over for us as well; nothing less than that ends it."""

from typing import Any

import pytest

from tests.domain.makers import WINDOW, at
from tests.domain.rollback_makers import rollback
from watchkeeper.domain.custody import why_over
from watchkeeper.domain.production import AliasJob, AliasRequest, Production
from watchkeeper.domain.rollback import RollbackState

HELD = rollback(RollbackState.SUCCEEDED, moved_at=at(40), finished_at=at(20))
PROMOTED = "somebody has promoted another release in Vercel: the custody is over"
SWITCHED = "somebody has let new builds go live again in Vercel: the custody is over"


def asked(kind: str, job: AliasJob = AliasJob.SUCCEEDED) -> AliasRequest:
    return AliasRequest(kind, "dpl_old", "dpl_new", job, at(10))


@pytest.mark.parametrize(
    ("auto", "request_", "expected"),
    [
        pytest.param(True, asked("promote"), PROMOTED, id="promoted"),
        pytest.param(None, asked("promote"), PROMOTED, id="promoted, and the setting is not said"),
        pytest.param(False, asked("promote"), PROMOTED, id="promoted where builds never went live by themselves"),
        pytest.param(True, asked("rollback"), SWITCHED, id="the setting was switched on"),
        pytest.param(True, None, SWITCHED, id="the setting is on, and nothing is said of moves"),
        pytest.param(False, asked("rollback"), "", id="still held"),
        pytest.param(None, asked("rollback"), "", id="not said"),
        pytest.param(False, asked("promote", AliasJob.FAILED), "", id="the promotion failed"),
        pytest.param(False, asked("promote", AliasJob.PENDING), "", id="the promotion is under way"),
        pytest.param(False, asked("unknown"), "", id="a move that nobody can name"),
        pytest.param(False, None, "", id="no move is known"),
    ],
)
def test_what_vercel_says(auto: bool | None, request_: AliasRequest | None, expected: str) -> None:  # noqa: FBT001
    assert why_over(HELD, (), Production("prj", "shop", "dpl_new", auto, request_), WINDOW.start) == expected


@pytest.mark.parametrize(
    ("other", "under_way"),
    [
        pytest.param({"finished_at": None}, (), id="it is not over yet"),
        pytest.param({"finished_at": at(14)}, (), id="it was not over when the window began"),
        pytest.param({}, (rollback(RollbackState.EXECUTING, id=8),), id="we are just moving production ourselves"),
    ],
)
def test_when_it_says_nothing(other: dict[str, Any], under_way: tuple[Any, ...]) -> None:
    held = rollback(RollbackState.SUCCEEDED, **({"moved_at": at(40), "finished_at": at(20)} | other))
    promoted = Production("prj", "shop", "dpl_new", True, asked("promote"))
    assert why_over(held, under_way, promoted, WINDOW.start) == ""
