from datetime import UTC, datetime, timedelta

import pytest

from watchkeeper.domain.attempts import EXPIRES_AFTER
from watchkeeper.domain.deliveries import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    ChannelKind,
    Delivered,
    Outcome,
    is_given_up,
    try_again_at,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("attempts", "asked", "pause"),
    [
        pytest.param(0, None, FIRST_PAUSE, id="before the first"),
        pytest.param(1, None, FIRST_PAUSE, id="after the first"),
        pytest.param(2, None, 2 * FIRST_PAUSE, id="twice as long each time"),
        pytest.param(5, None, 80 * MINUTE, id="the fifth"),
        pytest.param(6, None, LONGEST_PAUSE, id="never longer than the longest"),
        pytest.param(10**6, None, LONGEST_PAUSE, id="however often"),
        pytest.param(1, 30 * MINUTE, 30 * MINUTE, id="as the vendor asked"),
        pytest.param(1, MINUTE, FIRST_PAUSE, id="not sooner because the vendor would let us"),
    ],
)
def test_each_pause_is_longer_up_to_a_bound(attempts: int, asked: timedelta | None, pause: timedelta) -> None:
    assert try_again_at(NOON, attempts, asked) == NOON + pause


@pytest.mark.parametrize(
    ("next_try", "ends"),
    [
        pytest.param(NOON + EXPIRES_AFTER, False, id="within the day"),
        pytest.param(NOON + EXPIRES_AFTER + SECOND, True, id="just after it"),
    ],
)
def test_after_a_day_it_ends(next_try: datetime, ends: bool) -> None:  # noqa: FBT001
    assert is_given_up(NOON, next_try) is ends


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_is_wholly_there_has_arrived(outcome: Outcome) -> None:
    there = {Outcome.SENT, Outcome.UPDATED, Outcome.UNCHANGED}
    assert Delivered(ChannelKind.SLACK, "#reports", outcome, "").arrived is (outcome in there)
