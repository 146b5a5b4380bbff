import re

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from starlette.applications import Starlette

from tests.sandbox.serving import serving
from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.mrkdwn import render_mrkdwn
from watchkeeper.sandbox.world import World

HOSTILE = "<script>alert(1)</script> <img src=x onerror=alert(1)> \"'&"


def _section(text: object) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


async def _post(visitor: Visitor, **message: object) -> dict[str, object]:
    response = await visitor.ask("POST", "/slack/api/chat.postMessage", json={"channel": "#releases", **message})
    body: dict[str, object] = response.json()
    return body


async def _page(visitor: Visitor, channel: str = "releases") -> str:
    page = (await visitor.http.get("/slack", params={"channel": channel})).text
    return page[page.index("<main") : page.index("<script>\nconst")]


@pytest.mark.parametrize(
    ("blocks", "says"),
    [
        ([{"type": "section"}], "text or fields"),
        ([_section("")], "more than 0 characters"),
        ([_section("x" * 3001)], "less than 3001"),
        ([_section(None)], "more than 0 characters"),
        ([{"type": "divider"}] * 51, "no more than 50"),
        ([{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}], "unsupported type: mrkdwn"),
        ([{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}], "less than 151"),
        ([{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}], "1 to 10"),
        ([{"type": "context", "elements": []}], "1 to 10"),
        ([{"type": "actions", "elements": [{"type": "button", "text": {"type": "mrkdwn", "text": "x"}}]}], "mrkdwn"),
        ([{"type": "image", "image_url": "http://localhost/x.png"}], "alt_text"),
        ([{"type": "carousel"}], "unsupported type: carousel"),
        ([{**_section("a"), "block_id": "one"}, {**_section("b"), "block_id": "one"}], "already exists"),
        (["text"], "type"),
    ],
)
async def test_invalid_blocks_are_refused(blocks: list[object], says: str, visitor: Visitor) -> None:
    answer = await _post(visitor, text="hi", blocks=blocks)
    assert (answer["ok"], answer["error"]) == (False, "invalid_blocks")
    assert says in str(answer["response_metadata"])


async def test_what_is_just_within_the_limits_is_taken(visitor: Visitor) -> None:
    assert (await _post(visitor, text="hi", blocks=[_section("x" * 3000), *[{"type": "divider"}] * 49]))["ok"] is True


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "#nowhere", "text": "hi"}, "channel_not_found"),
        ({"channel": "#leadership", "text": "hi"}, "not_in_channel"),
    ],
)
async def test_other_refusals(message: dict[str, object], error: str, visitor: Visitor) -> None:
    assert (await _post(visitor, **message))["error"] == error


async def test_hostile_text_stays_text(visitor: Visitor) -> None:
    plain = {"type": "plain_text", "text": HOSTILE}
    button = {"type": "button", "text": plain, "url": "javascript:alert(1)", "style": "danger"}
    blocks: list[dict[str, object]] = [
        {"type": "header", "text": plain},
        _section(HOSTILE),
        {"type": "section", "fields": [{"type": "mrkdwn", "text": HOSTILE}], "accessory": button},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": HOSTILE}]},
        {"type": "actions", "elements": [button]},
        {"type": "image", "image_url": 'http://localhost:1/"onerror="alert(1)', "alt_text": HOSTILE},
    ]
    assert (await _post(visitor, text=HOSTILE, blocks=blocks))["ok"] is True
    await _post(visitor, text=HOSTILE)
    page = await _page(visitor)
    assert "<script" not in page
    assert "<img src=x" not in page
    assert 'onerror="' not in page
    assert "javascript:alert(1)" not in page


async def test_a_message_is_edited_and_answered(visitor: Visitor) -> None:
    first = await _post(visitor, text="Shop is critical")
    await _post(visitor, text="Rolled back", thread_ts=first["ts"])
    named = {"channel": "#releases", "ts": first["ts"], "text": "x"}
    assert (await visitor.ask("POST", "/slack/api/chat.update", json=named)).json()["error"] == "channel_not_found"
    edited = {"channel": first["channel"], "ts": first["ts"], "text": "Shop is healthy"}
    assert (await visitor.ask("POST", "/slack/api/chat.update", json=edited)).json()["ok"] is True
    page = await _page(visitor)
    assert "Shop is healthy" in page
    assert "Shop is critical" not in page
    assert "(edited)" in page
    assert "1 reply" in page


async def test_the_webhook_posts_by_its_secret_alone(visitor: Visitor) -> None:
    good = await visitor.http.post("/slack/services/T0000ACME/B000WATCH/make-believe", json={"text": "by webhook"})
    assert (good.status_code, good.text) == (200, "ok")
    assert (await visitor.http.post("/slack/services/T/B/other", json={"text": "hi"})).status_code == 404
    assert "by webhook" in await _page(visitor)
    empty = await visitor.http.post("/slack/services/T0000ACME/B000WATCH/make-believe", json={})
    assert (empty.status_code, empty.text) == (400, "no_text")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _italic_ ~gone~", "<b>bold</b> <i>italic</i> <s>gone</s>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("`*code* &lt;b&gt;`", "<code>*code* &lt;b&gt;</code>"),
        ("a &amp; b &lt;!channel&gt;", "a &amp; b &lt;!channel&gt;"),
        ("<!channel> look", '<span class="mention loud">@channel</span> look'),
        ("<@U000ADA>", '<span class="mention">@U000ADA</span>'),
        (
            "*<https://acme.example/?a=1&amp;b=2|the shop>*",
            '<b><a href="https://acme.example/?a=1&amp;b=2" rel="noreferrer" target="_blank">the shop</a></b>',
        ),
        ("<javascript:alert(1)|click>", "&lt;javascript:alert(1)|click&gt;"),
        ("one\ntwo", "one<br>two"),
        ("&gt; quoted\nnot", "<q>quoted</q>not"),
        (":rocket: :unknown_name:", "🚀 :unknown_name:"),
        ("```a\n<b>```", "<pre>a\n&lt;b&gt;</pre>"),
        ("\x000\x00 `x`", "0 <code>x</code>"),
    ],
)
def test_mrkdwn(text: str, html: str) -> None:
    assert render_mrkdwn(text) == html


async def test_a_coloured_circle_is_drawn_for_machines_without_such_a_font(visitor: Visitor) -> None:
    await _post(visitor, text=":red_circle: critical 🟢 healthy")
    assert re.findall(r'class="dot (\w+)"', await _page(visitor)) == ["red", "green"]


@pytest.fixture
def app(world: World) -> Starlette:
    return create_app(world=world)


async def test_slacks_own_library_gets_along_with_it(app: Starlette) -> None:
    async with serving(app) as url:
        client = AsyncWebClient("sandbox-slack-token", base_url=f"{url}/slack/api/")
        assert (await client.auth_test())["team_id"] == "T0000ACME"
        posted = await client.chat_postMessage(channel="#reports", text="The day", blocks=[_section("The day")])
        channel = str(posted["channel"])
        uploaded = await client.files_upload_v2(
            channel=channel, filename="day.html", content="<h1>The day</h1>", thread_ts=str(posted["ts"])
        )
        assert uploaded["ok"] is True
        with pytest.raises(SlackApiError, match="invalid_blocks"):
            await client.chat_postMessage(channel="#reports", text="x", blocks=[{"type": "section"}])
        with pytest.raises(SlackApiError, match="invalid_auth"):
            await AsyncWebClient("somebody", base_url=f"{url}/slack/api/").auth_test()
