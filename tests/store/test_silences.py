from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.domain.alert_policy import Matcher, Silence
from watchkeeper.domain.run_troubles import AlertEvent
from watchkeeper.store.alert_events import end_events, open_events, save_events
from watchkeeper.store.database import transaction
from watchkeeper.store.retention import prune
from watchkeeper.store.silences import end_silence, save_silence, silence, silences

HOUR = timedelta(hours=1)
MATCHERS = (Matcher("project", "shop"), Matcher("rule", "error.*", is_regex=True, is_negated=True))
SILENCE = Silence(MATCHERS, NOON, NOON + HOUR, "Grace", "we know \x00")
EVENT = AlertEvent("retention/daily", "run-1", NOON, "the run crashed", "https://prefect.example/1")


def test_a_silence_holds_until_its_end_and_then_expires_by_itself(engine: Engine) -> None:
    with transaction(engine) as session:
        number = save_silence(session, SILENCE)
        (found,) = silences(session, NOON)
        assert found == replace(SILENCE, id=number, comment="we know \ufffd") == silence(session, number)
        assert silences(session, NOON + HOUR) == ()
        assert not end_silence(session, number, NOON + HOUR), "it is over"
        assert silence(session, 99) is None
    assert prune(engine, NOON + timedelta(days=500))["silences"] == 1


def test_a_silence_is_taken_back_once(engine: Engine) -> None:
    with transaction(engine) as session:
        number = save_silence(session, SILENCE)
        assert end_silence(session, number, NOON)
        assert not end_silence(session, number, NOON)
        assert silences(session, NOON) == ()
        assert not end_silence(session, 99, NOON)


def test_a_run_in_trouble_is_written_down_once_and_ends_once(engine: Engine) -> None:
    other = replace(EVENT, name="run-2", at=NOON + HOUR)
    with transaction(engine) as session:
        save_events(session, [EVENT, other])
        save_events(session, [replace(EVENT, sentence="told again")])
        assert open_events(session) == (EVENT, other)
        end_events(session, {"run-1"}, NOON)
        end_events(session, set(), NOON)
        save_events(session, [EVENT])
        assert open_events(session) == (other,), "what has ended does not begin again"
    assert prune(engine, NOON + timedelta(days=500))["alert_events"] == 2
