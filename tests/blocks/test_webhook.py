import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.webhook import Webhook
from watchkeeper.clients.base import MissingCredential

SECRET, URL = "make-believe-secret", "https://hooks.acme.example/make-believe-path"


class TestWebhook(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[Webhook]:
        return Webhook


@pytest.mark.parametrize(
    ("block", "says"),
    [
        (
            Webhook(secret=SecretStr(SECRET)),
            "no address: put one into the block Watchkeeper Webhook, or into the channel",
        ),
        (Webhook(url=SecretStr(URL)), "fill WEBHOOK_SECRET in the block Watchkeeper Webhook"),
    ],
)
def test_what_is_missing_is_named(block: Webhook, says: str) -> None:
    with pytest.raises(MissingCredential, match=says):
        block.get_client()


def test_an_address_of_the_channel_comes_first() -> None:
    assert Webhook(secret=SecretStr(SECRET)).get_client(URL).vendor == "Webhook"


def test_secret_and_address_stay_hidden() -> None:
    block = Webhook(secret=SecretStr(SECRET), url=SecretStr(URL))
    assert "make-believe" not in repr(block) + block.model_dump_json() + repr(block.get_client())
