from dataclasses import replace
from datetime import timedelta

import pytest

from tests.domain.makers import at
from tests.domain.rollback_makers import evidence, plan, rollback
from watchkeeper.domain.rollback import AutoRollback, RollbackKind, RollbackPolicy, RollbackState, Source
from watchkeeper.domain.rollback_requests import Asked, first_request, request_of, why_not_undone
from watchkeeper.domain.second_look import look_twice
from watchkeeper.domain.verdicts import Verdict

COULD = "the one that can be taken back is 6"
ASKED = Asked("shop", requested_by="Ada", reason="checkout fails", dry_run=False)


@pytest.mark.parametrize(
    ("auto", "is_dry", "needs_approval"),
    [
        pytest.param(AutoRollback.OFF, True, True, id="off: a plan only"),
        pytest.param(AutoRollback.PROPOSE, True, True, id="propose: a plan only"),
        pytest.param(AutoRollback.APPROVE_THEN_RUN, False, True, id="approve then run: it waits for a YES"),
        pytest.param(AutoRollback.AUTOMATIC, False, False, id="automatic: nobody is asked"),
    ],
)
def test_an_event_goes_as_far_as_the_project_allows(auto: AutoRollback, *, is_dry: bool, needs_approval: bool) -> None:
    asked = Asked("shop", event_id="e-1", dry_run=False, force="shop")
    request = request_of(asked, RollbackPolicy(auto=auto), "run-1", ())
    assert (request.dry_run, request.needs_approval) == (is_dry, needs_approval)
    assert (request.source, request.requested_by) == (Source.AUTOMATIC, "watchkeeper")
    assert not request.is_forced, "no event can force anything"


@pytest.mark.parametrize("auto", AutoRollback)
def test_a_person_never_does_without_approval(auto: AutoRollback) -> None:
    assert request_of(ASKED, RollbackPolicy(auto=auto), "run-1", ()).needs_approval


def test_what_is_written_down_first_spares_nobody_anything() -> None:
    asked = replace(ASKED, force="shop", target="dpl_1", rollout_percentage=5.0)
    first = first_request(asked, "run-1")
    assert (first.needs_approval, first.is_forced, first.flow_run_id, first.target_asked) == (
        True,
        False,
        "run-1",
        "dpl_1",
    )
    assert Asked(**first.asked) == asked, "all that was asked can be read again"
    automatic = first_request(Asked("shop", event_id="e-1", dry_run=False), "run-1")
    assert (automatic.needs_approval, automatic.source) == (True, Source.AUTOMATIC)


def test_what_is_not_said_only_shows_the_plan_and_takes_the_times_of_the_project() -> None:
    policy = RollbackPolicy(approval_timeout=timedelta(minutes=7), verify_for=timedelta(minutes=3))
    request = request_of(Asked("shop"), policy, "run-1", ())
    assert request.dry_run
    assert (request.approval_timeout, request.verify_for) == (timedelta(minutes=7), timedelta(minutes=3))


def test_to_force_it_the_slug_must_be_typed() -> None:
    assert request_of(replace(ASKED, force="shop"), RollbackPolicy(), "run-1", ()).is_forced
    with pytest.raises(ValueError, match="type the slug of the project, shop"):
        request_of(replace(ASKED, force="yes"), RollbackPolicy(), "run-1", ())


def test_an_undo_takes_the_last_rollback_back_that_moved_production() -> None:
    undo = replace(ASKED, action="undo")
    earlier = [
        rollback(RollbackState.DECLINED, id=9),
        rollback(RollbackState.UNDONE, id=8, moved_at=at(5)),
        rollback(RollbackState.SUCCEEDED, id=7, kind=RollbackKind.PROMOTE, moved_at=at(6)),
        rollback(RollbackState.SUCCEEDED, id=6, moved_at=at(7)),
    ]
    assert request_of(undo, RollbackPolicy(), "run-1", earlier).undoes == 6
    with pytest.raises(ValueError, match="nothing to take back"):
        request_of(undo, RollbackPolicy(), "run-1", earlier[:3])


