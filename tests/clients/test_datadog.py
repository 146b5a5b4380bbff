"""Points go in packed batches within the limits; events go to a host of their own."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import httpx
import pytest

from watchkeeper.clients.base import MissingCredential, VendorRefused
from watchkeeper.clients.datadog import DatadogClient, DatadogEvent, packed_batches
from watchkeeper.domain.alert_metrics import Measurement

KEY, APPLICATION = "datadog-api-key-123456", "datadog-application-key-123456"
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
POINT = Measurement("watchkeeper.health.score", 97.0, NOW, ("project:shop",))
EVENT = DatadogEvent("Shop: error rate 31 %", "Began 10 min ago.", "shop|errors#7", "error", 1, ("project:shop",))


class Intake:
    """Takes everything."""

    def __init__(self) -> None:
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(202, json={"errors": []})

    def client(self, application: str = APPLICATION) -> DatadogClient:
        return DatadogClient(KEY, application, transport=httpx.MockTransport(self))


def unpacked(body: bytes) -> list[dict[str, Any]]:
    series: list[dict[str, Any]] = json.loads(gzip.decompress(body))["series"]
    return series


async def test_points_are_packed_gauges() -> None:
    intake = Intake()
    async with intake.client() as client:
        assert await client.send_points([POINT, replace(POINT, name="rate", unit="percent")]) == 1
    (request,) = intake.asked
    assert str(request.url) == "https://api.datadoghq.com/api/v2/series"
    assert (request.headers["content-encoding"], request.headers["dd-api-key"]) == ("gzip", KEY)
    first, second = unpacked(request.content)
    assert first == {
        "metric": "watchkeeper.health.score",
        "type": 3,
        "points": [{"timestamp": 1772445600, "value": 97.0}],
        "tags": ["project:shop"],
    }
    assert second["unit"] == "percent"


async def test_nothing_to_send_asks_nothing() -> None:
    intake = Intake()
    async with intake.client() as client:
        assert await client.send_points([]) == 0
    assert intake.asked == []


@pytest.mark.parametrize(("packed_bytes", "unpacked_bytes"), [(4_000, 10**9), (10**9, 4_000)])
def test_every_batch_is_within_both_limits_and_nothing_is_lost(packed_bytes: int, unpacked_bytes: int) -> None:
    chance = Random(7)
    series = [{"metric": f"m{number}", "tags": [chance.randbytes(40).hex()]} for number in range(200)]
    batches = list(packed_batches(series, packed_bytes, unpacked_bytes))
    assert 1 < len(batches) < 20
    assert all(len(batch) <= packed_bytes and len(gzip.decompress(batch)) <= unpacked_bytes for batch in batches)
    assert [each for batch in batches for each in unpacked(batch)] == series


async def test_an_event_goes_to_its_own_host() -> None:
    intake = Intake()
    event = replace(EVENT, links=(("runbook", "What to do", "https://acme.example"),), details={"firing": 2})
    async with intake.client() as client:
        await client.send_event(event)
    (request,) = intake.asked
    assert str(request.url) == "https://event-management-intake.datadoghq.com/api/v2/events"
    assert request.headers["dd-application-key"] == APPLICATION
    assert json.loads(request.content)["data"] == {
        "type": "event",
        "attributes": {
            "title": "Shop: error rate 31 %",
            "message": "Began 10 min ago.",
            "category": "alert",
            "aggregation_key": "shop|errors#7",
            "tags": ["project:shop"],
            "attributes": {
                "status": "error",
                "priority": "1",
                "custom": {"firing": 2},
                "links": [{"category": "runbook", "title": "What to do", "url": "https://acme.example"}],
            },
        },
    }


async def test_an_application_key_may_be_missing_and_the_api_key_may_not() -> None:
    intake = Intake()
    async with intake.client(application="") as client:
        await client.send_event(EVENT)
    assert "dd-application-key" not in intake.asked[0].headers
    with pytest.raises(MissingCredential, match="DATADOG_API_KEY"):
        DatadogClient("")
    with pytest.raises(VendorRefused, match="base URL"):
        DatadogClient(KEY, events_url="datadog")
