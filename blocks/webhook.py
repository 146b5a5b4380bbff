"""Where alerts are posted to by webhook, and what signs them."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.webhook import WebhookClient


class Webhook(Block):
    """Posts alerts as signed JSON to an address of your own.

    Example:
        ```python
        from datetime import UTC, datetime

        from blocks.webhook import Webhook

        webhook = Webhook.load("BLOCK_NAME")
        async with webhook.get_client() as client:
            await client.deliver(b"{}", "message-1", datetime.now(UTC))
        ```
    """

    _block_type_name = "Watchkeeper Webhook"
    _block_type_slug = "watchkeeper-webhook"
    _description = "Posts alerts as signed JSON to an address of your own."
    _documentation_url = HttpUrl("https://docs.prefect.io/v3/concepts/blocks")

    secret: SecretStr = Field(
        default=SecretStr(""),
        title="Secret",
        description=(
            "Signs each message (HMAC-SHA256), so that the receiver knows who sent it. At least 16 characters, "
            "such as from `openssl rand -hex 32`."
        ),
    )
    url: SecretStr = Field(
        default=SecretStr(""),
        title="Address",
        description=(
            "Where messages are posted to, unless the channel names an address. "
            "Often whoever knows it can post there, so it is a secret."
        ),
    )

    def get_client(self, url: str = "") -> WebhookClient:
        """Return a client that is still to be entered.

        Args:
            url: of the channel; "" for that of the block.

        Raises:
            MissingCredential: there is no address or no secret.
        """
        return WebhookClient(url or self.url.get_secret_value(), self.secret.get_secret_value())
