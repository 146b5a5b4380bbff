"""Groups of alerts from their first message to their end, on every kind of channel that the sandbox has."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from prefect.blocks.core import Block
from pydantic import SecretStr

from blocks.slack import Slack
from deployments.bootstrap import sandbox_blocks
from tasks.channel_trial import channel_test
from tasks.channels import ChannelError, send_digest
from tests.clients.local_server import reply, serving
from tests.domain.alert_digest_makers import digest_of, hostile_digest, line_of
from tests.sandbox.serving import serving as serving_app
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import ChannelKind, Person
from watchkeeper.domain.alert_values import Severity
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.world import World

pytestmark = pytest.mark.usefixtures("prefect_server")
SANDBOX = "sandbox"
CHANNELS = {
    "slack": ChannelConfig("chat", ChannelKind.SLACK, SANDBOX, channel="#releases"),
    "pagerduty": ChannelConfig("pager", ChannelKind.PAGERDUTY, SANDBOX),
    "jira": ChannelConfig("tickets", ChannelKind.JIRA, SANDBOX, project="OPS"),
    "datadog": ChannelConfig("events", ChannelKind.DATADOG, SANDBOX),
    "github": ChannelConfig("code", ChannelKind.GITHUB, SANDBOX, repository="acme/shop"),
    "apprise": ChannelConfig("mail", ChannelKind.APPRISE, SANDBOX),
    "webhook": ChannelConfig("hook", ChannelKind.WEBHOOK, SANDBOX),
}
THERE = sorted(
    {block.get_block_type_slug().removeprefix("watchkeeper-") for block in sandbox_blocks(1)} & set(CHANNELS)
)
ANN = {"Ann": Person("Ann", handles={"slack": "U0123ABCD"})}


@dataclass(frozen=True)
class Company:
    """The sandbox as somebody sees it who looks at what has arrived."""

    world: World
    url: str

    async def ask(self, path: str, vendor: str = "") -> Any:
        headers = {"Authorization": f"Bearer sandbox-{vendor}-token"}
        async with httpx.AsyncClient() as http:
            return (await http.get(f"{self.url}{path}", headers=headers)).json()

    async def slack(self, ts: str = "", channel: str = "C000RELEASES") -> Any:
        """Return what stands in a channel, or a thread, oldest first."""
        method = f"conversations.replies?ts={ts}&" if ts else "conversations.history?"
        messages = (await self.ask(f"/slack/api/{method}channel={channel}&limit=200", "slack"))["messages"]
        return messages if ts else messages[::-1]


@pytest.fixture(scope="module")
async def company(prefect_server: None) -> AsyncIterator[Company]:
    world = World()
    async with serving_app(create_app(world=world)) as url:
        blocks: tuple[Block, ...] = sandbox_blocks(urlsplit(url).port or 0)
        for block in blocks:
            await block.asave(SANDBOX, overwrite=True)
        yield Company(world, url)


@pytest.mark.parametrize("kind", THERE)
async def test_a_channel_is_tried_with_a_message_that_says_so(kind: str, company: Company) -> None:
    said = await channel_test(CHANNELS[kind])
    assert said.startswith(f"{CHANNELS[kind].name} took the test message and its resolution")


@pytest.mark.parametrize("kind", THERE)
async def test_hostile_text_is_taken_from_first_to_last(kind: str, company: Company) -> None:
    channel = replace(CHANNELS[kind], channel="#alerts")
    reference = ""
    now = datetime.now(UTC)
    for reason in (Reason.FIRST, Reason.ESCALATION, Reason.ALL_RESOLVED):
        digest = replace(hostile_digest(reason), at=now, started_at=now - timedelta(minutes=9))
        reference = (await send_digest(channel, digest, reference, {})).reference


async def test_slack_has_one_message_and_each_change_in_its_thread(company: Company) -> None:
    now, before = datetime.now(UTC), len(await company.slack())
    slow = line_of(2, severity=Severity.WARNING, summary="Shop: orders are slow")
    first = digest_of(at=now)
    changes = (
        digest_of(Reason.NEW_IN_GROUP, at=now, firing=2, severity=Severity.WARNING, lines=(slow,)),
        digest_of(Reason.ESCALATION, at=now, people=("Ann",)),
        digest_of(Reason.ACKNOWLEDGED, at=now, acknowledged_by="Ann"),
        digest_of(Reason.ALL_RESOLVED, at=now),
    )
    posted = await send_digest(CHANNELS["slack"], first, "", ANN)
    for digest in changes:
        assert await send_digest(CHANNELS["slack"], digest, posted.reference, ANN) == posted
    shown = (await company.slack())[before:]
    assert [message["text"].partition("\n")[0][:30] for message in shown] == [
        "🟢 Shop: error rate 31 %",
        "📣 Shop: error rate 31 %",
        "🟢 Shop: error rate 31 %",
    ], "the message as it is now, and what must be seen in the channel"
    assert shown[0]["attachments"][0]["color"] == "#2eb67d"
    thread = (await company.slack(posted.reference.partition(":")[2]))[1:]
    assert [message["text"][:3] for message in thread] == ["🟠 N", "📣 S", "👀 A", "🟢 S"]
    assert "<@U0123ABCD>" in thread[1]["text"]


async def test_a_slack_message_whose_answer_was_lost_is_found_again(company: Company) -> None:
    digest = digest_of(key="shop|lost#1", at=datetime.now(UTC))
    posted = await send_digest(CHANNELS["slack"], digest, "", {})
    count = len(await company.slack())
    assert await send_digest(CHANNELS["slack"], digest, "", {}, is_repeated=True) == posted
    assert len(await company.slack()) == count


async def test_blocks_that_slack_refuses_go_out_in_plain_words() -> None:
    answers = [{"ok": False, "error": "invalid_blocks"}, {"ok": True, "channel": "C1", "ts": "1.2"}]

    async def say(writer: Any) -> None:
        writer.write(reply(json.dumps(answers.pop(0)).encode(), "200 OK", "Content-Type: application/json"))

    async with serving(say) as server:
        await Slack(bot_token=SecretStr("x"), base_url=server.url("/api/")).asave("strict", overwrite=True)
        sent = await send_digest(replace(CHANNELS["slack"], credentials="strict"), digest_of(), "", {})
    assert sent.reference == "C1:1.2"
    plain = json.loads(server.bodies[1])
    assert plain["text"].startswith("🔴 Shop: error rate 31 % Began 10 min ago.")
    assert plain["blocks"] == []


async def test_github_has_an_issue_a_status_and_one_comment(company: Company) -> None:
    release = next(company.world.releases(company.world.projects[0]))
    given: dict[str, Any] = {"key": "shop|release#9", "release": release.sha, "at": datetime.now(UTC)}
    sent = await send_digest(
        replace(CHANNELS["github"], repository=""), digest_of(**given), "", {}, repository="acme/shop"
    )
    again = await send_digest(CHANNELS["github"], digest_of(**given), "", {})
    assert again == sent, "found by its mark"
    for reason in (Reason.REMINDER, Reason.REMINDER, Reason.ALL_RESOLVED):
        await send_digest(CHANNELS["github"], digest_of(reason, **given), sent.reference, {})
    place = "/github/repos/acme/shop"
    issue = await company.ask(f"{place}/issues/{sent.reference}", "github")
    assert (issue["title"], issue["state"], issue["comments"]) == ("Shop: error rate 31 %", "closed", 2)
    statuses = await company.ask(f"{place}/commits/{release.sha}/statuses", "github")
    assert [status["state"] for status in statuses] == ["success", *["failure"] * 4]
    assert {status["context"] for status in statuses} == {"watchkeeper"}
    comments = await company.ask(f"{place}/issues/{release.serial}/comments", "github")
    assert len(comments) == 1


async def test_a_release_that_github_does_not_know_takes_no_issue_away(company: Company) -> None:
    digest = digest_of(key="shop|elsewhere#1", release="f" * 40)
    assert (await send_digest(CHANNELS["github"], digest, "", {})).reference
    only = replace(CHANNELS["github"], does=frozenset({"status"}))
    with pytest.raises(ChannelError, match="No commit found") as caught:
        await send_digest(only, digest, "", {})
    assert caught.value.is_final


async def test_a_github_channel_does_only_what_it_is_for(company: Company) -> None:
    only = replace(CHANNELS["github"], does=frozenset({"status"}))
    before = await company.ask("/github/repos/acme/shop/issues?state=all", "github")
    assert (await send_digest(only, digest_of(), "", {})).reference == ""
    assert await company.ask("/github/repos/acme/shop/issues?state=all", "github") == before


async def test_a_webhook_gets_the_same_key_again(company: Company) -> None:
    digest = digest_of(key="shop|hook#1")
    for _ in range(2):
        await send_digest(CHANNELS["webhook"], digest, "", {})
    came = [each for each in await company.ask("/sandbox/hook/alerts") if each["body"]["key"] == digest.key]
    assert came[0]["headers"]["idempotency-key"] == came[1]["headers"]["idempotency-key"]
    assert came[0]["headers"]["x-watchkeeper-signature"].startswith("sha256=")


async def test_console_and_file_take_it_without_credentials(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "alerts.jsonl"
    for channel in (ChannelConfig("here", ChannelKind.CONSOLE), ChannelConfig("log", ChannelKind.FILE, path=str(path))):
        for reason in Reason:
            assert (await send_digest(channel, hostile_digest(reason), "", {})).reference == ""
    assert "\u202e" not in capsys.readouterr().out
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["reason"] for line in lines] == [reason.value for reason in Reason]
    assert {line["channel"] for line in lines} == {"log"}
