from datetime import datetime, timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.domain.circuits import OPENS_AFTER, Circuit
from watchkeeper.store.channel_states import PROBE_LEASE, channel_states, claim_probe, note_failure, note_success
from watchkeeper.store.database import reading, transaction

MINUTE = timedelta(minutes=1)


def fail(engine: Engine, times: int = 1, at: datetime = NOON) -> Circuit:
    with transaction(engine) as session:
        return [note_failure(session, "slack", "503", at) for _ in range(times)][-1]


def probe(engine: Engine, at: datetime) -> bool:
    with transaction(engine) as session:
        return claim_probe(session, "slack", at)


def state(engine: Engine) -> Circuit:
    with reading(engine) as session:
        return channel_states(session)["slack"]


def test_a_channel_that_never_failed_is_not_known(engine: Engine) -> None:
    with transaction(engine) as session:
        note_success(session, "slack", NOON)
        assert channel_states(session) == {}


def test_failures_add_up_and_one_success_forgets_them(engine: Engine) -> None:
    assert fail(engine, OPENS_AFTER - 1) == state(engine) == Circuit(OPENS_AFTER - 1, error="503")
    assert fail(engine).is_open
    with transaction(engine) as session:
        note_success(session, "slack", NOON + MINUTE)
    assert state(engine) == Circuit()


def test_an_open_circuit_lets_one_message_through_at_a_time(engine: Engine) -> None:
    fail(engine, OPENS_AFTER)
    assert not probe(engine, NOON)
    assert probe(engine, NOON + MINUTE)
    assert not probe(engine, NOON + MINUTE), "somebody else tries already"
    assert probe(engine, NOON + MINUTE + PROBE_LEASE), "whoever tried has died"
    circuit = fail(engine, at=NOON + 2 * MINUTE)
    assert (circuit.opened_at, circuit.retry_at) == (NOON, NOON + 4 * MINUTE)
    assert not probe(engine, NOON + 3 * MINUTE)
    assert probe(engine, NOON + 4 * MINUTE)


def test_one_failure_that_is_certain_is_enough(engine: Engine) -> None:
    with transaction(engine) as session:
        assert note_failure(session, "slack", "the token was revoked", NOON, is_certain=True).is_open
