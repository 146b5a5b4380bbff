"""The credentials of a Sentry organization."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.sentry import SentryClient
from watchkeeper.clients.sentry_releases import SentryReleasesClient


class Sentry(Block):
    """Reads errors, sessions, issues and releases of a Sentry organization.

    Example:
        ```python
        from blocks.sentry import Sentry

        sentry = Sentry.load("BLOCK_NAME")
        async with sentry.get_client() as client:
            reports = await client.error_reports("acme", "production", ["shop-web"], window, now)
        ```
    """

    _block_type_name = "Watchkeeper Sentry"
    _block_type_slug = "watchkeeper-sentry"
    _description = "Reads errors, sessions, issues and releases of a Sentry organization."
    _documentation_url = HttpUrl("https://docs.sentry.io/api/guides/create-auth-token/")

    auth_token: SecretStr = Field(
        default=SecretStr(""),
        title="Auth token",
        description=(
            "Token of an internal integration with the scopes org:read, project:read and event:read; with "
            "project:releases a way back is written down at the release it goes to."
        ),
    )
    base_url: str = Field(
        default="https://sentry.io",
        title="Base URL",
        description="Where Sentry answers: https://us.sentry.io or https://de.sentry.io by region, or your own host.",
    )

    def get_client(self) -> SentryClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return SentryClient(self.auth_token.get_secret_value(), self.base_url)

    def get_releases_client(self) -> SentryReleasesClient:
        """Return a client that writes down deploys of releases; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return SentryReleasesClient(self.auth_token.get_secret_value(), self.base_url)
