"""The page that shows the make-believe Slack as a person would see it."""

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from watchkeeper.sandbox.slack_space import Space
from watchkeeper.sandbox.world import World


def routes(_: World, space: Space) -> list[Route]:
    async def show(_: Request) -> Response:
        posts = [post for channel in space.channels.values() for post in channel.posts]
        return HTMLResponse("".join(f"<pre>{escape(post.text)}</pre>" for post in posts))

    return [Route("/slack", show)]
