"""slack-sdk's clients with our proxies and authorities. Imported only by who posts: it takes a fifth of a second.

The library itself takes `HTTPS_PROXY` or `HTTP_PROXY` for every address, knows no `NO_PROXY` and no `ALL_PROXY`, and
believes the authorities of the system. Its retries are off: the task asks again, and only it.
"""

import logging
from ssl import SSLContext
from typing import TYPE_CHECKING, Final

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from watchkeeper.clients.proxies import proxy_for
from watchkeeper.clients.slack_errors import VENDOR
from watchkeeper.clients.trust import tls

if TYPE_CHECKING:
    from slack_sdk.web.file_upload_v2_result import FileUploadV2Result

# The library's own would write webhook URLs and whole messages at level DEBUG, and a proxy's password with an error.
_QUIET: Final = logging.getLogger("watchkeeper.clients.slack.sdk")
_QUIET.setLevel(logging.CRITICAL)


class SlackWeb(AsyncWebClient):
    """Calls by bot token. `seconds`: for each request."""

    def __init__(self, bot_token: str, base_url: str, seconds: int) -> None:
        super().__init__(
            bot_token,
            base_url=base_url,
            timeout=seconds,
            ssl=tls(VENDOR, http2=False),
            retry_handlers=[],
            logger=_QUIET,
        )
        self.proxy = proxy_for(base_url, VENDOR)  # in the place of what the library has read

    async def _upload_file(  # noqa: PLR0913 - the library's
        self,
        *,
        url: str,
        data: bytes,
        logger: logging.Logger,
        timeout: int,  # noqa: ASYNC109 - the library's
        proxy: str | None,  # noqa: ARG002 - that of the API; files have a host of their own
        ssl: SSLContext | None,
    ) -> "FileUploadV2Result":
        return await super()._upload_file(
            url=url, data=data, logger=logger, timeout=timeout, proxy=proxy_for(url, VENDOR), ssl=ssl
        )


def slack_webhook(url: str, seconds: int) -> AsyncWebhookClient:
    """Return the client that posts to an incoming webhook."""
    client = AsyncWebhookClient(url, timeout=seconds, ssl=tls(VENDOR, http2=False), retry_handlers=[], logger=_QUIET)
    client.proxy = proxy_for(url, VENDOR)
    return client
