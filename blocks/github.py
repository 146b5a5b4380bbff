"""The credentials of a GitHub user or app."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.github import GitHubClient
from watchkeeper.clients.github_changes import GitHubChangesClient
from watchkeeper.clients.github_issues import GitHubIssuesClient
from watchkeeper.clients.github_releases import GitHubReleasesClient


class GitHub(Block):
    """Reads commits of GitHub repositories, and publishes reports as GitHub Pages.

    Example:
        ```python
        from blocks.github import GitHub

        github = GitHub.load("BLOCK_NAME")
        async with github.get_client() as client:
            commits = await client.commits([("acme/shop", "main")], since)
        ```
    """

    _block_type_name = "Watchkeeper GitHub"
    _block_type_slug = "watchkeeper-github"
    _description = "Reads commits of GitHub repositories, and publishes reports as GitHub Pages."
    _documentation_url = HttpUrl(
        "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/managing-your-personal-access-tokens"
    )

    token: SecretStr = Field(
        default=SecretStr(""),
        title="Token",
        description=(
            "A fine-grained token with Contents and Metadata: read for the repositories watched, "
            "and Contents: write for the one that reports are published to. For ways back: Pull requests: read "
            "and Issues: write, with Pull requests: write for comments there. For alerts: "
            "Commit statuses: write as well."
        ),
    )
    base_url: str = Field(
        default="https://api.github.com",
        title="Base URL",
        description="Where GitHub's REST API answers: https://<host>/api/v3 of a server of your own.",
    )

    def get_client(self) -> GitHubClient:
        """Return a client that is still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return GitHubClient(self.token.get_secret_value(), self.base_url)

    def get_changes_client(self) -> GitHubChangesClient:
        """Return a client that compares releases; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return GitHubChangesClient(self.token.get_secret_value(), self.base_url)

    def get_issues_client(self) -> GitHubIssuesClient:
        """Return a client that writes issues and comments; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return GitHubIssuesClient(self.token.get_secret_value(), self.base_url)

    def get_releases_client(self) -> GitHubReleasesClient:
        """Return a client that marks commits and writes issues and comments; still to be entered.

        Raises:
            MissingCredential: the token is empty or cannot be one.
        """
        return GitHubReleasesClient(self.token.get_secret_value(), self.base_url)
