from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.store.report_samples import DAY, plan, report
from tests.store.samples import NOON, QUARTER
from watchkeeper.domain.deliveries import ChannelKind, DeliveryState
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.report_deliveries import (
    LEASE,
    Delivery,
    DeliveryPlan,
    claim_delivery,
    deliveries,
    due_deliveries,
    known_message,
    mark_delivered,
    mark_undelivered,
    note_arrived,
    note_sending,
    plan_deliveries,
)
from watchkeeper.store.reports import save_report

ME, OTHER = "me", "other"
LATER = NOON + QUARTER


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


@pytest.fixture
def number(session: Session) -> int:
    number = save_report(session, report(), NOON)
    plan_deliveries(session, number, [plan()], NOON)
    return number


def only(session: Session, number: int) -> Delivery:
    (found,) = deliveries(session, number)
    return found


def taken(session: Session, number: int, owner: str = ME) -> Delivery:
    claimed = claim_delivery(session, only(session, number).id, owner, NOON)
    assert claimed is not None
    return claimed


def send(session: Session, number: int, ts: str = "C1:1.2", parts: tuple[str, ...] = ("F1",)) -> Delivery:
    claimed = taken(session, number)
    assert note_sending(session, claimed.id, ME, NOON)
    assert note_arrived(session, claimed.id, ME, ts, parts)
    mark_delivered(session, claimed, ME, NOON)
    return only(session, number)


def test_a_planned_delivery_waits_until_it_is_confirmed(session: Session, number: int) -> None:
    (due,) = due_deliveries(session, NOON)
    assert (due.plan, due.state, due.attempts, due.ts) == (plan(), DeliveryState.PENDING, 0, "")
    sent = send(session, number)
    assert (sent.state, sent.ts, sent.parts, sent.sent_digest) == (DeliveryState.SENT, "C1:1.2", ("F1",), "d1")
    assert (sent.sent_at, sent.unsure_since, sent.claimed_until) == (NOON, None, None)
    assert due_deliveries(session, NOON + DAY) == ()


def test_what_is_there_as_it_should_be_is_not_planned_again(session: Session, number: int) -> None:
    before = send(session, number)
    plan_deliveries(session, number, [plan()], LATER)
    assert only(session, number) == before


def test_a_report_that_says_something_else_is_sent_in_the_place_of_the_first(session: Session, number: int) -> None:
    send(session, number)
    plan_deliveries(session, number, [plan(digest="d2")], LATER)
    (due,) = due_deliveries(session, LATER)
    assert (due.state, due.ts, due.parts, due.plan.digest) == (DeliveryState.PENDING, "C1:1.2", ("F1",), "d2")
    assert (due.sent_digest, due.planned_at) == ("d1", LATER)


def test_what_is_planned_anew_while_it_is_sent_is_sent_again(session: Session, number: int) -> None:
    claimed = taken(session, number)
    note_sending(session, claimed.id, ME, NOON)
    plan_deliveries(session, number, [plan(digest="d2")], NOON)
    assert note_arrived(session, claimed.id, ME, "C1:1.2", ("F1",))
    mark_delivered(session, claimed, ME, NOON)
    (due,) = due_deliveries(session, NOON)
    assert (due.state, due.plan.digest, due.sent_digest, due.ts) == (DeliveryState.PENDING, "d2", "d1", "C1:1.2")


def test_a_place_that_is_no_longer_wanted_and_got_nothing_is_forgotten(session: Session, number: int) -> None:
    plan_deliveries(session, number, [plan("#right")], NOON)
    assert [each.plan.destination for each in deliveries(session, number)] == ["#right"]
    send(session, number)
    plan_deliveries(session, number, [], NOON)
    assert [each.plan.destination for each in deliveries(session, number)] == ["#right"]


@pytest.mark.parametrize(
    "other",
    [plan("#other"), plan(kind=ChannelKind.APPRISE), DeliveryPlan(ChannelKind.SLACK, "second", "#reports", {}, "d1")],
)
def test_places_are_told_apart(session: Session, number: int, other: DeliveryPlan) -> None:
    plan_deliveries(session, number, [plan(), other], NOON)
    assert len(deliveries(session, number)) == 2


