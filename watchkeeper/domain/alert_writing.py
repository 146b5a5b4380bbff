"""What a channel is told, in words and numbers: the digest of one group, or of many that are told together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from heapq import nsmallest
from typing import Final

from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_escalation import Step
from watchkeeper.domain.alert_groups import Group, Reason
from watchkeeper.domain.alert_scene import Scene
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.phrases import amount, span

MOST_LINES: Final = 5
LONGEST_KEY: Final = 255
SHORT_SHA: Final = 7
_QUIET: Final = 2  # rank of what is silenced, in maintenance or explained
_RANKS: Final = _QUIET + 1

BySeverity = Sequence[Sequence[tuple[str, Alert]]]  # fingerprints and alerts, the gravest first


@dataclass(frozen=True, slots=True)
class Content:
    """What one message is about.

    Attributes:
        groups: never empty; several for a storm.
        firing: fingerprints that the channel knows to be firing after it; new: those of them that it learns by it.
        gone: fingerprints that it is told to be resolved.
        acknowledged: fingerprints of a storm that somebody is on already, while nobody is on others.
        people: whom it addresses; announced, overridden: as in `Digest`.
    """

    key: str
    reason: Reason
    groups: Sequence[Group]
    firing: frozenset[str]
    new: frozenset[str]
    gone: frozenset[str]
    step: Step | None = None
    acknowledged: frozenset[str] = frozenset()
    people: tuple[str, ...] = ()
    announced: str = ""
    overridden: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    """What a message is headed by: title, severity, counts and age come from these alone.

    Attributes:
        alerts: fingerprints; empty when nothing is known of what is told.
        is_firing: False when they are resolved.
    """

    alerts: frozenset[str]
    is_firing: bool


def digest_key(group: Group) -> str:
    """Return what the messages of a group have in common on one channel, and no other group has; 255 at most."""
    key = f"watchkeeper/{group.key}/{group.opened_at:%Y%m%dT%H%M%S}"
    return key if len(key) <= LONGEST_KEY else f"watchkeeper/{sha256(key.encode('utf-8', 'replace')).hexdigest()}"


def write_digest(content: Content, scene: Scene) -> Digest:
    """Return the digest; of an alert that is not known any more nothing but its end is told."""
    head = _head(content, scene)
    firing = _by_severity(head.alerts if head.is_firing else (), scene)
    gone = _gone(content, scene)
    lines, more = _weightiest(firing, content.new), [alert for each in gone for alert in _weightiest(each, content.new)]
    told = [scene.alerts[fingerprint] for fingerprint in head.alerts]
    lead = next(iter(lines or more), None)
    first, projects = content.groups[0], {group.project for group in content.groups}
    one = len(content.groups) == 1
    loud = sum(map(len, firing))
    return Digest(
        key=content.key,
        title=_title(content, head, lead, scene),
        reason=content.reason,
        status=AlertStatus.FIRING if content.firing else AlertStatus.RESOLVED,
        severity=lead.severity if lead else Severity.INFO,
        at=scene.now,
        started_at=min((alert.started_at for alert in told), default=first.opened_at),
        project=first.project if len(projects) == 1 else "",
        project_name=scene.name_of(first.project) if len(projects) == 1 else "",
        cause=first.cause if one else "",
        release=_release(content.groups, lead),
        firing=loud,
        resolved=len(content.gone),
        quiet=len(content.firing) - loud,
        counts=_counts(firing),
        lines=tuple(
            [_line(alert, is_firing=True) for alert in lines] + [_line(alert, is_firing=False) for alert in more]
        )[:MOST_LINES],
        acknowledged_by=_shared(group.acknowledged_by for group in content.groups),
        assigned_to=_shared(group.assigned_to for group in content.groups),
        people=content.people,
        incident=first.incident if one else 0,
        group=first.id if one else 0,
        announced=content.announced,
        overridden=content.overridden,
        escalation_step=content.step.number if content.step else 0,
    )


def _head(content: Content, scene: Scene) -> _Head:
    """Return what heads a message: what nobody is on, else what somebody is on, and what is kept quiet at the last.

    Of each, what fires goes before what is resolved; of what is kept quiet only the end is news.
    """
    for rank in range(_RANKS):
        kinds = ((content.firing, True), (content.gone, False))
        for fingerprints, is_firing in kinds if rank < _QUIET else reversed(kinds):
            found = frozenset(f for f in fingerprints if f in scene.alerts and _rank(f, content, scene) == rank)
            if found:
                return _Head(found, is_firing)
    return _Head(frozenset(), bool(content.firing))


def _rank(fingerprint: str, content: Content, scene: Scene) -> int:
    """Return 0 for what everybody may look at, more for what somebody is on, most for what is kept quiet."""
    return _QUIET if fingerprint in scene.quiet else int(fingerprint in content.acknowledged)


def _gone(content: Content, scene: Scene) -> list[BySeverity]:
    """Return what is resolved, what may head a message first."""
    ranks: list[list[str]] = [[] for _ in range(_RANKS)]
    for fingerprint in content.gone:
        ranks[_rank(fingerprint, content, scene)].append(fingerprint)
    return [_by_severity(each, scene) for each in ranks]


def _by_severity(fingerprints: Iterable[str], scene: Scene) -> BySeverity:
    pairs = [(fingerprint, scene.alerts[fingerprint]) for fingerprint in fingerprints if fingerprint in scene.alerts]
    return [[pair for pair in pairs if pair[1].severity is severity] for severity in Severity]


def _weightiest(alerts: BySeverity, new: frozenset[str]) -> list[Alert]:
    """Return the gravest, of those the new ones, of those the oldest first."""

    def weight(pair: tuple[str, Alert]) -> tuple[bool, datetime, str]:
        return pair[0] not in new, pair[1].started_at, pair[0]

    found: list[Alert] = []
    for pairs in alerts:
        found += [alert for _, alert in nsmallest(MOST_LINES - len(found), pairs, weight)]
    return found


def _counts(alerts: BySeverity) -> tuple[tuple[str, int], ...]:
    return tuple((severity.value, len(pairs)) for severity, pairs in zip(Severity, alerts, strict=True) if pairs)


def _shared(names: Iterable[str]) -> str:
    """Return what is said of all groups; "" when nothing is said of one."""
    found = set(names)
    return "" if "" in found else ", ".join(sorted(found))


def _release(groups: Sequence[Group], lead: Alert | None) -> str:
    return lead.release if lead and len({group.key for group in groups}) == 1 else ""


def _title(content: Content, head: _Head, lead: Alert | None, scene: Scene) -> str:
    if lead is None:
        return f"{scene.name_of(content.groups[0].project)}: resolved"
    told = [scene.alerts[fingerprint] for fingerprint in head.alerts]
    number = len(told) if head.is_firing else len(content.gone)
    name = scene.name_of(lead.project)
    summary = _without_name(lead, name)
    projects = {alert.project for alert in told}
    if len(projects) > 1:
        count = f"{amount(number, 'alert')} in {amount(len(projects), 'project')}"
        resolved = "" if head.is_firing else " resolved" if content.firing else ", all resolved"
        return f"{count}{resolved}; first of all {name}: {summary}"
    more = f" and {number - 1:,} more" if number > 1 else ""
    if not head.is_firing:
        since = min(alert.started_at for alert in told)
        until = max(alert.resolved_at or scene.now for alert in told)
        return f"{name}: resolved after {span(until - since)}: {summary}{more}"
    sha = lead.release[:SHORT_SHA]
    laid = f", laid on release {sha}" if sha and sha not in summary else ""
    return f"{name}: {summary}{more}{laid}"


def _without_name(alert: Alert, name: str) -> str:
    for prefix in (f"{name}: ", f"{alert.project}: "):
        if alert.summary.startswith(prefix):
            return alert.summary.removeprefix(prefix)
    return alert.summary


def _line(alert: Alert, *, is_firing: bool) -> Line:
    return Line(
        fingerprint=alert.fingerprint,
        project=alert.project,
        rule=alert.rule,
        severity=alert.severity,
        status=AlertStatus.FIRING if is_firing else AlertStatus.RESOLVED,
        since=alert.started_at,
        summary=alert.summary,
        details=alert.details,
        release=alert.release,
        url=alert.url,
        runbook=alert.runbook,
        resolved_at=None if is_firing else alert.resolved_at,
    )
