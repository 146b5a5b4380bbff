"""What holds for everything that waits to be sent, whatever it is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests.store.alert_samples import DIGEST, MINUTE
from tests.store.report_samples import plan, report
from tests.store.samples import NOON
from watchkeeper.domain.deliveries import DeliveryState
from watchkeeper.store import alert_messages, notices, report_deliveries
from watchkeeper.store.alert_messages import AlertMessageRow, add_message, claim_message, mark_failed
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.notices import Notice, NoticeKind, NoticeRow, claim_notice, mark_notice_failed, write_notice
from watchkeeper.store.report_deliveries import ReportDeliveryRow, claim_delivery, mark_undelivered, plan_deliveries
from watchkeeper.store.reports import save_report
from watchkeeper.store.tables import Base, table_of

LEASE = max(alert_messages.LEASE, notices.LEASE, report_deliveries.LEASE)
UNFIT = "half a character \ud83d and nothing \x00"
CLEAN = "half a character ? and nothing \ufffd"


@dataclass(frozen=True)
class Kind:
    """One kind of what waits. `claim`: by a sender of that name, at that moment."""

    model: type[Base]
    add: Callable[[Session], object]
    claim: Callable[[Session, str, datetime], object]
    give_back: Callable[[Session, str], object]


def add_report(session: Session) -> None:
    plan_deliveries(session, save_report(session, report(), NOON), [plan()], NOON)


def give_report_back(session: Session, owner: str) -> None:
    again, state = NOON + MINUTE, DeliveryState.PENDING
    mark_undelivered(session, 1, owner, state=state, error=UNFIT, retry_at=again, is_unsure=False)


KINDS = [
    pytest.param(
        Kind(
            AlertMessageRow,
            lambda s: add_message(s, "slack", DIGEST, NOON),
            lambda s, _, now: claim_message(s, 1, now),
            lambda s, _: mark_failed(s, 1, UNFIT, NOON + MINUTE, NOON),
        ),
        id="alert",
    ),
    pytest.param(
        Kind(
            ReportDeliveryRow,
            add_report,
            lambda s, owner, now: claim_delivery(s, 1, owner, now),
            give_report_back,
        ),
        id="report",
    ),
    pytest.param(
        Kind(
            NoticeRow,
            lambda s: write_notice(s, Notice("shop", NoticeKind.PROPOSAL, "shop/1", NOON, channel="#releases")),
            lambda s, _, now: claim_notice(s, 1, now) or None,
            lambda s, _: mark_notice_failed(s, 1, UNFIT, NOON + MINUTE),
        ),
        id="notice",
    ),
]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, engine: Engine) -> Kind:
    found: Kind = request.param
    with transaction(engine) as session:
        found.add(session)
    return found


def claims(engine: Engine, kind: Kind, sender: str, now: datetime = NOON) -> bool:
    with transaction(engine) as session:
        return kind.claim(session, sender, now) is not None


def row(engine: Engine, kind: Kind) -> tuple[object, ...]:
    column = table_of(kind.model).c
    with reading(engine) as session:
        found = session.connection().execute(select(column.attempts, column.claimed_until, column.error))
        return tuple(found.one())


def test_of_many_senders_at_once_one_has_it(engine: Engine, kind: Kind) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda sender: claims(engine, kind, f"sender {sender}"), range(16))) == 1
    assert row(engine, kind)[0] == 1


def test_a_dead_sender_loses_it_to_one_other(engine: Engine, kind: Kind) -> None:
    assert claims(engine, kind, "first")
    assert not claims(engine, kind, "second", NOON + report_deliveries.LEASE / 2)
    assert [claims(engine, kind, sender, NOON + LEASE) for sender in ("second", "third")] == [True, False]
    assert row(engine, kind)[0] == 2


def test_it_is_given_back_whatever_the_vendor_has_answered(engine: Engine, kind: Kind) -> None:
    assert claims(engine, kind, "first")
    with transaction(engine) as session:
        kind.give_back(session, "first")
    assert row(engine, kind) == (1, None, CLEAN)
    assert claims(engine, kind, "second", NOON + MINUTE)
