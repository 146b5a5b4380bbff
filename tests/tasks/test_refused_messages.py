"""What a channel refuses, or cannot take while it takes others: sent in plain form, told anew, shown everywhere."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from blocks.apprise import Apprise
from blocks.webhook import Webhook
from flows.alert_dispatch import UNDELIVERED, end_of_run
from reports.alert_terminal import alert_as_json
from tasks.alert_actions import acknowledge
from tasks.alert_record import list_alerts, not_delivered
from tasks.alerts import look
from tests.clients.local_server import reply, serving
from tests.tasks.outbox_day import MINUTE, NOW, SLUGS, Day
from watchkeeper.domain.alert_transitions import REFUSED_PAUSE
from watchkeeper.domain.alert_values import Severity

pytestmark = pytest.mark.usefixtures("prefect_server")
DOCUMENT = """
alerts:
  default_channels: [hook]
  routes: [{match: project=news, channels: [%(routed)s]}]
  timing: {group_wait_seconds: 0}
  channels:
    - {name: hook, kind: webhook, credentials: refusing, url: "%(url)s"}
    - {name: flaky, kind: file, path: %(folder)s/flaky/alerts.jsonl}
projects:
"""
FULL = "412 of 1,330 requests failed"  # only in the full form
HALVES = """
alerts:
  default_channels: [hook]
  timing: {group_wait_seconds: 0}
  channels: [{name: hook, kind: apprise, credentials: halves}]
