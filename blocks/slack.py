"""The credentials of a Slack app."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.slack import SlackClient


class Slack(Block):
    """Posts and edits messages in Slack.

    Example:
        ```python
        from blocks.slack import Slack

        slack = Slack.load("BLOCK_NAME")
        async with slack.get_client() as client:
            message = await client.post("#releases", "All is well")
        ```
    """

    _block_type_name = "Watchkeeper Slack"
    _block_type_slug = "watchkeeper-slack"
    _description = "Posts and edits messages in Slack."
    _documentation_url = HttpUrl("https://docs.slack.dev/quickstart")

    bot_token: SecretStr = Field(
        default=SecretStr(""),
        title="Bot token",
        description=(
            "Bot token of a Slack app with the scope chat:write; the app must be invited to the channels, "
            "or have chat:write.public as well. For files it needs files:write; with channels:history and "
            "channels:read it looks before it repeats what may have arrived."
        ),
    )
    webhook_url: SecretStr = Field(
        default=SecretStr(""),
        title="Incoming webhook",
        description=(
            "Used where there is no bot token. Posts to the one channel it was made for and can edit nothing; "
            "whoever knows this URL can post, so it is a secret."
        ),
    )
    base_url: str = Field(
        default="https://slack.com/api/", title="Base URL", description="Where Slack's Web API answers."
    )

    def get_client(self) -> SlackClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: neither secret is there, or the one that is cannot be one.
        """
        return SlackClient(self.bot_token.get_secret_value(), self.webhook_url.get_secret_value(), self.base_url)
