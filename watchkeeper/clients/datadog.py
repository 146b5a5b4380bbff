"""Datadog: points of time series in packed batches, and events.

Source: https://docs.datadoghq.com/api/latest/metrics/#submit-metrics and
https://docs.datadoghq.com/api/latest/events/#post-an-event
"""

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import httpx

from watchkeeper.clients.base import VendorClient, VendorUnavailable
from watchkeeper.clients.rate_limits import LimitHeaders
from watchkeeper.domain.alert_metrics import Measurement

VENDOR: Final = "Datadog"
LONGEST_TITLE: Final = 500
LONGEST_MESSAGE: Final = 4000
LONGEST_KEY: Final = 100
LONGEST_TAG: Final = 200
LONGEST_URL: Final = 2048
MOST_LINKS: Final = 20
LARGEST_PACKED: Final = 512_000
LARGEST_UNPACKED: Final = 5_242_880
_GAUGE: Final = 3
_LIMITS: Final = LimitHeaders(pairs=(("x-ratelimit-remaining", "x-ratelimit-reset"),), reset_is_epoch=False)


@dataclass(frozen=True, slots=True)
class DatadogEvent:
    """An event of the category alert, within Datadog's limits.

    Attributes:
        key: events of one key are one alert there, at most `LONGEST_KEY` characters.
        status: ok, warn or error.
        priority: 1 (gravest) to 5.
        links: kind (runbook or resource), title and address.
    """

    title: str
    message: str
    key: str
    status: str
    priority: int
    tags: tuple[str, ...]
    links: tuple[tuple[str, str, str], ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)


class DatadogClient(VendorClient):
    """Sends events and points.

    Args:
        api_key: may send; application_key: may be empty where the organization asks for none.
        events_url: events have a host of their own.
    """

    def __init__(
        self,
        api_key: str,
        application_key: str = "",
        base_url: str = "https://api.datadoghq.com",
        events_url: str = "https://event-management-intake.datadoghq.com",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        application = {"DD-APPLICATION-KEY": application_key} if application_key else {}
        super().__init__(
            vendor=VENDOR,
            base_url=base_url,
            headers={"DD-API-KEY": api_key, **application},
            secrets=(api_key, *application.values()),
            transport=transport,
            limits=_LIMITS,
            credential="DATADOG_API_KEY",
        )
        self._events_url = str(self._checked_url(events_url)).rstrip("/")

    async def send_event(self, event: DatadogEvent) -> None:
        """Send an event, as of its receipt: Datadog takes none of another time that is older than 18 hours.

        Twice the same is joined by its key there, and shows twice in the list.
        """
        attributes = {"title": event.title, "message": event.message, "category": "alert", "aggregation_key": event.key}
        content = {
            "data": {
                "type": "event",
                "attributes": {
                    **{name: value for name, value in attributes.items() if value},
                    **({"tags": list(event.tags)} if event.tags else {}),
                    "attributes": _alert(event),
                },
            }
        }
        await self.send("POST", f"{self._events_url}/api/v2/events", content, about=f"the event {event.key}")

    async def send_points(self, points: Sequence[Measurement]) -> int:
        """Send points in as few packed batches as Datadog's limits allow, and return how many batches there were.

        Datadog keeps no point that is older than an hour or more than ten minutes ahead.
        """
        batches = list(packed_batches([_series(point) for point in points]))
        for batch in batches:
            await self._send_packed("/api/v2/series", batch)
        return len(batches)

    async def _send_packed(self, path: str, packed: bytes) -> None:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        build = partial(self._http.build_request, "POST", path, content=packed, headers=headers)
        try:
            await self._ask(path, build, "", "points of time series")
        except VendorUnavailable as error:
            raise error.after_a_change() from None


def packed_batches(
    series: Sequence[Mapping[str, object]], packed_bytes: int = LARGEST_PACKED, unpacked_bytes: int = LARGEST_UNPACKED
) -> Iterator[bytes]:
    """Yield bodies of series, each within both limits; one that is too big is halved. A single series always goes."""
    if not series:
        return
    body = json.dumps({"series": list(series)}, ensure_ascii=False, separators=(",", ":")).encode()
    packed = gzip.compress(body, mtime=0)
    if len(series) > 1 and (len(packed) > packed_bytes or len(body) > unpacked_bytes):
        middle = len(series) // 2
        yield from packed_batches(series[:middle], packed_bytes, unpacked_bytes)
        yield from packed_batches(series[middle:], packed_bytes, unpacked_bytes)
    else:
        yield packed


def _series(point: Measurement) -> dict[str, object]:
    return {
        "metric": point.name,
        "type": _GAUGE,
        "points": [{"timestamp": int(point.at.timestamp()), "value": point.value}],
        "tags": [tag[:LONGEST_TAG] for tag in point.tags],
        **({"unit": point.unit} if point.unit else {}),
    }


def _alert(event: DatadogEvent) -> dict[str, object]:
    links = [{"category": kind, "title": title, "url": url} for kind, title, url in event.links]
    return {
        "status": event.status,
        "priority": str(event.priority),
        "custom": dict(event.details),
        **({"links": links} if links else {}),
    }
