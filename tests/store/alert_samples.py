"""Alerts, groups and digests with every field set to something that would show if it got lost."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON, SHA
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_groups import Group, Notification, Reason, Told, group_key
from watchkeeper.domain.alert_passes import Known, Message, Pass
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity, labels_of
from watchkeeper.store.alert_passes import known, save_pass
from watchkeeper.store.alerts import save_alerts
from watchkeeper.store.database import reading, transaction

MINUTE = timedelta(minutes=1)

ALERT = Alert(
    project="shop",
    rule="endpoint-down",
    severity=Severity.CRITICAL,
    status=AlertStatus.FIRING,
    started_at=NOON,
    seen_at=NOON + MINUTE,
    summary="Shop: home does not answer",
    labels=labels_of(endpoint="home", region="eu"),
    cause=f"release:{SHA}",
    fired_at=NOON + MINUTE,
    calm_since=NOON + 2 * MINUTE,
    details=("3 of 3 probes failed", "answered 503"),
    release=SHA,
    url="https://shop.example/",
    runbook="docs/runbooks/alerts.md#endpoint-down",
    flips=(NOON - MINUTE, NOON + MINUTE),
    is_flapping=True,
)
GROUP = Group(
    key=group_key("shop", "errors"),
    project="shop",
    cause="errors",
    opened_at=NOON,
    due_at=NOON + MINUTE,
    channels={"slack": Told(2, frozenset({"shop/a", "shop/b"}), NOON, "storm|1", NOON), "pager": Told()},
    acknowledged_at=NOON,
    acknowledged_by="Grace",
    assigned_to="Ada",
    escalation_step=1,
    escalated_at=NOON,
    incident=7,
    storm=5,
)
NOTIFICATION = Notification(
    group=GROUP.key,
    channel="slack",
    sequence=1,
    reason=Reason.ESCALATION,
    at=NOON,
    firing=frozenset({"shop/a"}),
    resolved=frozenset({"shop/b"}),
    people=("Ada",),
)
DIGEST = Digest(
    key="shop|errors|2026-03-01T12:00:00+00:00",
    title="Shop: error rate 31 % and 2 more",
    reason=Reason.FIRST,
    status=AlertStatus.FIRING,
    severity=Severity.CRITICAL,
    at=NOON,
    started_at=NOON,
    project="shop",
    project_name="Shop",
    cause="errors",
    release=SHA,
    firing=3,
    resolved=1,
    counts=(("critical", 2), ("warning", 1)),
    lines=(
        Line(
            "shop/a",
            "shop",
            "a",
            Severity.INFO,
            AlertStatus.RESOLVED,
            NOON,
            "it <was> \u2713",
            ("x",),
            SHA,
            "u",
            "r",
            NOON,
        ),
    ),
    acknowledged_by="Grace",
    people=("Ada",),
    incident=7,
    group=0,
    escalation_step=1,
)


def numbered(count: int, first: int = 0) -> tuple[Alert, ...]:
    """Return alerts that differ in one label."""
    return tuple(replace(ALERT, labels=labels_of(endpoint=f"e{number}")) for number in range(first, first + count))


def resolved(alert: Alert, after: timedelta = 10 * MINUTE) -> Alert:
    return replace(alert, status=AlertStatus.RESOLVED, resolved_at=NOON + after)


def message(channel: str = "slack", key: str = DIGEST.key, group: str = GROUP.key, sequence: int = 1) -> Message:
    told = replace(NOTIFICATION, group=group, channel=channel, sequence=sequence)
    return Message(channel, replace(DIGEST, key=key), (told,))


def new_group(project: str = "shop", cause: str = "errors") -> Group:
    return Group(group_key(project, cause), project, cause, NOON, NOON)


def saved(engine: Engine, *alerts: Alert) -> frozenset[str]:
    with transaction(engine) as session:
        return save_alerts(session, alerts)


def passed(engine: Engine, result: Pass) -> bool:
    with transaction(engine) as session:
        return save_pass(session, result, NOON)


def what_is_known(engine: Engine) -> Known:
    with reading(engine) as session:
        return known(session, NOON)
