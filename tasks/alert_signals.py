"""Reads what is known now of every project and of the watch itself: what the rules of alerts look at."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from tasks.alert_facts import facts_between
from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain import alert_signals_watch as watch
from watchkeeper.domain.alert_reading import MAKERS, signals_of
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.outbox import SHOWN_FOR
from watchkeeper.domain.windows import Window
from watchkeeper.store import alert_signals
from watchkeeper.store.alert_events import open_events
from watchkeeper.store.alert_messages import lost_messages
from watchkeeper.store.channel_states import channel_states
from watchkeeper.store.database import reading

LATE_REPORT: Final = timedelta(hours=1)
LOST_REPORT: Final = timedelta(days=2)  # how long a report that was given up is told
MOMENT: Final = timedelta(seconds=1)


def read_signals(configuration: Configuration, now: datetime) -> tuple[Signal, ...]:
    """Return all signals, from the store alone; what is configured and not known has a signal without a value."""
    watched = {rule.signal for rule in configuration.alert_rules if rule.is_enabled}
    with reading(database()) as session:
        facts = facts_between(session, configuration, Window(now, now + MOMENT), watched & set(MAKERS))
        newest = max((own.checks[-1].window.end for own in facts if own.checks), default=None)
        of_watch = tuple(_of_watch(session, now))
    broken = (watch.misconfigured(project.slug, project.reason, now) for project in configuration.broken)
    online = watch.offline((own.check_at(now) for own in facts), now)
    return (*signals_of(facts, now, watched), watch.check_age(newest, now), online, *of_watch, *broken)


def _of_watch(session: Session, now: datetime) -> Iterator[Signal]:
    runs = {event.subject: event for event in open_events(session)}  # of several runs the newest
    for event in runs.values():
        yield watch.run_in_trouble(event.subject, event.sentence, event.url, event.at, now)
    for channel, circuit in channel_states(session).items():
        if circuit.opened_at is not None:
            yield watch.channel_down(channel, circuit.error, circuit.opened_at, now)
    lost = {(each.channel, each.severity): each for each in reversed(lost_messages(session, now - SHOWN_FOR))}
    for message in lost.values():  # of several the newest
        yield watch.message_lost(message, now)
    late = alert_signals.late_deliveries(session, now - LATE_REPORT, now - LOST_REPORT)
    places = {f"{each.kind} {each.destination}": each for each in reversed(late)}  # of several reports the newest
    for place, each in places.items():
        yield watch.report_undelivered(place, each.planned_at, each.error, now, is_given_up=each.is_given_up)
