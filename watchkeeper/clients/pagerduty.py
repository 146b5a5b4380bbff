"""PagerDuty: events that open, acknowledge and resolve incidents, and who has acknowledged them there.

Source: https://developer.pagerduty.com/docs/events-api-v2-overview and
https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents
"""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import httpx

from watchkeeper.clients.base import Answer, Params, VendorClient
from watchkeeper.clients.parsing import Record, record_of
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.clients.vendor_errors import CredentialRefused, VendorError
from watchkeeper.clients.wording import block_name

VENDOR: Final = "PagerDuty"
LONGEST_KEY: Final = 255
LONGEST_SUMMARY: Final = 1024
_MOST_PAGES: Final = 10  # of 100 incidents
_PAGE: Final = 100
_LIMITS: Final = LimitHeaders(
    pairs=(("ratelimit-remaining", "ratelimit-reset"),), reset_is_epoch=False, per_endpoint=False
)


class EventAction(StrEnum):
    TRIGGER = "trigger"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True)
class PagerDutyEvent:
    """An event as PagerDuty takes it; only a trigger needs more than its key.

    Attributes:
        dedup_key: the same for all events of one incident, at most `LONGEST_KEY` characters.
        severity: critical, error, warning or info.
        source: what is affected; component, group, kind: where PagerDuty sorts it.
        details: shown as a table.
        links: address and text.
    """

    action: EventAction
    dedup_key: str
    summary: str = ""
    source: str = ""
    severity: str = "info"
    at: datetime | None = None
    component: str = ""
    group: str = ""
    kind: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who has taken an incident on in PagerDuty, and when."""

    who: str
    at: datetime


class PagerDutyEventsClient(VendorClient):
    """Sends events to one integration of one service. The same event twice does no harm.

    Args:
        routing_key: the integration key of an Events API v2 integration.
    """

    def __init__(
        self,
        routing_key: str,
        base_url: str = "https://events.pagerduty.com/v2",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            vendor=VENDOR,
            base_url=base_url,
            headers={},
            secrets=(routing_key,),
            transport=transport,
            credential="PAGERDUTY_ROUTING_KEY",
        )
        self._routing_key = routing_key

    async def enqueue(self, event: PagerDutyEvent) -> None:
        """Hand an event over; PagerDuty has it safely once this returns."""
        content = {"routing_key": self._routing_key, **_event(event)}
        await self.send("POST", "/enqueue", content, about=f"the event {event.dedup_key}")

    def _error(
        self, response: httpx.Response, body: bytearray, pause: timedelta | None, scope: str, about: str
    ) -> VendorError:
        """Return the error; PagerDuty says of a wrong key that the event is wrong."""
        if response.status_code == httpx.codes.BAD_REQUEST and b"routing" in body.lower():
            message = f"does not accept the routing key (400): put a valid one into {block_name(self.vendor)}"
            return CredentialRefused(self.vendor, message, response.status_code)
        return super()._error(response, body, pause, scope, about)


class PagerDutyClient(VendorClient):
    """Reads incidents.

    Args:
        api_token: a REST API key; one that may only read is enough.
    """

    def __init__(
        self,
        api_token: str,
        base_url: str = "https://api.pagerduty.com",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(
            vendor=VENDOR,
            base_url=base_url,
            headers={
                "Authorization": f"Token token={api_token}",
                "Accept": "application/vnd.pagerduty+json;version=2",
                "Content-Type": "application/json",
            },
            secrets=(api_token,),
            transport=transport,
            limits=_LIMITS,
            credential="PAGERDUTY_API_TOKEN",
        )

    async def acknowledgements(self, keys: Collection[str], since: datetime) -> dict[str, Acknowledgement]:
        """Return who has acknowledged which of these deduplication keys; only what a person did, not our own events.

        Where alerts are joined PagerDuty lists an incident without its key: then each key is asked for by itself.

        Args:
            since: incidents that were opened before are not looked at; PagerDuty goes back six months at most.
        """
        listed = await self._acknowledged(since)
        found = {raw.text("incident_key", ""): _newest(raw) for raw in listed}
        if any(not raw.text("incident_key", "") for raw in listed):
            missing = [key for key in keys if key not in found]
            each = await asyncio.gather(*(self._acknowledged(since, key) for key in missing))
            found |= {key: _newest(several[0]) for key, several in zip(missing, each, strict=True) if several}
        return {key: newest for key in keys if (newest := found.get(key)) is not None}

    async def _acknowledged(self, since: datetime, key: str = "") -> list[Record]:
        asked: Params = {
            "statuses[]": "acknowledged",
            "since": f"{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "include[]": "acknowledgers",
            "limit": _PAGE,
            **({"incident_key": key} if key else {}),
        }
        pages = await self.get_pages(
            "/incidents", asked, _next_page, most=_MOST_PAGES, scope="incidents.read", about="the incidents"
        )
        return [raw for answer in pages.answers for raw in record_of(answer).records("incidents")]


def _event(event: PagerDutyEvent) -> dict[str, object]:
    known: dict[str, object] = {"event_action": event.action.value, "dedup_key": event.dedup_key}
    if event.action is not EventAction.TRIGGER:
        return known
    payload = {
        "summary": event.summary,
        "source": event.source,
        "severity": event.severity,
        "timestamp": event.at.astimezone(UTC).isoformat() if event.at else "",
        "component": event.component,
        "group": event.group,
        "class": event.kind,
        "custom_details": dict(event.details),
    }
    links = [{"href": href, "text": text} for href, text in event.links]
    return {**known, "client": "Watchkeeper", "payload": {k: v for k, v in payload.items() if v}, "links": links}


def _newest(incident: Record) -> Acknowledgement | None:
    """Return the last acknowledgement by a person; None when only a service, such as ours, has acknowledged it."""
    by_people = [
        Acknowledgement(raw.text("acknowledger.name", "") or raw.text("acknowledger.summary", "somebody"), at)
        for raw in incident.records("acknowledgements")
        if (at := raw.moment_or_none("at")) and raw.text("acknowledger.type", "").startswith("user")
    ]
    return max(by_people, key=lambda each: each.at, default=None)


def _next_page(answer: Answer) -> Params | None:
    body = record_of(answer)
    if not body.flag("more"):
        return None
    return {"offset": body.count("offset", 0) + body.count("limit", _PAGE)}
