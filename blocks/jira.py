"""The credentials of a Jira Cloud account."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.jira import JiraClient


class Jira(Block):
    """Tracks groups of alerts as issues in Jira Cloud.

    Example:
        ```python
        from blocks.jira import Jira

        jira = Jira.load("BLOCK_NAME")
        async with jira.get_client() as client:
            ticket = await client.ticket("OPS-12")
        ```
    """

    _block_type_name = "Watchkeeper Jira"
    _block_type_slug = "watchkeeper-jira"
    _description = "Tracks groups of alerts as issues in Jira Cloud."
    _documentation_url = HttpUrl(
        "https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/"
    )

    email: str = Field(default="", title="E-mail", description="Of the account that the token belongs to.")
    api_token: SecretStr = Field(
        default=SecretStr(""),
        title="API token",
        description=(
            "Of an account that may browse the project, create, edit and transition its issues, and add comments; "
            "best one of its own, so that people see what Watchkeeper did."
        ),
    )
    base_url: str = Field(
        default="", title="Base URL", description="The site, as https://acme.atlassian.net, without a path."
    )

    def get_client(self) -> JiraClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the e-mail address or the token is empty, or cannot be one.
            VendorRefused: the base URL is none.
        """
        return JiraClient(self.email, self.api_token.get_secret_value(), self.base_url)
