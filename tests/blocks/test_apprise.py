import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.apprise import Apprise
from watchkeeper.clients.base import MissingCredential

ADDRESSES = "json://127.0.0.1/make-believe-one\njson://127.0.0.1/make-believe-two"


class TestApprise(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[Apprise]:
        return Apprise


def test_a_block_without_an_address_says_so() -> None:
    with pytest.raises(MissingCredential, match="put one into APPRISE_URLS or the block Watchkeeper Apprise"):
        Apprise().get_client()


def test_one_address_a_line() -> None:
    assert len(Apprise(addresses=SecretStr(ADDRESSES)).get_client().fingerprints) == 2


def test_the_addresses_stay_hidden() -> None:
    block = Apprise(addresses=SecretStr(ADDRESSES))
    assert "make-believe" not in repr(block)
    assert "make-believe" not in block.model_dump_json()
    assert "make-believe" not in repr(block.get_client())
