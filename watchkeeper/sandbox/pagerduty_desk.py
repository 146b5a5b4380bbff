"""What PagerDuty knows: incidents by their key, what happened to each, and in which words it answers."""

from dataclasses import dataclass, field
from typing import Any

from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import PEOPLE
from watchkeeper.sandbox.times import iso_seconds

SITE = "https://acme.pagerduty.example"
API = "https://api.pagerduty.com"
SERVICE = {
    "id": "PSANDBX",
    "type": "service_reference",
    "summary": "Acme production",
    "self": f"{API}/services/PSANDBX",
    "html_url": f"{SITE}/service-directory/PSANDBX",
}
POLICY = {
    "id": "PPOLICY",
    "type": "escalation_policy_reference",
    "summary": "Default",
    "self": f"{API}/escalation_policies/PPOLICY",
    "html_url": f"{SITE}/escalation_policies/PPOLICY",
}
MOST_KEPT = 1000


@dataclass
class Incident:
    """An incident. `log`: what happened, oldest first; `acknowledgements`: when, and by whom."""

    number: int
    key: str
    payload: dict[str, Any]
    at: float
    status: str = "triggered"
    log: list[str] = field(default_factory=list)
    acknowledgements: list[tuple[float, dict[str, str]]] = field(default_factory=list)
    changed_at: float = 0.0

    @property
    def id(self) -> str:
        return f"Q{self.number:06}"

    @property
    def title(self) -> str:
        return str(self.payload["summary"])


class Desk:
    """All incidents, the newest last."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []

    def take(self, event: dict[str, Any], now: float) -> None:
        """Do what an event asks for; one that acknowledges or resolves what is not open does nothing."""
        action, key = event["event_action"], str(event["dedup_key"])
        known = (each for each in reversed(self.incidents) if each.key == key and each.status != "resolved")
        incident = next(known, None)
        if action == "trigger" and incident is None:
            incident = Incident(len(self.incidents) + 1, key, event["payload"], now, changed_at=now)
            self.incidents = [*self.incidents, incident][-MOST_KEPT:]
        elif incident is None:
            return
        elif action != "trigger":
            self.change(incident, f"{action}d", SERVICE, now)
        incident.log.append(f"{iso_seconds(now)} {action}: {event.get('payload', {}).get('summary', '')}".rstrip(": "))

    def find(self, identity: str) -> Incident | None:
        return next((each for each in self.incidents if each.id == identity), None)

    @staticmethod
    def change(incident: Incident, status: str, agent: dict[str, str], now: float) -> None:
        incident.status, incident.changed_at = status, now
        incident.acknowledgements = [*incident.acknowledgements, (now, agent)] if status == "acknowledged" else []


def somebody(incident: Incident) -> dict[str, str]:
    """Return the person who is on call for an incident."""
    name, login, _ = PEOPLE[int(noise("pagerduty", incident.number) * len(PEOPLE))]
    return {
        "id": f"P{login.upper()}",
        "type": "user_reference",
        "summary": name,
        "self": f"{API}/users/P{login.upper()}",
        "html_url": f"{SITE}/users/P{login.upper()}",
    }


def shape(incident: Incident, *, with_acknowledgers: bool) -> dict[str, Any]:
    """Return an incident as the REST API shows it, with references or with whole users and services."""
    is_resolved = incident.status == "resolved"
    return {
        "id": incident.id,
        "type": "incident",
        "summary": f"[#{incident.number}] {incident.title}",
        "self": f"{API}/incidents/{incident.id}",
        "html_url": f"{SITE}/incidents/{incident.id}",
        "incident_number": incident.number,
        "title": incident.title,
        "created_at": iso_seconds(incident.at),
        "updated_at": iso_seconds(incident.changed_at),
        "status": incident.status,
        "incident_key": incident.key,
        "service": SERVICE,
        "assignments": [] if is_resolved else [{"at": iso_seconds(incident.at), "assignee": somebody(incident)}],
        "assigned_via": "escalation_policy",
        "last_status_change_at": iso_seconds(incident.changed_at),
        "resolved_at": iso_seconds(incident.changed_at) if is_resolved else None,
        "alert_counts": {"all": 1, "triggered": int(not is_resolved), "resolved": int(is_resolved)},
        "is_mergeable": True,
        "escalation_policy": POLICY,
        "teams": [],
        "pending_actions": [],
        "acknowledgements": [
            {"at": iso_seconds(at), "acknowledger": _whole(who) if with_acknowledgers else who}
            for at, who in incident.acknowledgements
        ],
        "last_status_change_by": incident.acknowledgements[-1][1] if incident.acknowledgements else SERVICE,
        "urgency": "high" if incident.payload["severity"] in {"critical", "error"} else "low",
    }


def _whole(reference: dict[str, str]) -> dict[str, Any]:
    """Return the user or service that a reference stands for."""
    name = reference["summary"]
    emails = {known: email for known, _, email in PEOPLE}
    kind = {"email": emails[name]} if name in emails else {"escalation_policy": POLICY}
    return {**reference, "type": reference["type"].removesuffix("_reference"), "name": name, **kind}
