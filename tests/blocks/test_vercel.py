import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.vercel import Vercel
from watchkeeper.clients.base import MissingCredential


class TestVercel(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[Vercel]:
        return Vercel


def test_a_block_without_its_token_says_so() -> None:
    with pytest.raises(MissingCredential, match="VERCEL_TOKEN"):
        Vercel().get_client()


async def test_the_status_page_needs_no_token() -> None:
    async with Vercel().get_status_client() as client:
        assert client.requests == 0


def test_the_token_stays_hidden() -> None:
    block = Vercel(token=SecretStr("make-believe-token"))
    assert "make-believe-token" not in repr(block)
    assert "make-believe-token" not in block.model_dump_json()


@pytest.mark.parametrize("name", ["get_moves_client", "get_percentages_client"])
async def test_those_who_change_something_have_clients_of_their_own(name: str) -> None:
    with pytest.raises(MissingCredential, match="VERCEL_TOKEN"):
        getattr(Vercel(), name)()
    async with getattr(Vercel(token=SecretStr("make-believe-token")), name)() as client:
        assert client.requests == 0
