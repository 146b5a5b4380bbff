from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from tests.domain.rollback_makers import plan
from tests.domain.trigger_makers import BAD, GOOD, LIMITS, NEW, NOW, OLD, calm, looked, quiet_before
from watchkeeper.domain.rollback import AutoRollback, Mark, Point, RollbackPolicy
from watchkeeper.domain.rollback_proposals import (
    Proposed,
    TriggerHistory,
    decide_proposal,
    is_suspect,
    shadow_gap,
)
from watchkeeper.domain.rollback_triggers import NoProposal, Proposal

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HISTORY = TriggerHistory([*quiet_before(2), looked(1, BAD, GOOD), looked(0, BAD, GOOD)], {NEW[:12]: NOW - HOUR})


def decide(earlier: Sequence[Proposed] = (), **other: Any) -> Proposal | NoProposal:
    values: dict[str, Any] = {"policy": RollbackPolicy(cooldown=30 * MINUTE), "now": NOW}
    return decide_proposal(HISTORY, LIMITS, earlier=earlier, **(values | other))


def test_a_bad_release_is_proposed_to_be_left() -> None:
    found = decide()
    assert isinstance(found, Proposal)
    assert found.release == NEW


@pytest.mark.parametrize(
    ("earlier", "told"),
    [
        pytest.param(Proposed(NEW, NOW - 23 * HOUR), "was proposed at", id="the same release, within a day"),
        pytest.param(Proposed(NEW[:12], NOW - HOUR), "was proposed at", id="by its short name"),
        pytest.param(
            Proposed(OLD, NOW - 20 * MINUTE), "30 min must lie between", id="another one, within the cooldown"
        ),
    ],
)
def test_what_was_proposed_is_not_proposed_again(earlier: Proposed, told: str) -> None:
    found = decide([earlier])
    assert isinstance(found, NoProposal)
    assert told in found.reason


@pytest.mark.parametrize(
    "earlier",
    [
        pytest.param(Proposed(NEW, NOW - 25 * HOUR), id="the same release, a day ago"),
        pytest.param(Proposed(OLD, NOW - 31 * MINUTE), id="another one, before the cooldown"),
    ],
)
def test_later_it_may_be(earlier: Proposed) -> None:
    assert isinstance(decide([earlier]), Proposal)


def test_where_it_is_switched_off_the_triggers_are_watched_all_the_same() -> None:
    assert isinstance(decide(policy=RollbackPolicy(AutoRollback.OFF)), Proposal)


def test_a_plan_that_is_blocked_is_not_proposed() -> None:
    found = decide(plan=plan(Point("permission", Mark.BLOCKS, "Vercel does not let the token roll back")))
    assert isinstance(found, NoProposal)
    assert "the plan is blocked: permission" in found.reason


def test_without_checks_nothing_is_proposed() -> None:
    found = decide_proposal(TriggerHistory(), LIMITS, RollbackPolicy(), (), NOW)
    assert found == NoProposal("nobody has looked yet")


def test_only_what_is_critical_is_worth_a_look() -> None:
    assert is_suspect(looked(0, BAD, GOOD))
    assert not is_suspect(calm(0))


@pytest.mark.parametrize(
    ("hours", "told"),
    [
        pytest.param([], "they are watched for 0 s", id="never"),
        pytest.param(range(24 * 6), "seven days are needed", id="six days"),
        pytest.param(range(0, 24 * 7 + 1, 2), "only 84 of 168 hours", id="half of the hours"),
        pytest.param(range(24 * 7 + 1), "", id="seven days"),
    ],
)
def test_seven_days_of_shadow_mode_are_needed(hours: Sequence[int], told: str) -> None:
    gap = shadow_gap([NOW - hour * HOUR for hour in hours], NOW)
    assert told in gap
    assert bool(gap) == bool(told)
