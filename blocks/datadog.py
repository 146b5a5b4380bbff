"""The keys of a Datadog organization."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.datadog import DatadogClient


class Datadog(Block):
    """Sends alerts as events, and what is measured, to Datadog.

    Example:
        ```python
        from blocks.datadog import Datadog

        datadog = Datadog.load("BLOCK_NAME")
        async with datadog.get_client() as client:
            await client.send_event(event)
        ```
    """

    _block_type_name = "Watchkeeper Datadog"
    _block_type_slug = "watchkeeper-datadog"
    _description = "Sends alerts as events, and what is measured, to Datadog."
    _documentation_url = HttpUrl("https://docs.datadoghq.com/account_management/api-app-keys/")

    api_key: SecretStr = Field(default=SecretStr(""), title="API key", description="Of the organization.")
    application_key: SecretStr = Field(
        default=SecretStr(""), title="Application key", description="Datadog may ask for it where events are sent."
    )
    base_url: str = Field(
        default="https://api.datadoghq.com",
        title="Base URL",
        description="Where the API answers: https://api.datadoghq.eu and so on for other sites.",
    )
    events_url: str = Field(
        default="https://event-management-intake.datadoghq.com",
        title="Events URL",
        description="Where events are sent: https://event-management-intake.datadoghq.eu and so on for other sites.",
    )

    def get_client(self) -> DatadogClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the API key is empty or cannot be one.
            VendorRefused: one of the URLs is none.
        """
        keys = self.api_key.get_secret_value(), self.application_key.get_secret_value()
        return DatadogClient(*keys, self.base_url, self.events_url)
