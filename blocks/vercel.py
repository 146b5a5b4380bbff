"""The credentials of a Vercel account or team."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.vercel import VercelClient, VercelStatusClient


class Vercel(Block):
    """Reads the projects and production deployments of a Vercel account.

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
    _description = "Reads the projects and production deployments of a Vercel account."
    _documentation_url = HttpUrl("https://vercel.com/docs/rest-api#authentication")

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Token",
        description="Made under Account Settings, Tokens; its scope must hold the team of the projects.",
    )
    base_url: str = Field(
        default="https://api.vercel.com", title="Base URL", description="Where Vercel's REST API answers."
    )
    status_url: str = Field(
        default="https://www.vercel-status.com",
        title="Status page",
        description="Where Vercel's public status page answers; it is asked without the token.",
    )

    def get_client(self) -> VercelClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return VercelClient(self.token.get_secret_value(), self.base_url)

    def get_status_client(self) -> VercelStatusClient:
        """Return a client of the status page, which needs no token."""
        return VercelStatusClient(self.status_url)
