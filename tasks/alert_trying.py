"""Tries rules over the stored past, before they are armed."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from tasks.alert_facts import facts_between
from tasks.store import database
from watchkeeper.config import Configuration
from watchkeeper.domain.alert_facts import AlertFacts
from watchkeeper.domain.alert_reading import MAKERS, signals_of
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import SIGNALS
from watchkeeper.domain.alert_trying import Moment, Trial, try_rule
from watchkeeper.domain.windows import Window, floor
from watchkeeper.store.database import reading

BETWEEN_PROBES: Final = timedelta(minutes=5)


def try_rules(
    configuration: Configuration, names: Collection[str], since: datetime, now: datetime
) -> tuple[Trial, ...]:
    """Return what each of these rules would have done from `since` on, with those that projects have of their own.

    A rule that is turned off is tried as if it were not.

    Raises:
        LookupError: there is no rule of that name.
        ValueError: `since` is not before now.
    """
    if since >= now:
        raise ValueError(f"a rule is tried over the past: {since:%Y-%m-%d %H:%M} is not before now")
    several = [_rules(configuration, name) for name in names]
    with reading(database()) as session:
        return tuple(_try(session, configuration, rules, Window(since, now)) for rules in several)


def _rules(configuration: Configuration, name: str) -> tuple[Rule, ...]:
    rules = configuration.alert_rules
    found = tuple(replace(rule, is_enabled=True) for rule in rules if rule.name == name)
    if not found:
        known = ", ".join(sorted({rule.name for rule in rules}))
        raise LookupError(f'there is no rule "{name}": there are {known}')
    return found


def _try(session: Session, configuration: Configuration, rules: Sequence[Rule], window: Window) -> Trial:
    signals = {rule.signal for rule in rules}
    if not signals <= set(MAKERS):
        titles = ", ".join(sorted(SIGNALS[name].title for name in signals if name in SIGNALS))
        return Trial(rules[0].name, window.end, note=f"it cannot be tried: how it was is not stored ({titles})")
    facts = facts_between(session, configuration, window, signals, is_past=True)
    history = _history(facts, window, signals)
    return try_rule(rules, history, window.end, configuration.alert_policy.timing)


def _history(facts: Sequence[AlertFacts], window: Window, signals: Collection[str]) -> Iterator[Moment]:
    """Yield what was known at the end of each check, and between two checks where it is about an endpoint."""
    moments = {check.window.end for own in facts for check in own.checks}
    if any("endpoint" in SIGNALS[name].labels for name in signals):
        moments |= {floor(probe.at, BETWEEN_PROBES) + BETWEEN_PROBES for own in facts for probe in own.probes}
    for moment in sorted(moment for moment in moments if window.start <= moment <= window.end):
        yield moment, tuple(signals_of(facts, moment, signals))
