"""How a move of production begins and ends, in tables."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchkeeper.domain.moves import (
    GRACE,
    LONGEST_NOTE,
    Moved,
    MoveKind,
    MoveOrder,
    MoveOutcome,
    ProjectState,
    RollbackNote,
    Step,
    judge_progress,
    judge_start,
    note_of,
)
from watchkeeper.domain.production import AliasJob, AliasRequest, Production, RollingRelease

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
BAD, GOOD, OTHER = "dpl_bad", "dpl_good", "dpl_other"
BEFORE = NOW - timedelta(minutes=45)  # by the vendor's clock
BACK = MoveOrder(
    7, MoveKind.ROLLBACK, "", "prj_shop", GOOD, "a1b2c3d", BAD, started_at=NOW, request_before=BEFORE, mark="c0ffee00"
)
FORTH = replace(BACK, rollback=8, kind=MoveKind.PROMOTE, expected=GOOD)
OURS = RollbackNote("watchkeeper #7 c0ffee00: it was bad", "watch", NOW)


def request(
    to: str = GOOD, job: AliasJob = AliasJob.SUCCEEDED, kind: str = "rollback", minutes: float = 0
) -> AliasRequest:
    return AliasRequest(kind, BAD, to, job, NOW + timedelta(minutes=minutes))


def state(
    serves: str | None = BAD,
    last: AliasRequest | None = None,
    *,
    note: RollbackNote | None = None,
    rolling: RollingRelease | None = None,
    assigns: bool = True,
) -> ProjectState:
    return ProjectState(Production("prj_shop", "shop", serves, assigns, last, rolling), None, note=note)


ROLLING = RollingRelease("active", GOOD, BAD, 25.0)
STARTS = [
    pytest.param(state(), BACK, Step.ASK, id="nobody has asked yet"),
    pytest.param(state(last=request(minutes=-600)), BACK, Step.ASK, id="an old move to the target is not this one"),
    pytest.param(state(last=request(job=AliasJob.PENDING)), BACK, Step.WATCH, id="it is asked for already"),
    pytest.param(state(last=request(job=AliasJob.IN_PROGRESS, minutes=-600)), BACK, Step.WATCH, id="by somebody else"),
    pytest.param(state(last=request(), note=OURS), BACK, Step.WATCH, id="called done, and production stays"),
    pytest.param(
        state(last=request(minutes=-30), note=OURS), BACK, Step.WATCH, id="the note counts more than clocks that differ"
    ),
    pytest.param(
        state(last=request(minutes=-600), note=replace(OURS, text="watchkeeper #7 0ddba11e: it was bad")),
        BACK,
        Step.ASK,
        id="the record of that number of another installation",
    ),
    pytest.param(
        state(last=request(job=AliasJob.FAILED, minutes=-5)), FORTH, MoveOutcome.FAILED, id="clocks five minutes apart"
    ),
    pytest.param(state(last=request(minutes=-45)), FORTH, MoveOutcome.REFUSED, id="a promotion before this one"),
    pytest.param(state(GOOD), BACK, MoveOutcome.MOVED, id="an attempt before this one has done it"),
    pytest.param(state(GOOD), replace(BACK, started_at=None), MoveOutcome.ALREADY_THERE, id="it was there before"),
    pytest.param(state(last=request(job=AliasJob.FAILED)), BACK, MoveOutcome.FAILED, id="the attempt before failed"),
    pytest.param(state(OTHER), BACK, MoveOutcome.REFUSED, id="a newer release serves than was planned for"),
    pytest.param(state(None), BACK, MoveOutcome.REFUSED, id="nothing serves"),
    pytest.param(state(OTHER), replace(BACK, expected=""), Step.ASK, id="whatever serves"),
    pytest.param(
        state(last=request(OTHER, AliasJob.IN_PROGRESS)), BACK, MoveOutcome.REFUSED, id="somebody moves it elsewhere"
    ),
    pytest.param(state(GOOD, rolling=ROLLING), BACK, Step.ASK, id="the base of a rolling release is not all of it"),
    pytest.param(
        state(GOOD, request(minutes=-60), assigns=False), FORTH, Step.ASK, id="what serves is promoted to end custody"
    ),
    pytest.param(state(GOOD), replace(FORTH, started_at=None), MoveOutcome.ALREADY_THERE, id="no custody to end"),
]


@pytest.mark.parametrize(("found", "order", "expected"), STARTS)
def test_how_it_begins(found: ProjectState, order: MoveOrder, expected: Step | MoveOutcome) -> None:
    start = judge_start(found, order)
    assert (start.outcome if isinstance(start, Moved) else start) is expected


LATE = GRACE + timedelta(seconds=1)
SOON = timedelta(seconds=1)
OLD = request(OTHER, minutes=-600)
PROGRESS = [
    pytest.param(state(GOOD, request()), BACK, LATE, MoveOutcome.MOVED, id="there"),
    pytest.param(state(GOOD, request(job=AliasJob.IN_PROGRESS)), BACK, LATE, None, id="some domains are still to move"),
    pytest.param(state(last=request(job=AliasJob.PENDING)), BACK, LATE, None, id="under way"),
    pytest.param(state(last=request(job=AliasJob.FAILED)), BACK, SOON, MoveOutcome.FAILED, id="the job failed"),
    pytest.param(
        state(last=request(job=AliasJob.FAILED, minutes=-30)), BACK, SOON, MoveOutcome.FAILED, id="with clocks apart"
    ),
    pytest.param(state(last=request()), BACK, SOON, None, id="done by its word, not by its state: for a moment"),
    pytest.param(state(last=request()), BACK, LATE, MoveOutcome.NOT_MOVED, id="done by its word, and production stays"),
    pytest.param(state(last=request(job=AliasJob.SKIPPED)), BACK, LATE, MoveOutcome.NOT_MOVED, id="skipped"),
    pytest.param(state(last=OLD), BACK, LATE, None, id="not begun yet"),
    pytest.param(state(OTHER, request(OTHER, minutes=1)), BACK, SOON, MoveOutcome.NOT_MOVED, id="somebody was quicker"),
    pytest.param(
        state(BAD, rolling=RollingRelease("active", BAD, GOOD, 5.0)), FORTH, SOON, MoveOutcome.STARTED, id="rolls out"
    ),
    pytest.param(
        state(GOOD, request(kind="rollback", minutes=-60), assigns=False), FORTH, SOON, None, id="custody goes on"
    ),
    pytest.param(state(GOOD, request(kind="promote")), FORTH, SOON, MoveOutcome.MOVED, id="custody is over"),
]


@pytest.mark.parametrize(("found", "order", "waited", "expected"), PROGRESS)
def test_how_it_ends(found: ProjectState, order: MoveOrder, waited: timedelta, expected: MoveOutcome | None) -> None:
    moved = judge_progress(found, order, OLD, waited, was_lost=False)
    assert (moved and moved.outcome) is expected


@pytest.mark.parametrize(("waited", "expected"), [(SOON, None), (LATE, MoveOutcome.UNKNOWN)])
def test_a_lost_answer_without_a_trace_is_unknown(waited: timedelta, expected: MoveOutcome | None) -> None:
    moved = judge_progress(state(last=OLD), BACK, OLD, waited, was_lost=True)
    assert (moved and moved.outcome) is expected


@given(st.integers(1, 10**9), st.text(max_size=400))
def test_a_note_is_found_again_and_fits(number: int, reason: str) -> None:
    order = replace(BACK, rollback=number, reason=reason)
    note = note_of(order)
    found = state(last=request(minutes=-600), note=RollbackNote(note, "", NOW))
    assert len(note) <= LONGEST_NOTE
    assert "\n" not in note
    assert judge_start(found, order) is Step.WATCH
    assert judge_start(found, replace(order, rollback=number + 1)) is Step.ASK
    assert judge_start(found, replace(order, mark="0ddba11e")) is Step.ASK