def test_only_one_sender_has_a_delivery_until_its_claim_runs_out(session: Session, number: int) -> None:
    claimed = taken(session, number)
    assert due_deliveries(session, NOON) == ()
    assert claim_delivery(session, claimed.id, OTHER, NOON + LEASE / 2) is None
    assert claim_delivery(session, claimed.id, ME, NOON + LEASE / 2) is not None, "its owner may take it again"
    assert [each.id for each in due_deliveries(session, NOON + 2 * LEASE)] == [claimed.id]
    assert claim_delivery(session, claimed.id, OTHER, NOON + 2 * LEASE) is not None


@pytest.mark.parametrize(
    "late",
    [
        pytest.param(lambda s, d: note_sending(s, d.id, ME, LATER), id="about to send"),
        pytest.param(lambda s, d: note_arrived(s, d.id, ME, "C9:9", ()), id="after it was sent"),
    ],
)
def test_a_sender_that_was_replaced_learns_it(
    session: Session, number: int, late: Callable[[Session, Delivery], bool]
) -> None:
    claimed = taken(session, number)
    assert claim_delivery(session, claimed.id, OTHER, LATER) is not None
    assert not late(session, claimed)
    mark_delivered(session, claimed, ME, LATER)
    assert (only(session, number).state, only(session, number).ts) == (DeliveryState.PENDING, "")


def test_a_sender_that_died_while_sending_leaves_word_that_it_may_have_arrived(session: Session, number: int) -> None:
    claimed = taken(session, number)
    note_sending(session, claimed.id, ME, NOON)
    again = claim_delivery(session, claimed.id, OTHER, NOON + LEASE)
    assert again is not None
    assert again.unsure_since == NOON
    note_sending(session, claimed.id, OTHER, NOON + LEASE)
    assert only(session, number).unsure_since == NOON, "the earliest moment is what must be looked back to"


@pytest.mark.parametrize(("is_unsure", "since"), [(True, NOON), (False, None)])
def test_what_did_not_arrive_waits_for_its_time(session: Session, number: int, is_unsure: bool, since: object) -> None:  # noqa: FBT001
    claimed = taken(session, number)
    note_sending(session, claimed.id, ME, NOON)
    mark_undelivered(
        session,
        claimed.id,
        ME,
        state=DeliveryState.PENDING,
        error="Slack: does not answer",
        retry_at=LATER,
        is_unsure=is_unsure,
    )
    assert due_deliveries(session, LATER - timedelta(seconds=1)) == ()
    (due,) = due_deliveries(session, LATER)
    assert (due.error, due.unsure_since, due.attempts) == ("Slack: does not answer", since, 1)


def test_what_is_given_up_is_not_tried_again_until_it_is_planned_again(session: Session, number: int) -> None:
    claimed = taken(session, number)
    mark_undelivered(session, claimed.id, ME, state=DeliveryState.GIVEN_UP, error="no", retry_at=LATER, is_unsure=False)
    assert due_deliveries(session, NOON + 2 * DAY) == ()
    assert claim_delivery(session, claimed.id, ME, NOON + 2 * DAY) is None
    plan_deliveries(session, number, [plan()], LATER)
    assert [(each.attempts, each.error) for each in due_deliveries(session, LATER)] == [(0, "")]


def test_the_newest_message_at_a_place_tells_the_id_of_its_channel(session: Session, number: int) -> None:
    assert known_message(session, plan()) == ""
    send(session, number, ts="C77:1.2")
    assert known_message(session, plan(digest="other")) == "C77:1.2"
    assert known_message(session, plan("#other")) == ""


def test_many_senders_at_once_send_it_once(engine: Engine) -> None:
    with transaction(engine) as session:
        number = save_report(session, report(), NOON)
        plan_deliveries(session, number, [plan()], NOON)
        delivery = only(session, number).id

    def claim(sender: int) -> bool:
        with transaction(engine) as session:
            return claim_delivery(session, delivery, f"sender {sender}", NOON) is not None

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_planning_at_once_plans_it_once(engine: Engine) -> None:
    with transaction(engine) as session:
        number = save_report(session, report(), NOON)

    def again(_: int) -> None:
        with transaction(engine) as session:
            plan_deliveries(session, number, [plan()], NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(again, range(16)))
    with reading(engine) as session:
        assert len(deliveries(session, number)) == 1
