import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.sentry import Sentry
from watchkeeper.clients.base import MissingCredential, VendorRefused

TOKEN = "make-believe-token"


class TestSentry(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[Sentry]:
        return Sentry


def test_a_block_without_its_token_says_so() -> None:
    with pytest.raises(MissingCredential, match="SENTRY_AUTH_TOKEN in the block Watchkeeper Sentry"):
        Sentry().get_client()


def test_a_base_url_that_is_none_is_refused() -> None:
    with pytest.raises(VendorRefused, match="base URL"):
        Sentry(auth_token=SecretStr(TOKEN), base_url="sentry").get_client()


def test_the_token_stays_hidden() -> None:
    block = Sentry(auth_token=SecretStr(TOKEN))
    assert TOKEN not in repr(block)
    assert TOKEN not in block.model_dump_json()
    assert TOKEN not in repr(block.get_client())


@pytest.mark.usefixtures("prefect_server")
async def test_it_is_saved_and_loaded() -> None:
    await Sentry(auth_token=SecretStr(TOKEN), base_url="https://de.sentry.io").save("test-sentry", overwrite=True)
    loaded: Sentry = await Sentry.aload("test-sentry")
    assert loaded.auth_token.get_secret_value() == TOKEN
    assert loaded.base_url == "https://de.sentry.io"


@pytest.mark.parametrize("name", ["get_releases_client"])
async def test_those_who_change_something_have_clients_of_their_own(name: str) -> None:
    with pytest.raises(MissingCredential, match="SENTRY_AUTH_TOKEN"):
        getattr(Sentry(), name)()
    async with getattr(Sentry(auth_token=SecretStr("make-believe-token")), name)() as client:
        assert client.requests == 0
