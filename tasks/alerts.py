"""The passes of alerting over the store: what is wrong, who is told what. A pass that dies is made up for by the next.

Each step writes in one transaction what it has decided, by compare-and-swap: two passes at once never tell twice.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from prefect import get_run_logger

from tasks.alert_signals import read_signals
from tasks.incidents import follow_incidents, unfinished_incidents, with_incidents
from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_muting import mute
from watchkeeper.domain.alert_policy import AlertPolicy
from watchkeeper.domain.alert_rules import evaluate
from watchkeeper.domain.alert_scene import set_scene
from watchkeeper.domain.alert_summaries import failed_summaries
from watchkeeper.domain.alerts import Known, Pass, run_pass
from watchkeeper.domain.outbox import stale_messages
from watchkeeper.store.alert_messages import waiting_messages
from watchkeeper.store.alert_passes import known, save_pass
from watchkeeper.store.alert_withdrawals import renew_messages
from watchkeeper.store.alerts import open_alerts, save_alerts
from watchkeeper.store.channel_states import channel_states
from watchkeeper.store.database import reading, transaction

MOST_TRIES: Final = 5
SOON: Final = timedelta(seconds=2)


def look(configuration: Configuration, now: datetime) -> int:
    """Hold what is known against the rules, and return how many alerts have begun, changed or ended.

    What another pass changes at the same moment is left to it.
    """
    with reading(database()) as session:
        before = open_alerts(session)  # before the signals: what is newer than they are is not taken for gone
    signals = read_signals(configuration, now)
    changed = evaluate(configuration.alert_rules, signals, before, now)
    for rule, problem in {(alert.rule, each) for alert in changed for each in failed_summaries(alert.details)}:
        get_run_logger().error("Alerts of the rule %s are told in plain words: %s.", rule, problem)
    if not changed:
        return 0
    with transaction(database()) as session:
        return len(changed) - len(save_alerts(session, changed))


def decide(configuration: Configuration, now: datetime) -> datetime | None:
    """Decide who is told what, and put it into the outbox; what has waited there too long is decided again.

    Returns:
        when there is something to tell if nothing changes until then; None for never.
    """
    policy = configuration.alert_policy
    renew(policy, now)
    for _ in range(MOST_TRIES):
        with reading(database()) as session:
            found = known(session, now)
        result = _pass(found, policy, now)
        if result.is_empty:
            return result.next_due
        with transaction(database()) as session:
            if save_pass(session, result, now):
                return result.next_due
    get_run_logger().info("Others were faster %d times: deciding again in a moment.", MOST_TRIES)
    return now + SOON


def renew(policy: AlertPolicy, now: datetime) -> None:
    """Take back what has waited too long for a channel that is tried now, so that it is told what is true now."""
    with reading(database()) as session:
        stale = stale_messages(waiting_messages(session), channel_states(session), now)
    if not stale:
        return
    with transaction(database()) as session:
        audible = frozenset(mute(set_scene(known(session, now), policy, now)).alerts)
        for each in stale:
            renew_messages(session, each, audible, now)


def _pass(found: Known, policy: AlertPolicy, now: datetime) -> Pass:
    """Return what a pass decides; incidents go first, so that messages can name them."""
    result = run_pass(found, policy, now)
    follow_incidents(found, result.suppressed, now)
    if not found.groups:
        return result
    groups = with_incidents(found.groups, found.alerts, unfinished_incidents())
    return result if groups == found.groups else run_pass(replace(found, groups=groups), policy, now)
