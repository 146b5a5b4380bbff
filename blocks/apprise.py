"""The addresses that reports are sent to by Apprise."""

from prefect.blocks.core import Block
from pydantic import Field, HttpUrl, SecretStr

from watchkeeper.clients.apprise import AppriseClient


class Apprise(Block):
    """Sends reports by e-mail, Teams, SMS and whatever else Apprise knows.

    Example:
        ```python
        from blocks.apprise import Apprise

        apprise = Apprise.load("BLOCK_NAME")
        client = apprise.get_client()
        for address in client.fingerprints:
            sent = await client.send(address, "Daily report", "All is well")
        ```
    """

    _block_type_name = "Watchkeeper Apprise"
    _block_type_slug = "watchkeeper-apprise"
    _description = "Sends reports by e-mail, Teams, SMS and whatever else Apprise knows."
    _documentation_url = HttpUrl("https://github.com/caronc/apprise/wiki")

    addresses: SecretStr = Field(
        default=SecretStr(""),
        title="Addresses",
        description=(
            "Apprise addresses with spaces or line breaks between them, such as "
            "mailtos://user:password@example.com?to=team@example.com; whoever knows one can send, so they are secrets."
        ),
    )

    def get_client(self) -> AppriseClient:
        """Return a client.

        Raises:
            MissingCredential: there is no address, or one of them is none.
        """
        return AppriseClient(self.addresses.get_secret_value())
