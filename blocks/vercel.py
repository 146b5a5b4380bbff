"""The credentials of a Vercel account or team."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.vercel import VercelClient, VercelStatusClient
from watchkeeper.clients.vercel_moves import VercelMovesClient
from watchkeeper.clients.vercel_percentages import VercelPercentagesClient


class Vercel(Block):
    """Reads the projects and production deployments of a Vercel account, and moves production where that is approved.

    Example:
        ```python
        from blocks.vercel import Vercel

        vercel = Vercel.load("BLOCK_NAME")
        async with vercel.get_client() as client:
            reports = await client.delivery_reports("team_acme", ["shop"], since)
        ```
    """

    _block_type_name = "Watchkeeper Vercel"
    _block_type_slug = "watchkeeper-vercel"
    _description = "Reads the projects and production deployments of a Vercel account, and moves production."
    _documentation_url = HttpUrl("https://vercel.com/docs/rest-api#authentication")

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Token",
        description=(
            "Made under Account Settings, Tokens; its scope must hold the team of the projects. To go back to an "
            "earlier release its user must be allowed to deploy to production there."
        ),
    )
    base_url: str = Field(
        default="https://api.vercel.com", title="Base URL", description="Where Vercel's REST API answers."
    )
    status_url: str = Field(
        default="https://www.vercel-status.com",
        title="Status page",
        description="Where Vercel's public status page answers; it is asked without the token.",
    )

    rollback_version: str = Field(
        default="v1",
        title="Version of the rollback call",
        description="v1, or v9 where rollbacks still answer there.",
        pattern=r"^v\d{1,2}$",
    )
    config_api: str = Field(
        default="edge-config",
        title="Name of the configuration store",
        description="edge-config, or global-config as Vercel calls it since 2026.",
        pattern=r"^[a-z-]{1,40}$",
    )

    def get_client(self) -> VercelClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return VercelClient(self.token.get_secret_value(), self.base_url)

    def get_moves_client(self) -> VercelMovesClient:
        """Return a client that looks at production and moves it; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return VercelMovesClient(self.token.get_secret_value(), self.base_url, rollback_version=self.rollback_version)

    def get_percentages_client(self) -> VercelPercentagesClient:
        """Return a client that reads and sets percentages; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return VercelPercentagesClient(self.token.get_secret_value(), self.base_url, prefix=self.config_api)

    def get_status_client(self) -> VercelStatusClient:
        """Return a client of the status page, which needs no token."""
        return VercelStatusClient(self.status_url)