def test_where_two_are_needed_who_asks_must_be_known() -> None:
    two = RollbackPolicy(two_person=True, approvers=("Ada Okafor <ada@acme.example>", "Grace"), requesters=("Zoe",))
    nameless = replace(ASKED, requested_by="  ")
    for action in ("rollback", "promote"):
        with pytest.raises(ValueError, match="`requested_by`: shop needs two people"):
            request_of(replace(nameless, action=action), two, "run-1", ())
    assert request_of(replace(nameless, dry_run=True), two, "run-1", ()).dry_run, "a plan needs nobody"
    assert request_of(nameless, RollbackPolicy(), "run-1", ()).requested_by == "somebody without a name"
    assert request_of(replace(ASKED, requested_by=" ADA@acme.example "), two, "run-1", ()).requested_by == "Ada Okafor"
    assert request_of(replace(ASKED, requested_by="zoe"), two, "run-1", ()).requested_by == "Zoe"
    event = Asked("shop", event_id="e-1")
    alone = RollbackPolicy(auto=AutoRollback.APPROVE_THEN_RUN, two_person=True)
    assert request_of(event, alone, "run-1", ()).requested_by == "watchkeeper"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("Ada", "'Ada' is not listed; did you mean 'Ada Okafor'?", id="a first name"),
        pytest.param("Mallory", "so who asks must be one of Ada Okafor and Grace", id="somebody else"),
        pytest.param("Mallory <ada@acme.example>", "is not listed", id="an address under another name"),
        pytest.param("Gra\u200bce", "such as U+200B", id="a zero-width space"),
        pytest.param("Gr\u0430ce", "mixes letters that look alike, Cyrillic and Latin", id="a letter that looks alike"),
        pytest.param("Watchkeeper", "is no person", id="our own name"),
        pytest.param("somebody without a name", "is not listed", id="what stands where no name does"),
    ],
)
def test_where_two_are_needed_an_unlisted_name_is_refused_with_the_way_out(name: str, words: str) -> None:
    two = RollbackPolicy(two_person=True, approvers=("Ada Okafor <ada@acme.example>", "Grace"))
    with pytest.raises(ValueError, match="`requested_by`") as caught:
        request_of(replace(ASKED, requested_by=name), two, "run-1", ())
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["\u200b", "A\x1b[2Jda", "Ada\nGrace approved it", "watchkeeper"])
def test_a_name_that_no_person_has_is_refused_everywhere(name: str) -> None:
    with pytest.raises(ValueError, match="`requested_by`"):
        request_of(replace(ASKED, requested_by=name, dry_run=True), RollbackPolicy(), "run-1", ())


def test_who_gives_a_name_is_a_person_whatever_event_is_typed_beside_it() -> None:
    policy = RollbackPolicy(auto=AutoRollback.AUTOMATIC, two_person=True, approvers=("Ada", "Grace"))
    request = request_of(replace(ASKED, event_id="e-1"), policy, "run-1", ())
    assert (request.source, request.requested_by, request.needs_approval) == (Source.MANUAL, "Ada", True)
    with pytest.raises(ValueError, match="is not listed"):
        request_of(replace(ASKED, requested_by="Mallory", event_id="e-1"), policy, "run-1", ())


@pytest.mark.parametrize(
    ("number", "wrong"),
    [
        pytest.param(6, "", id="the last one that stands"),
        pytest.param(8, "rollback 8 is taken back already; " + COULD, id="taken back before"),
        pytest.param(5, "rollback 5 is not the last one of shop that has moved production; that is 6", id="earlier"),
        pytest.param(9, "rollback 9 has not moved production; " + COULD, id="it did nothing"),
        pytest.param(7, "7 is no rollback (promote): only one that is can be taken back; " + COULD, id="no rollback"),
    ],
)
def test_only_what_would_be_taken_back_can_be_named(number: int, wrong: str) -> None:
    earlier = [
        rollback(RollbackState.DECLINED, id=9),
        rollback(RollbackState.UNDONE, id=8, moved_at=at(5)),
        rollback(RollbackState.SUCCEEDED, id=7, kind=RollbackKind.PROMOTE, moved_at=at(6)),
        rollback(RollbackState.SUCCEEDED, id=6, moved_at=at(7)),
        rollback(RollbackState.SUCCEEDED, id=5, moved_at=at(8)),
    ]
    named = next(each for each in earlier if each.id == number)
    assert why_not_undone(named, earlier) == wrong
    if wrong:
        assert why_not_undone(named, earlier[:3]).endswith("nothing can be taken back")


@pytest.mark.parametrize(
    ("kind", "asks_again"),
    [(RollbackKind.ROLLBACK, True), (RollbackKind.PROMOTE, False), (RollbackKind.UNDO, False)],
)
def test_recovery_speaks_against_a_rollback_and_against_nothing_else(kind: RollbackKind, *, asks_again: bool) -> None:
    asked = rollback(kind=kind)
    well = evidence(verdict=Verdict.HEALTHY, reasons=("all is well",))
    assert look_twice(asked, plan(), well).must_confirm_again is asks_again


def test_what_nobody_can_see_is_taken_to_be_as_it_was() -> None:
    assert not look_twice(rollback(), plan(), None).must_confirm_again
