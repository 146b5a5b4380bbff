import json
from typing import Any

import pytest
from prefect import flow
from pydantic import SecretStr

from blocks.slack import Slack
from reports.slack import SlackMessage, section
from tasks.slack import post_message
from tests.clients.local_server import reply, serving
from tests.tasks.limits import create_limit
from watchkeeper.clients.base import VendorRefused

pytestmark = pytest.mark.usefixtures("prefect_server")
MESSAGE = SlackMessage("All is well", [section("All is well")])
POSTED = reply(
    json.dumps({"ok": True, "channel": "C1", "ts": "1.2"}).encode(), "200 OK", "Content-Type: application/json"
)
REFUSED = reply(
    json.dumps({"ok": False, "error": "not_in_channel"}).encode(), "200 OK", "Content-Type: application/json"
)


@flow
async def posting(slack: Slack, ts: str) -> str:
    return await post_message(slack, MESSAGE, "#releases", ts)


@pytest.mark.parametrize(("ts", "method"), [("", b"chat.postMessage"), ("C1:1.1", b"chat.update")])
async def test_a_message_is_new_or_an_edit(ts: str, method: bytes) -> None:
    await create_limit("slack")
    async with serving(POSTED) as server:
        slack = Slack(bot_token=SecretStr("make-believe-token"), base_url=server.url("/api/"))
        assert await posting(slack, ts) == "C1:1.2"
    assert method in server.requests[0]
    assert json.loads(server.bodies[0])["blocks"] == MESSAGE.blocks


async def test_a_refusal_is_not_repeated() -> None:
    await create_limit("slack")
    async with serving(REFUSED) as server:
        slack = Slack(bot_token=SecretStr("make-believe-token"), base_url=server.url("/api/"))
        with pytest.raises(VendorRefused, match="invite"):
            await posting(slack, "")
    assert server.connections == 1


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "413 Content Too Large"])
@pytest.mark.parametrize("ts", ["", "C1:1.1"])
async def test_what_slack_does_not_take_goes_out_as_text_alone(ts: str, status: str) -> None:
    await create_limit("slack")
    code = json.dumps({"ok": False, "error": "invalid_blocks" if status.startswith("200") else "whatever"}).encode()
    answers = [reply(code, status, "Content-Type: application/json"), POSTED]

    async def say(writer: Any) -> None:
        writer.write(answers.pop(0))

    async with serving(say) as server:
        slack = Slack(bot_token=SecretStr("make-believe-token"), base_url=server.url("/api/"))
        assert await posting(slack, ts) == "C1:1.2"
    plain = json.loads(server.bodies[1])
    assert (plain["text"], plain["blocks"]) == ("All is well", [])
