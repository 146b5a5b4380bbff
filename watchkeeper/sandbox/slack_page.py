"""The page that shows the make-believe Slack as a person would see it."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox.manners import UNTRUSTED
from watchkeeper.sandbox.mrkdwn import render_mrkdwn, render_plain
from watchkeeper.sandbox.slack_space import Channel, File, Post, Space

Block = dict[str, Any]

templates = Environment(loader=PackageLoader("watchkeeper.sandbox"), autoescape=True, trim_blocks=True)
_COLORS = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30200"}
_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".gif": "image/gif"}


def routes(space: Space) -> list[Route]:
    async def show(request: Request) -> Response:
        channel = space.channel(request.query_params.get("channel", "releases")) or space.channels["releases"]
        return HTMLResponse(render(space, channel))

    async def file(request: Request) -> Response:
        found = space.files.get(request.path_params["file"])
        if found is None or found.content is None:
            return Response("no such file", 404)
        return Response(found.content, media_type=_kind(found), headers=UNTRUSTED)

    return [Route("/slack", show), Route("/slack/files/{file}", file)]


def render(space: Space, channel: Channel) -> str:
    """Return the page of one channel: the newest message last, replies below what they answer."""
    known = {post.ts for post in channel.posts}
    roots = [
        post for post in channel.posts if post.thread_ts not in known or post.thread_ts == post.ts or post.is_broadcast
    ]
    days = [
        (day, [_view(channel, post) for post in posts])
        for day, posts in groupby(roots, lambda post: f"{datetime.fromtimestamp(post.at, UTC):%A, %d %B}")
    ]
    return templates.get_template("slack.html").render(
        channels=list(space.channels.values()), channel=channel, days=days
    )


def _view(channel: Channel, post: Post) -> dict[str, object]:
    replies = [reply for reply in channel.posts if reply.thread_ts == post.ts and reply is not post]
    files = [
        {
            "id": file.id,
            "title": file.title or file.name,
            "description": file.description or file.title or file.name,
            "is_image": _kind(file).startswith("image/"),
        }
        for file in post.files
    ]
    return {
        "ts": post.ts,
        "root": post.thread_ts,
        "time": f"{datetime.fromtimestamp(post.at, UTC):%H:%M}",
        "text": render_mrkdwn(post.text),
        "blocks": [render_block(block) for block in post.blocks],
        "attachments": [_attachment(attachment) for attachment in post.attachments],
        "answers": _answered(channel, post) if post.is_broadcast else "",
        "files": files,
        "revisions": post.revisions,
        "replies": [_view(channel, reply) for reply in replies],
    }


def _attachment(attachment: Block) -> Markup:
    body = Markup().join(map(render_block, attachment.get("blocks", ())))
    return Markup('<div class="attachment" style="border-color:{}">{}</div>').format(
        _COLORS.get(str(attachment.get("color")), attachment.get("color", "#dddddd")), body
    )


def _answered(channel: Channel, post: Post) -> Markup:
    """Return the first line of the message that a post answers."""
    root = next((each for each in channel.posts if each.ts == post.thread_ts), None)
    return render_mrkdwn((root.text if root else "").partition("\n")[0])


def _kind(file: File) -> str:
    suffix = "." + file.name.rpartition(".")[2].lower()
    return _IMAGES.get(suffix, "text/html" if suffix == ".html" else "application/octet-stream")


def render_block(block: Block) -> Markup:
    """Return the HTML of one block; of a kind that is not shown here, a note."""
    show = _BLOCKS.get(str(block.get("type")))
    return show(block) if show else Markup('<div class="context">[{}]</div>').format(str(block.get("type")))


def _text(value: Block) -> Markup:
    text = str(value.get("text", ""))
    return render_mrkdwn(text) if value.get("type") == "mrkdwn" else render_plain(text)


def _section(block: Block) -> Markup:
    main = Markup("<div>{}</div>").format(_text(block["text"])) if "text" in block else Markup()
    if block.get("fields"):
        cells = Markup().join(Markup('<div dir="auto">{}</div>').format(_text(field)) for field in block["fields"])
        main += Markup('<div class="fields">{}</div>').format(cells)
    side = _element(block["accessory"]) if "accessory" in block else Markup()
    return Markup('<div class="section"><div dir="auto">{}</div>{}</div>').format(main, side)


def _context(block: Block) -> Markup:
    parts = (
        _image(element)
        if element.get("type") == "image"
        else Markup('<span dir="auto">{}</span>').format(_text(element))
        for element in block["elements"]
    )
    return Markup('<div class="context">{}</div>').format(Markup().join(parts))


def _actions(block: Block) -> Markup:
    return Markup('<div class="actions">{}</div>').format(Markup().join(map(_element, block["elements"])))


def _element(element: Block) -> Markup:
    if element.get("type") == "image":
        return _image(element)
    if element.get("type") != "button":
        return Markup('<span class="button">{} ▾</span>').format(str(element.get("type")))
    url, label = str(element.get("url", "")), _text(element["text"])
    style = str(element.get("style", ""))
    if url.startswith(("http://", "https://")):
        link = Markup('<a class="button {}" href="{}" rel="noreferrer" target="_blank">{}</a>')
        return link.format(style, url, label)
    return Markup('<span class="button {}" role="button">{}</span>').format(style, label)


def _image(block: Block) -> Markup:
    """Return an image of this machine; one from elsewhere is only described, for nothing here asks the outside."""
    url, description = str(block.get("image_url", "")), str(block.get("alt_text", ""))
    if url.startswith(("http://127.0.0.1:", "http://localhost:")):
        return Markup('<img src="{}" alt="{}">').format(url, description)
    return Markup("<span>🖼 {}</span>").format(description)


_BLOCKS: dict[str, Callable[[Block], Markup]] = {
    "header": lambda block: Markup('<h3 dir="auto">{}</h3>').format(_text(block["text"])),
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda _: Markup("<hr>"),
    "image": _image,
}
