"""What has not arrived is taken back as if it had never been; what may have arrived is told by its last word."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.store.alert_samples import DIGEST, MINUTE, NOTIFICATION, passed, what_is_known
from tests.store.samples import NOON
from watchkeeper.domain.alert_groups import Group, Reason, Told, group_key
from watchkeeper.domain.alert_passes import Message, Pass
from watchkeeper.domain.alert_values import AlertStatus
from watchkeeper.domain.outbox import Stale, Waiting, stale_messages
from watchkeeper.store.alert_groups import group
from watchkeeper.store.alert_ledger import ledger_of
from watchkeeper.store.alert_messages import claim_message, lost_messages, mark_failed, mark_sent, waiting_messages
from watchkeeper.store.alert_withdrawals import renew_messages, take_back_lost
from watchkeeper.store.database import reading, transaction

LATER = NOON + 10 * MINUTE
A, B = "shop/a", "shop/b"
GROUP = Group(group_key("shop", "errors"), "shop", "errors", NOON, NOON + 5 * MINUTE)
PAUSE = timedelta(minutes=15)


def told(reason: Reason, sequence: int, firing: Iterable[str], resolved: Iterable[str] = ()) -> Message:
    """Return a message of the group that says what fires after it."""
    is_over = not list(firing)
    entry = replace(
        NOTIFICATION,
        group=GROUP.key,
        reason=reason,
        sequence=sequence,
        firing=frozenset(firing),
        resolved=frozenset(resolved),
        people=(),
    )
    status = AlertStatus.RESOLVED if is_over else AlertStatus.FIRING
    return Message("slack", replace(DIGEST, reason=reason, status=status, acknowledged_by="", people=()), (entry,))


FIRST = told(Reason.FIRST, 1, [A])
MORE = told(Reason.NEW_IN_GROUP, 2, [A, B])
LESS = told(Reason.SOME_RESOLVED, 3, [B], [A])
OVER = told(Reason.ALL_RESOLVED, 3, [], [A, B])
CALL = told(Reason.ESCALATION, 2, [A])


def tell(engine: Engine, *messages: Message) -> None:
    """Save a pass for each message."""
    for message in messages:
        known = {each.key: each for each in what_is_known(engine).groups}
        (entry,) = message.notifications
        before = known.get(GROUP.key, GROUP)
        channels = {"slack": Told(entry.sequence, entry.firing, NOON)}
        closed_at = None if entry.firing else NOON
        after = replace(before, channels=channels, closed_at=closed_at)
        assert passed(engine, Pass(groups=(after,), messages=(message,)))


def waiting(engine: Engine) -> list[Waiting]:
    with reading(engine) as session:
        return list(waiting_messages(session))


def arrive(engine: Engine, number: int) -> None:
    with transaction(engine) as session:
        assert claim_message(session, number, NOON)
        mark_sent(session, number, "171.1", NOON)


def lose_answer(engine: Engine, number: int) -> None:
    with transaction(engine) as session:
        assert claim_message(session, number, NOON)
        assert not mark_failed(session, number, "no answer", NOON, NOON, is_unsure=True)


def renew(engine: Engine, audible: Iterable[str] = (A, B), now: datetime = LATER) -> None:
    for stale in stale_messages(waiting(engine), {}, now):
        with transaction(engine) as session:
            renew_messages(session, stale, frozenset(audible), now)


def entries(engine: Engine) -> list[tuple[int, str, set[str], set[str]]]:
    with reading(engine) as session:
        found = [entry.notification for entry in ledger_of(session, 1)]
    return [(each.sequence, each.reason.value, set(each.firing), set(each.resolved)) for each in found]


def knowledge(engine: Engine) -> Told:
    with reading(engine) as session:
        return group(session, 1).channels["slack"]


def test_what_did_not_arrive_has_never_been(engine: Engine) -> None:
    tell(engine, FIRST, MORE, LESS)
    renew(engine)
    assert (waiting(engine), entries(engine), knowledge(engine)) == ([], [], Told())
    with reading(engine) as session:
        assert group(session, 1).due_at == NOON + 5 * MINUTE, "it is decided again now"


def test_what_has_arrived_stays(engine: Engine) -> None:
    tell(engine, FIRST)
    arrive(engine, 1)
    tell(engine, MORE, LESS)
    renew(engine)
    assert waiting(engine) == []
    assert entries(engine) == [(1, "first", {A}, set())]
    assert (knowledge(engine).sequence, knowledge(engine).firing) == (1, frozenset({A}))


def test_the_end_that_is_owed_is_kept_and_the_way_to_it_is_not(engine: Engine) -> None:
    tell(engine, FIRST)
    arrive(engine, 1)
    tell(engine, MORE, OVER)
    renew(engine)
    (left,) = waiting(engine)
    assert (left.id, left.reason) == (3, Reason.ALL_RESOLVED)
    assert entries(engine)[1:] == [(2, "all_resolved", set(), {A, B})]


def test_what_may_have_arrived_is_told_by_its_last_word(engine: Engine) -> None:
    tell(engine, FIRST)
    lose_answer(engine, 1)
    tell(engine, MORE, LESS)
    renew(engine)
    (left,) = waiting(engine)
    assert (left.id, left.reason, left.unsure_since) == (3, Reason.FIRST, NOON)
    assert entries(engine) == [(1, "some_resolved", {B}, {A})]
    assert (knowledge(engine).sequence, knowledge(engine).firing) == (1, frozenset({B}))


def test_an_end_follows_what_may_have_arrived(engine: Engine) -> None:
    tell(engine, FIRST)
    lose_answer(engine, 1)
    tell(engine, MORE, OVER)
    renew(engine)
    (left,) = waiting(engine)
    assert (left.reason, left.unsure_since) == (Reason.ALL_RESOLVED, NOON)


def test_what_may_have_arrived_and_nobody_may_hear_now_waits(engine: Engine) -> None:
    tell(engine, FIRST)
    lose_answer(engine, 1)
    renew(engine, audible=())
    (left,) = waiting(engine)
    assert not left.is_due(LATER)
    assert entries(engine) == [(1, "first", {A}, set())]
    renew(engine, now=LATER + MINUTE)
    assert waiting(engine)[0].is_due(LATER + MINUTE)


def test_a_call_for_somebody_is_not_taken_back(engine: Engine) -> None:
    tell(engine, FIRST, CALL)
    renew(engine)
    (left,) = waiting(engine)
    assert (left.id, left.reason) == (2, Reason.ESCALATION)
    assert entries(engine) == [(1, "escalation", {A}, set())]


def test_a_call_for_what_is_over_and_never_arrived_is(engine: Engine) -> None:
    tell(engine, FIRST, CALL, OVER)
    renew(engine)
    assert (waiting(engine), entries(engine)) == ([], [])


@pytest.mark.parametrize("faster", ["claimed", "sent", "more of it"])
def test_who_is_too_late_changes_nothing(engine: Engine, faster: str) -> None:
    tell(engine, FIRST)
    (stale,) = stale_messages(waiting(engine), {}, LATER)
    if faster == "more of it":
        tell(engine, MORE)
    else:
        with transaction(engine) as session:
            assert claim_message(session, 1, LATER)
            if faster == "sent":
                mark_sent(session, 1, "", LATER)
    before = entries(engine)
    with transaction(engine) as session:
        renew_messages(session, stale, frozenset({A}), LATER)
    assert entries(engine) == before
    assert knowledge(engine).firing


def test_what_is_refused_is_taken_back_with_all_behind_it_and_told_after_a_pause(engine: Engine) -> None:
    tell(engine, FIRST, MORE)
    with transaction(engine) as session:
        message = claim_message(session, 1, NOON)
        assert message is not None
        assert mark_failed(session, 1, "refused", None, NOON)
        take_back_lost(session, message, NOON, PAUSE)
    assert (waiting(engine), entries(engine)) == ([], [])
    assert knowledge(engine) == Told(retry_at=NOON + PAUSE)
    with reading(engine) as session:
        (lost,) = lost_messages(session, NOON)
    assert (lost.channel, lost.error, lost.fingerprints) == ("slack", "refused", frozenset({A}))


def test_a_lost_message_is_made_up_for_by_a_later_one(engine: Engine) -> None:
    test_what_is_refused_is_taken_back_with_all_behind_it_and_told_after_a_pause(engine)
    tell(engine, FIRST)
    (left,) = waiting(engine)
    arrive(engine, left.id)
    with reading(engine) as session:
        assert lost_messages(session, NOON) == ()


def test_one_message_of_several_groups_is_taken_back_for_all(engine: Engine) -> None:
    keys = [group_key(project, "errors") for project in ("shop", "api")]
    groups = tuple(
        replace(GROUP, key=key, channels={"slack": Told(1, frozenset({A}), NOON, "watchkeeper/storm/1")})
        for key in keys
    )
    told_of = tuple(replace(NOTIFICATION, group=key, firing=frozenset({A}), resolved=frozenset()) for key in keys)
    storm = Message("slack", replace(DIGEST, key="watchkeeper/storm/1", reason=Reason.FIRST), told_of)
    assert passed(engine, Pass(groups=groups, messages=(storm,)))
    stale = Stale("slack", "watchkeeper/storm/1", tuple(waiting(engine)), is_kept=False)
    with transaction(engine) as session:
        renew_messages(session, stale, frozenset({A}), LATER)
    assert waiting(engine) == []
    assert {each.channels["slack"] for each in what_is_known(engine).groups} == {Told()}
