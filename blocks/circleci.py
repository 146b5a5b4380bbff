"""The credentials of a CircleCI user."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.circleci import CircleCIClient


class CircleCI(Block):
    """Reads pipelines, workflows and jobs of CircleCI organizations.

    Example:
        ```python
        from blocks.circleci import CircleCI

        circleci = CircleCI.load("BLOCK_NAME")
        async with circleci.get_client() as client:
            reports = await client.build_reports("gh/acme", {"gh/acme/shop": "main"}, since, {})
        ```
    """

    _block_type_name = "Watchkeeper CircleCI"
    _block_type_slug = "watchkeeper-circleci"
    _description = "Reads pipelines, workflows and jobs of CircleCI organizations."
    _documentation_url = HttpUrl("https://circleci.com/docs/guides/toolkit/managing-api-tokens/")

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Personal API token",
        description="Personal token of a user who follows the projects; tokens of a project do not work.",
    )
    base_url: str = Field(
        default="https://circleci.com/api/v2", title="Base URL", description="Where CircleCI's API v2 answers."
    )

    def get_client(self) -> CircleCIClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return CircleCIClient(self.token.get_secret_value(), self.base_url)