projects:
"""
Message = dict[str, Any]


@dataclass
class Receiver:
    """A receiver that answers each message with the status that a test chooses; status 0 breaks the connection off."""

    judge: Callable[[Message], int] = lambda _: 200
    took: list[Message] = field(default_factory=list)
    saw: list[Message] = field(default_factory=list)

    def answer(self, body: bytes) -> bytes:
        message = json.loads(body)
        status = self.judge(message)
        self.saw.append(message)
        if status == 200:
            self.took.append(message)
        return reply(b"no", f"{status} Whatever") if status else b""

    def told(self) -> list[tuple[str, str]]:
        return [(message["project"], message["reason"]) for message in self.took]


def is_full(message: Message) -> bool:
    return any(alert["details"] for alert in message["alerts"])


@asynccontextmanager
async def received(day: Day, judge: Callable[[Message], int], extra: str = "") -> AsyncIterator[Receiver]:
    """Let a day lead to a receiver with that judgement."""
    await Webhook(secret=SecretStr("0123456789abcdef0123")).asave("refusing", overwrite=True)
    receiver = Receiver(judge)

    async def say(writer: Any) -> None:
        writer.write(receiver.answer(server.bodies[-1]))
        await writer.drain()

    async with serving(say) as server:
        day.configure(DOCUMENT.replace("%(url)s", server.url()).replace("%(routed)s", extra))
        yield receiver


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_a_refused_message_arrives_at_once_in_plain_form(day: Day, status: int) -> None:
    async with received(day, lambda message: status if is_full(message) else 200) as receiver:
        day.fire(details=(FULL,) * 9, summary="Shöp: error rate 31 % 🔥", url="https://sentry.acme.example/shop")
        await day.live(1)
    (plain,) = receiver.took
    assert (plain["reason"], plain["title"]) == ("first", "shop: Shop: error rate 31 %")
    (alert,) = plain["alerts"]
    assert (alert["details"], alert["url"], alert["summary"]) == ([], "", "Shop: error rate 31 %")
    assert not_delivered(NOW) == ()


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_what_is_refused_in_every_form_is_told_anew_and_not_as_an_update(day: Day, status: int) -> None:
    async with received(day, lambda _: status) as receiver:
        day.fire(details=(FULL,))
        await day.live(6)
        assert len(receiver.saw) == 2, "full and plain, and then a pause"
        day.fire(rule="latency", details=(FULL,))
        receiver.judge = lambda _: 200
        await day.live(REFUSED_PAUSE // MINUTE)
    (message,) = receiver.took
    assert (message["reason"], message["firing"]) == ("first", 2)
    assert not_delivered(NOW) == (), "made up for"


async def test_an_update_that_is_refused_is_told_again(day: Day) -> None:
    async with received(day, lambda message: 200 if message["reason"] == "first" else 400) as receiver:
        day.fire()
        await day.live(1)
        day.fire(rule="latency")
        await day.live(8)
        receiver.judge = lambda _: 200
        await day.live(20)
    assert receiver.told() == [("shop", "first"), ("shop", "new_in_group")]


async def test_what_ends_while_it_is_refused_is_told_neither_way(day: Day) -> None:
    async with received(day, lambda _: 422) as receiver:
        day.fire()
        await day.live(2)
        day.resolve()
        receiver.judge = lambda _: 200
        await day.live(30)
    assert receiver.told() == []


async def test_a_refusal_is_an_alert_on_another_channel_and_shown_everywhere(day: Day) -> None:
    (day.folder / "flaky").mkdir()
    async with received(day, lambda _: 400, extra="flaky") as receiver:
        day.fire(rule="endpoint-down", endpoint="home", severity=Severity.CRITICAL)
        await day.live(1)
        look(day.configured, day.now)
        await day.live(1)
    assert len(receiver.saw) == 2
    (raised,) = [line for line in day.lines() if not line["project"]]
    assert raised["severity"] == "critical"
    assert 'not delivered to hook: "shop: endpoint-down of shop"' in raised["title"].lower()
    (lost,) = not_delivered(NOW)
    assert (lost.channel, lost.severity) == ("hook", Severity.CRITICAL)
    assert "refused the message (400)" in lost.error
    listed = list_alerts("shop", with_resolved=False, most=9, now=day.now)
    assert listed.lost == (lost,)
    shown = alert_as_json(listed.alerts[0], lost=listed.lost)["not_delivered"]
    assert [each["channel"] for each in shown] == ["hook"]
    state = end_of_run(1, 0, (lost,))
    assert (state.name, state.is_completed()) == (UNDELIVERED, True)
    assert 'NOT delivered: hook, "shop: endpoint-down of shop"' in str(state.message)


@pytest.mark.parametrize("status", [0, 500, 503])
async def test_one_message_that_fails_while_others_arrive_delays_none(day: Day, status: int) -> None:
    def judge(message: Message) -> int:
        return status if message["project"] == "shop" and is_full(message) else 200

    async with received(day, judge) as receiver:
        day.fire(details=(FULL,))
        for slug in SLUGS[1:5]:
            day.fire(slug, severity=Severity.WARNING, details=(FULL,))
        await day.live(1)
        assert {project for project, _ in receiver.told()} == set(SLUGS[1:5])
        await day.live(2)
    assert receiver.told()[4:] == [("shop", "first")], "sent apart, in plain form"


async def test_a_message_that_always_fails_does_not_take_the_channel_down(day: Day) -> None:
    async with received(day, lambda message: 503 if message["project"] == "shop" else 200) as receiver:
        day.fire(details=(FULL,))
        waits = []
        for slug in SLUGS[1:]:
            day.fire(slug, severity=Severity.WARNING)
            await day.live(3)
            waits.append(any(project == slug for project, _ in receiver.told()))
    assert all(waits)
    assert not_delivered(NOW), "it is shown that the one did not arrive"


async def test_a_poisoned_message_that_somebody_acknowledges_is_no_page(day: Day) -> None:
    async with received(day, lambda message: 503 if message["project"] == "shop" else 200) as receiver:
        day.fire(details=(FULL,))
        await day.live(2)
        acknowledge(day.group(), "Ada", day.now)
        receiver.judge = lambda _: 200
        await day.live(30)
    assert receiver.told() == [("shop", "acknowledged")]


async def test_an_address_that_does_not_confirm_is_shown(day: Day) -> None:
    async with serving(reply(b"ok")) as good, serving(reply(b"no", "500 No")) as bad:
        addresses = f"json://127.0.0.1:{good.port}/a json://127.0.0.1:{bad.port}/b"
        await Apprise(addresses=SecretStr(addresses)).asave("halves", overwrite=True)
        day.configure(HALVES)
        day.fire()
        await day.live(3)
        assert (good.connections, bad.connections) == (1, 1), "nobody is told twice"
    (lost,) = not_delivered(NOW)
    assert "address 2 of 2 in the block of hook did not confirm" in lost.error
