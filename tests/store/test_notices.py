from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.notices import (
    LEASE,
    Notice,
    NoticeKind,
    claim_notice,
    mark_emitted,
    mark_notice_failed,
    mark_notice_sent,
    notices,
    pending_notices,
    untold_events,
    write_notice,
)
from watchkeeper.store.projects import forget_project
from watchkeeper.store.retention import prune

MINUTE = timedelta(minutes=1)
NOTICE = Notice("shop", NoticeKind.PROPOSAL, "shop/1", NOON, {"release": "abc"}, "#releases", is_event=True)


def write(engine: Engine, notice: Notice = NOTICE) -> bool:
    with transaction(engine) as session:
        return write_notice(session, notice)


def pending(engine: Engine, after: timedelta = timedelta()) -> tuple[Notice, ...]:
    with reading(engine) as session:
        return pending_notices(session, NOON + after)


def test_what_is_written_down_once_is_not_written_down_again(engine: Engine) -> None:
    assert write(engine)
    assert not write(engine)
    with reading(engine) as session:
        ((found,), none) = notices(session, ["shop", "api"], [NoticeKind.PROPOSAL], NOON).values()
    assert (found.name, found.content, none) == ("shop/1", {"release": "abc"}, ())


@pytest.mark.parametrize(
    "other",
    [
        Notice("api", NoticeKind.PROPOSAL, "shop/1", NOON),
        Notice("shop", NoticeKind.SHADOW, "shop/1", NOON),
        Notice("shop", NoticeKind.PROPOSAL, "shop/2", NOON),
    ],
    ids=["another project", "another kind", "another name"],
)
def test_another_one_is_told_as_well(engine: Engine, other: Notice) -> None:
    assert write(engine)
    assert write(engine, other)


def test_one_sender_takes_it_and_a_dead_one_loses_it(engine: Engine) -> None:
    write(engine)
    (waiting,) = pending(engine)
    with transaction(engine) as session:
        assert claim_notice(session, waiting.id, NOON)
        assert not claim_notice(session, waiting.id, NOON)
    assert pending(engine) == ()
    assert pending(engine, LEASE) == (waiting,)
    with transaction(engine) as session:
        mark_notice_sent(session, waiting.id, "1.2", NOON)
    assert pending(engine, LEASE) == ()


def test_what_failed_waits_and_is_given_up_after_a_day(engine: Engine) -> None:
    write(engine)
    (waiting,) = pending(engine)
    with transaction(engine) as session:
        assert claim_notice(session, waiting.id, NOON)
        mark_notice_failed(session, waiting.id, "Slack is down", NOON + 5 * MINUTE)
    assert pending(engine, 4 * MINUTE) == ()
    assert len(pending(engine, 5 * MINUTE)) == 1
    assert pending(engine, timedelta(days=1, minutes=1)) == ()


def test_without_a_channel_nobody_is_told_and_without_an_event_no_automation(engine: Engine) -> None:
    write(engine, Notice("shop", NoticeKind.SHADOW, "1", NOON))
    with reading(engine) as session:
        assert untold_events(session, NOON) == ()
    assert pending(engine) == ()


def test_an_event_is_emitted_once(engine: Engine) -> None:
    write(engine)
    with transaction(engine) as session:
        (untold,) = untold_events(session, NOON)
        mark_emitted(session, untold.id, NOON)
        assert untold_events(session, NOON) == ()


def test_it_goes_after_a_long_time_and_with_its_project(engine: Engine) -> None:
    write(engine)
    write(engine, Notice("api", NoticeKind.SHADOW, "2026-11-21", NOON))
    with transaction(engine) as session:
        assert forget_project(session, "shop")["notices"] == 1
    assert prune(engine, NOON + timedelta(days=500))["notices"] == 1
