from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.domain.rollback_makers import plan
from tests.domain.trigger_makers import BAD, GOOD, LIMITS, NEW, NOW, OLD, calm, looked, quiet_before
from watchkeeper.domain.production import AliasJob, AliasRequest
from watchkeeper.domain.rollback import AutoRollback, Mark, Point, RollbackPolicy
from watchkeeper.domain.rollback_proposals import (
    Proposed,
    TriggerHistory,
    decide_proposal,
    held_since,
    is_suspect,
    reminder_day,
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


def move(kind: str, hours: float, job: AliasJob = AliasJob.SUCCEEDED) -> AliasRequest:
    return AliasRequest(kind, "dpl_a", "dpl_b", job, NOW - hours * HOUR)


@pytest.mark.parametrize(
    ("moves", "since"),
    [
        pytest.param([], None, id="no move"),
        pytest.param([move("rollback", 5)], NOW - 5 * HOUR, id="a rollback"),
        pytest.param([move("rollback", 5), move("promote", 2)], None, id="promoted since"),
        pytest.param([move("rollback", 5), move("promote", 2, AliasJob.FAILED)], NOW - 5 * HOUR, id="in vain"),
    ],
)
def test_custody_begins_with_the_last_rollback(moves: list[AliasRequest], since: datetime | None) -> None:
    assert held_since(moves) == since


BERLIN = ZoneInfo("Europe/Berlin")
ROLLED_BACK = datetime(2026, 9, 22, 13, 0, tzinfo=UTC)  # three in the afternoon there


@pytest.mark.parametrize(
    ("now", "day"),
    [
        pytest.param(ROLLED_BACK + 6 * HOUR, None, id="the same evening"),
        pytest.param(datetime(2026, 9, 23, 6, 59, tzinfo=UTC), None, id="the next morning, before nine"),
        pytest.param(datetime(2026, 9, 23, 7, 0, tzinfo=UTC), date(2026, 9, 23), id="the next morning at nine"),
        pytest.param(datetime(2026, 9, 24, 6, 59, tzinfo=UTC), date(2026, 9, 23), id="the same reminder all day"),
        pytest.param(datetime(2026, 9, 24, 7, 0, tzinfo=UTC), date(2026, 9, 24), id="every morning"),
    ],
)
def test_custody_is_recalled_every_morning(now: datetime, day: date | None) -> None:
    assert reminder_day(ROLLED_BACK, now, BERLIN) == day


def test_custody_of_unknown_age_is_recalled_too() -> None:
    assert reminder_day(None, ROLLED_BACK, BERLIN) == date(2026, 9, 22)
