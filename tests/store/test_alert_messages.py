from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from tests.store.alert_samples import DIGEST, GROUP, MINUTE, message, new_group, passed
from tests.store.samples import NOON
from watchkeeper.domain.alert_passes import Pass
from watchkeeper.domain.attempts import EXPIRES_AFTER
from watchkeeper.domain.windows import Window
from watchkeeper.store.alert_groups import open_groups
from watchkeeper.store.alert_ledger import references
from watchkeeper.store.alert_messages import (
    LEASE,
    AlertMessage,
    Sent,
    add_message,
    claim_message,
    hold_messages,
    mark_failed,
    mark_sent,
    pending_messages,
    reference_of,
    sent_by_channel,
)
from watchkeeper.store.database import reading, transaction

DAY = Window(NOON, NOON + timedelta(days=1))


def add(engine: Engine, channel: str = "slack", key: str = "shop|errors", at: datetime = NOON) -> int:
    with transaction(engine) as session:
        return add_message(session, channel, replace(DIGEST, key=key), at)


def waiting(engine: Engine, now: datetime = NOON) -> list[int]:
    with reading(engine) as session:
        return [each.id for each in pending_messages(session, now)]


def claim(engine: Engine, number: int, now: datetime = NOON) -> AlertMessage | None:
    with transaction(engine) as session:
        return claim_message(session, number, now)


def sent(engine: Engine, number: int, reference: str = "", now: datetime = NOON) -> None:
    with transaction(engine) as session:
        mark_sent(session, number, reference, now)


def failed(engine: Engine, number: int, retry_at: datetime | None, now: datetime = NOON) -> bool:
    with transaction(engine) as session:
        return mark_failed(session, number, "it is down", retry_at, now)


def counts(engine: Engine) -> dict[str, Sent]:
    with reading(engine) as session:
        return sent_by_channel(session, DAY)


def test_a_message_is_claimed_once_and_sent(engine: Engine) -> None:
    number = add(engine)
    claimed = claim(engine, number)
    assert claimed is not None
    assert (claimed.digest, claimed.attempts, claimed.reference) == (replace(DIGEST, key="shop|errors"), 1, "")
    assert claim(engine, number) is None
    assert waiting(engine) == []
    sent(engine, number)
    assert waiting(engine, NOON + LEASE) == []
    assert counts(engine) == {"slack": Sent(1, 0, 0)}


def test_a_dead_sender_loses_its_claim(engine: Engine) -> None:
    number = add(engine)
    claim(engine, number)
    assert waiting(engine, NOON + LEASE - MINUTE) == []
    assert waiting(engine, NOON + LEASE) == [number]
    again = claim(engine, number, NOON + LEASE)
    assert again is not None
    assert again.attempts == 2


@pytest.mark.parametrize("retry_at", [NOON + LEASE, None], ids=["it would be tried again", "it was refused"])
def test_a_sender_that_was_replaced_takes_nothing_from_the_next_one(engine: Engine, retry_at: datetime | None) -> None:
    number = add(engine)
    late, current = claim(engine, number), claim(engine, number, NOON + LEASE)
    assert late is not None
    assert current is not None
    with transaction(engine) as session:
        assert not mark_failed(session, number, "no answer", retry_at, NOON + LEASE, attempt=late.attempts)
    assert claim(engine, number, NOON + LEASE) is None
    assert counts(engine) == {"slack": Sent(0, 0, 0, 1)}
    with transaction(engine) as session:
        mark_failed(session, number, "no answer", NOON + LEASE, NOON + LEASE, attempt=current.attempts)
    assert waiting(engine, NOON + LEASE) == [number]


def test_nothing_of_a_group_overtakes_and_other_groups_go_on(engine: Engine) -> None:
    first, second = add(engine), add(engine)
    other, elsewhere = add(engine, key="api|errors"), add(engine, channel="pager")
    assert waiting(engine) == [first, other, elsewhere]
    claim(engine, first)
    assert waiting(engine) == [other, elsewhere]
    assert not failed(engine, first, NOON + MINUTE)
    assert waiting(engine) == [other, elsewhere]
    sent(engine, first)
    assert waiting(engine) == [second, other, elsewhere]


def test_what_fails_waits_for_its_time_and_is_shown(engine: Engine) -> None:
    number = add(engine)
    claim(engine, number)
    assert not failed(engine, number, NOON + 5 * MINUTE)
    assert waiting(engine, NOON + 4 * MINUTE) == []
    assert waiting(engine, NOON + 5 * MINUTE) == [number]
    assert counts(engine) == {"slack": Sent(0, 1, 0, 1)}


@pytest.mark.parametrize(
    ("retry", "after", "is_lost"),
    [(True, EXPIRES_AFTER - MINUTE, False), (True, EXPIRES_AFTER, True), (False, MINUTE, True)],
    ids=["within a day", "after a day", "will never be taken"],
)
def test_what_is_lost_is_not_tried_again_and_is_shown(
    engine: Engine,
    retry: bool,  # noqa: FBT001
    after: timedelta,
    is_lost: bool,  # noqa: FBT001
) -> None:
    number, now = add(engine), NOON + after
    claim(engine, number, now)
    assert failed(engine, number, now if retry else None, now) is is_lost
    assert bool(waiting(engine, now)) is not is_lost
    assert counts(engine) == {"slack": Sent(0, int(not is_lost), int(is_lost), int(not is_lost))}


def test_a_channel_that_asks_for_a_pause_gets_it(engine: Engine) -> None:
    add(engine)
    elsewhere = add(engine, channel="pager")
    with transaction(engine) as session:
        hold_messages(session, "slack", NOON + MINUTE)
    assert waiting(engine) == [elsewhere]
    assert len(waiting(engine, NOON + MINUTE)) == 2


def test_a_channel_keeps_its_own_name_for_a_group(engine: Engine) -> None:
    sent(engine, add(engine), "171.001")
    sent(engine, add(engine, channel="pager"), "PD-1")
    sent(engine, add(engine), "")  # this kind of message has no name
    number = add(engine)
    with reading(engine) as session:
        assert reference_of(session, "slack", "shop|errors") == "171.001"
        assert reference_of(session, "slack", "api|errors") == ""
    claimed = claim(engine, number)
    assert claimed is not None
    assert claimed.reference == "171.001"


def test_answers_of_a_channel_are_for_the_open_groups_that_it_names(engine: Engine) -> None:
    groups = (GROUP, new_group("api"), replace(new_group("old"), closed_at=NOON))
    told = tuple(message(key=group.key, group=group.key) for group in groups)
    passed(engine, Pass(groups=groups, messages=told))
    for number in waiting(engine):
        sent(engine, number, f"OPS-{number}")
    with reading(engine) as session:
        numbers = {group.key: group.id for group in open_groups(session)}
        found = references(session, "slack")
        assert references(session, "pager") == {}
    assert sorted(found.values(), key=sorted) == [frozenset({number}) for number in sorted(numbers.values())]
