"""What people do about alerts: take them on, hand them over, end them, keep them quiet. Each is in the audit."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from tasks.store import database
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_matchers import parse_matchers, show_matchers, unknown_names
from watchkeeper.domain.alert_policy import FIELDS, Silence
from watchkeeper.domain.alert_signals import LABELS
from watchkeeper.domain.people import checked_name
from watchkeeper.domain.phrases import amount, clock
from watchkeeper.store import alert_groups
from watchkeeper.store.alert_answers import resolve_group
from watchkeeper.store.audit import write_audit
from watchkeeper.store.database import transaction
from watchkeeper.store.silences import end_silence, save_silence

LONGEST_SILENCE: Final = timedelta(days=30)  # whoever needs longer changes the rule or the route


class CannotDoError(RuntimeError):
    """What somebody asked for is not possible; the message says why and what to do."""


def acknowledge(group: int, who: str, now: datetime) -> str:
    """Take a group on: no reminder and no escalation any more. Return a sentence that says so.

    Raises:
        UnknownGroup: there is none of this number.
        ValueError: `who` is no name that can be read; the same of all that people do here.
        CannotDoError: it is over, or somebody has taken it on.
    """
    who = checked_name(who)
    with transaction(database()) as session:
        found = alert_groups.group(session, group)
        if not alert_groups.acknowledge(session, group, who, now):
            by = f"{found.acknowledged_by} has taken it on" if found.closed_at is None else "all of it is resolved"
            raise CannotDoError(f"group {group} cannot be taken on: {by} already")
        write_audit(session, who, "alerts.acknowledge", f"group {group}", {}, "done", now, project=found.project)
    return f"{who} has taken on group {group}: no reminders until something new comes to it."


def acknowledge_storm(storm: int, who: str, now: datetime) -> str:
    """Take all groups of a storm on that nobody is on yet. Return a sentence that says so.

    Raises:
        CannotDoError: it is over, there is none of this number, or somebody is on all of it.
    """
    with transaction(database()) as session:
        groups = _groups_of(session, storm)
        taken = [group for group in groups if alert_groups.acknowledge(session, group.id, who, now)]
        if not taken:
            by = ", ".join(sorted({group.acknowledged_by for group in groups}))
            raise CannotDoError(f"storm {storm} cannot be acknowledged: {by} has acknowledged all of it already")
        told = {"groups": [group.id for group in taken]}
        write_audit(session, who, "alerts.acknowledge", f"storm {storm}", told, "done", now)
    return f"{who} has acknowledged storm {storm} ({amount(len(taken), 'group')}): no reminders until something new."


def _groups_of(session: Session, storm: int) -> tuple[Group, ...]:
    groups = alert_groups.groups_of_storm(session, storm)
    if not groups:
        raise CannotDoError(f"there is no storm {storm} that goes on: `watchkeeper alerts list` shows their numbers")
    return groups


def assign(group: int, to: str, who: str, now: datetime) -> str:
    """Hand a group to somebody. Return a sentence that says so.

    Raises:
        UnknownGroup: there is none of this number.
        CannotDoError: it is over.
    """
    to, who = checked_name(to), checked_name(who)
    with transaction(database()) as session:
        found = alert_groups.group(session, group)
        if not alert_groups.assign(session, group, to, now):
            raise CannotDoError(f"group {group} cannot be assigned: all of it is resolved already")
        told = {"to": to}
        write_audit(session, who, "alerts.assign", f"group {group}", told, "done", now, project=found.project)
    return f"Group {group} is assigned to {to}."


def resolve(group: int, who: str, comment: str, now: datetime) -> str:
    """End the alerts of a group by hand. Return a sentence that says so.

    Raises:
        UnknownGroup: there is none of this number.
        CannotDoError: nothing of it fires.
    """
    who = checked_name(who)
    with transaction(database()) as session:
        found = alert_groups.group(session, group)
        ended = resolve_group(session, found, who, now)
        if not ended:
            raise CannotDoError(f"group {group} cannot be resolved: nothing of it fires any more")
        told = {"comment": comment, "alerts": [alert.fingerprint for alert in ended]}
        write_audit(session, who, "alerts.resolve", f"group {group}", told, "done", now, project=found.project)
    return f"{who} has resolved {amount(len(ended), 'alert')} of group {group}. What goes wrong again is told again."


def silence(  # noqa: PLR0913, PLR0917 - what, from when to when, who and why
    matchers: Iterable[str], starts_at: datetime, until: datetime, who: str, comment: str, now: datetime, storm: int = 0
) -> int:
    """Keep alerts quiet until a moment; return the number of the silence.

    Args:
        matchers: as `project=shop`; all must match.
        storm: only what belongs to the storm of this number; 0 for whatever matches.

    Raises:
        ValueError: a matcher cannot be read, or names what no alert has.
        CannotDoError: it would match everything, or its time is over, or too long, or the storm is over.
    """
    who, wanted = checked_name(who), parse_matchers(matchers)
    if unknown := unknown_names(wanted, LABELS):
        known = ", ".join((*FIELDS, *sorted(LABELS)))
        raise ValueError(f'no alert has a field or label "{unknown[0]}": there are {known}')
    if not wanted and not storm:
        raise CannotDoError("a silence needs a matcher, as project=shop: without one nobody would hear of anything")
    if until <= max(now, starts_at):
        raise CannotDoError(f"a silence must end after it begins, and not in the past: {clock(until)} is over")
    if until - now > LONGEST_SILENCE:
        days = f"{LONGEST_SILENCE.days} days"
        raise CannotDoError(f"a silence may last {days}: for longer, change the rule or the route")
    with transaction(database()) as session:
        if storm:
            _groups_of(session, storm)
        number = save_silence(session, Silence(wanted, starts_at, until, who, comment, storm=storm))
        told = {"matchers": show_matchers(wanted), "storm": storm, "until": until.isoformat(), "comment": comment}
        write_audit(session, who, "alerts.silence", f"silence {number}", told, "done", now)
    return number


def unsilence(number: int, who: str, now: datetime) -> str:
    """Take a silence back before its time. Return a sentence that says so.

    Raises:
        CannotDoError: there is none of this number, or it is over.
    """
    who = checked_name(who)
    with transaction(database()) as session:
        if not end_silence(session, number, now):
            raise CannotDoError(f"there is no silence {number} that holds: `watchkeeper alerts silences` lists them")
        write_audit(session, who, "alerts.unsilence", f"silence {number}", {}, "done", now)
    return f"Silence {number} has ended."
