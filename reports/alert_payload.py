"""A digest as data for machines: what the webhook sends and the file keeps. The schema: docs/webhook.schema.json."""

from typing import Any, Final

from reports.alert_words import actions, cut, headline
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.redaction import redacted

VERSION: Final = 1
LONGEST_TEXT: Final = 2000
LONGEST_DETAIL: Final = 250
MOST_DETAILS: Final = 20


def alert_payload(digest: Digest, channel: str) -> dict[str, Any]:
    """Return the digest as JSON values, 256 KB at most; texts are cut, and as they came but for tokens."""
    payload = _payload(digest, channel)
    return {name: _storable(value) for name, value in payload.items()}


def _payload(digest: Digest, channel: str) -> dict[str, Any]:
    return {
        "version": VERSION,
        "key": digest.key,
        "channel": channel,
        "title": headline(digest),
        "reason": digest.reason.value,
        "status": digest.status.value,
        "severity": digest.severity.value,
        "at": digest.at.isoformat(),
        "started_at": digest.started_at.isoformat(),
        "project": digest.project,
        "project_name": digest.project_name,
        "cause": digest.cause,
        "release": digest.release,
        "firing": digest.firing,
        "resolved": digest.resolved,
        "counts": dict(digest.counts),
        "alerts": [_alert(line) for line in digest.lines],
        "acknowledged_by": digest.acknowledged_by,
        "assigned_to": digest.assigned_to,
        "people": list(digest.people),
        "incident": digest.incident,
        "group": digest.group,
        "storm": digest.storm,
        "quiet": digest.quiet,
        "announced": digest.announced,
        "overridden": digest.overridden,
        "escalation_step": digest.escalation_step,
        "actions": [{"id": each.id, "label": each.label, "command": each.command} for each in actions(digest)],
        "is_test": digest.is_test,
    }


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value without halves of characters, which no JSON may hold, without tokens and texts of any length."""
    match value:
        case str():
            return cut(redacted(value), LONGEST_TEXT).encode("utf-8", "replace").decode()
        case list():
            return [_storable(each) for each in value]
        case dict():
            return {name: _storable(each) for name, each in value.items()}
        case _:
            return value


def _alert(line: Line) -> dict[str, Any]:
    return {
        "fingerprint": line.fingerprint,
        "project": line.project,
        "rule": line.rule,
        "severity": line.severity.value,
        "status": line.status.value,
        "since": line.since.isoformat(),
        "resolved_at": line.resolved_at.isoformat() if line.resolved_at else None,
        "summary": line.summary,
        "details": [cut(detail, LONGEST_DETAIL) for detail in line.details[:MOST_DETAILS]],
        "release": line.release,
        "url": line.url,
        "runbook": line.runbook,
    }
