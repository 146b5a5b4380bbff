"""The credentials of a PagerDuty service."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.pagerduty import PagerDutyClient, PagerDutyEventsClient


class PagerDuty(Block):
    """Opens and resolves incidents in PagerDuty, and reads who has acknowledged them.

    Example:
        ```python
        from blocks.pagerduty import PagerDuty

        pagerduty = PagerDuty.load("BLOCK_NAME")
        async with pagerduty.get_events_client() as client:
            await client.enqueue(event)
        ```
    """

    _block_type_name = "Watchkeeper PagerDuty"
    _block_type_slug = "watchkeeper-pagerduty"
    _description = "Opens and resolves incidents in PagerDuty, and reads who has acknowledged them."
    _documentation_url = HttpUrl("https://support.pagerduty.com/main/docs/services-and-integrations")

    routing_key: SecretStr = Field(
        default=SecretStr(""),
        title="Routing key",
        description="The integration key of an integration of the kind Events API V2; one for each service.",
    )
    api_token: SecretStr = Field(
        default=SecretStr(""),
        title="API token",
        description=(
            "A REST API key, read-only is enough. Without it an acknowledgement in PagerDuty is not seen here, "
            "and reminders go on."
        ),
    )
    events_url: str = Field(
        default="https://events.pagerduty.com/v2",
        title="Events URL",
        description="Where events are sent: https://events.eu.pagerduty.com/v2 for accounts in the EU.",
    )
    base_url: str = Field(
        default="https://api.pagerduty.com",
        title="Base URL",
        description="Where the REST API answers: https://api.eu.pagerduty.com for accounts in the EU.",
    )

    @property
    def can_read(self) -> bool:
        """Return whether there is a token to read incidents with."""
        return bool(self.api_token.get_secret_value())

    def get_events_client(self) -> PagerDutyEventsClient:
        """Return a client that sends events; still to be entered.

        Raises:
            MissingCredential: the routing key is empty or cannot be one.
        """
        return PagerDutyEventsClient(self.routing_key.get_secret_value(), self.events_url)

    def get_client(self) -> PagerDutyClient:
        """Return a client that reads incidents; still to be entered.

        Raises:
            MissingCredential: the API token is empty or cannot be one.
        """
        return PagerDutyClient(self.api_token.get_secret_value(), self.base_url)
