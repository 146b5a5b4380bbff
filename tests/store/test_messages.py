from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.store.samples import NOON, QUARTER, check, quarter
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.messages import (
    LEASE,
    Plan,
    claim_message,
    last_told,
    mark_failed,
    mark_sent,
    pending_messages,
    plan_message,
    plan_messages,
    withdraw_messages,
    withdraw_passed,
)

CRITICAL = Plan("shop", "#releases", Verdict.CRITICAL, "5.1 % of requests fail", quarter(0))
HEALTHY = replace(CRITICAL, verdict=Verdict.HEALTHY, reason="all is well", window=quarter(1))
LATER = NOON + QUARTER
CHANNEL = ("shop", "#releases")


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    with transaction(engine) as session:
        yield session


def tell(session: Session, plan: Plan, ts: str) -> None:
    plan_message(session, plan, NOON)
    message = pending_messages(session, NOON)[0]
    assert claim_message(session, message.id, NOON)
    mark_sent(session, message.id, ts, NOON)


def test_a_planned_message_waits_until_it_is_sent(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    message = pending_messages(session, NOON)[0]
    assert (message.plan, message.told, message.attempts) == (CRITICAL, None, 0)
    assert last_told(session, ["shop"]) == {}
    assert claim_message(session, message.id, NOON)
    mark_sent(session, message.id, "171.001", NOON + LEASE / 2)
    assert pending_messages(session, LATER) == ()
    told = last_told(session, ["shop", "api"])
    assert list(told) == [CHANNEL]
    assert (told[CHANNEL].verdict, told[CHANNEL].ts) == (Verdict.CRITICAL, "171.001")
    assert told[CHANNEL].sent_at == told[CHANNEL].posted_at == NOON + LEASE / 2


def test_the_same_change_seen_again_is_the_same_message(session: Session) -> None:
    for window in (quarter(0), quarter(0), quarter(1)):
        plan_messages(session, [replace(CRITICAL, window=window)], NOON)
    assert [message.plan.window for message in pending_messages(session, NOON)] == [quarter(1)]


def test_what_was_told_is_not_told_again(session: Session) -> None:
    tell(session, CRITICAL, "171.001")
    plan_message(session, replace(CRITICAL, window=quarter(1)), LATER)
    assert pending_messages(session, LATER) == ()


def test_there_and_back_again_is_told_each_time(session: Session) -> None:
    for number, plan in enumerate((CRITICAL, HEALTHY, CRITICAL, HEALTHY)):
        tell(session, plan, str(number))
    assert last_told(session, ["shop"])[CHANNEL].ts == "3"


def test_the_message_before_comes_with_it_so_that_it_can_be_edited(session: Session) -> None:
    tell(session, CRITICAL, "171.001")
    plan_message(session, HEALTHY, LATER)
    message = pending_messages(session, LATER)[0]
    assert message.told is not None
    assert (message.told.verdict, message.told.ts) == (Verdict.CRITICAL, "171.001")
    mark_sent(session, message.id, message.told.ts, LATER, posted_at=message.told.posted_at)
    told = last_told(session, ["shop"])[CHANNEL]
    assert (told.verdict, told.posted_at, told.sent_at) == (Verdict.HEALTHY, NOON, LATER)


def test_of_several_changes_that_wait_only_the_last_is_told(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    plan_message(session, HEALTHY, LATER)
    assert [message.plan.verdict for message in pending_messages(session, LATER)] == [Verdict.HEALTHY]
    plan_message(session, CRITICAL, LATER)
    assert [message.plan.verdict for message in pending_messages(session, LATER)] == [Verdict.CRITICAL]


def test_a_change_that_passed_before_it_was_told_can_be_withdrawn_and_come_back(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    assert withdraw_messages(session, ["shop"], NOON) == 1
    assert pending_messages(session, NOON) == ()
    plan_message(session, CRITICAL, LATER)
    assert len(pending_messages(session, LATER)) == 1


def test_a_check_that_returned_to_what_was_told_takes_the_waiting_message_back(session: Session) -> None:
    tell(session, HEALTHY, "171.001")
    plans = [CRITICAL, replace(CRITICAL, project="api"), replace(CRITICAL, channel="#other")]
    plan_messages(session, plans, NOON)
    still_critical = check(window=quarter(1), verdict=Verdict.CRITICAL)
    earlier = check(window=Window(NOON - QUARTER, NOON), verdict=Verdict.HEALTHY)
    partial = check(window=quarter(1), verdict=Verdict.HEALTHY, check_type=CheckType.ENDPOINTS_ONLY)
    for kept in (still_critical, earlier, partial):
        withdraw_passed(session, [kept], NOON)
        assert len(pending_messages(session, NOON)) == 3
    withdraw_passed(session, [check(window=quarter(1), verdict=Verdict.HEALTHY)], NOON)
    left = [(message.plan.project, message.plan.channel) for message in pending_messages(session, NOON)]
    assert left == [("api", "#releases"), ("shop", "#other")]


def test_only_one_sender_gets_a_message(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    message = pending_messages(session, NOON)[0].id
    assert claim_message(session, message, NOON)
    assert not claim_message(session, message, NOON + LEASE / 2)
    assert pending_messages(session, NOON + LEASE / 2) == ()
    assert withdraw_messages(session, ["shop"], NOON + LEASE / 2) == 0


def test_a_sender_that_died_is_replaced_when_its_claim_runs_out(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    message = pending_messages(session, NOON)[0].id
    assert claim_message(session, message, NOON)
    assert [each.attempts for each in pending_messages(session, NOON + LEASE)] == [1]
    assert claim_message(session, message, NOON + LEASE)


def test_a_message_that_failed_waits_for_its_time(session: Session) -> None:
    plan_message(session, CRITICAL, NOON)
    message = pending_messages(session, NOON)[0].id
    assert claim_message(session, message, NOON)
    mark_failed(session, message, "Slack answered 503", LATER)
    assert pending_messages(session, LATER - timedelta(seconds=1)) == ()
    assert [each.id for each in pending_messages(session, LATER)] == [message]


def test_channels_and_projects_are_told_apart(session: Session) -> None:
    tell(session, CRITICAL, "171.001")
    plans = [CRITICAL, replace(CRITICAL, channel="#other"), replace(CRITICAL, project="api")]
    plan_messages(session, plans, LATER)
    assert {(each.plan.project, each.plan.channel) for each in pending_messages(session, LATER)} == {
        ("shop", "#other"),
        ("api", "#releases"),
    }


def test_a_plan_of_a_failed_transaction_is_never_told(engine: Engine) -> None:
    def plan_and_fail() -> None:
        with transaction(engine) as session:
            plan_message(session, CRITICAL, NOON)
            raise KeyError

    with pytest.raises(KeyError):
        plan_and_fail()
    with reading(engine) as session:
        assert pending_messages(session, NOON) == ()


def test_many_senders_at_once_send_it_once(engine: Engine) -> None:
    with transaction(engine) as session:
        plan_message(session, CRITICAL, NOON)
        message = pending_messages(session, NOON)[0].id

    def claim(_: int) -> bool:
        with transaction(engine) as session:
            return claim_message(session, message, NOON)

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(16))) == 1


def test_many_planners_at_once_plan_it_once(engine: Engine) -> None:
    def plan(_: int) -> None:
        with transaction(engine) as session:
            plan_message(session, CRITICAL, NOON)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(plan, range(16)))
    with reading(engine) as session:
        assert len(pending_messages(session, NOON)) == 1
