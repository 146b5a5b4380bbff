import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.github import GitHub
from watchkeeper.clients.base import MissingCredential, VendorRefused

TOKEN = "make-believe-token"


class TestGitHub(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[GitHub]:
        return GitHub


def test_a_block_without_its_token_says_so() -> None:
    with pytest.raises(MissingCredential, match="GITHUB_TOKEN in the block Watchkeeper GitHub"):
        GitHub().get_client()


def test_a_base_url_that_is_none_is_refused() -> None:
    with pytest.raises(VendorRefused, match="base URL"):
        GitHub(token=SecretStr(TOKEN), base_url="github").get_client()


def test_the_token_stays_hidden() -> None:
    block = GitHub(token=SecretStr(TOKEN))
    assert TOKEN not in repr(block)
    assert TOKEN not in block.model_dump_json()
    assert TOKEN not in repr(block.get_client())


@pytest.mark.parametrize("name", ["get_changes_client", "get_issues_client"])
async def test_those_who_change_something_have_clients_of_their_own(name: str) -> None:
    with pytest.raises(MissingCredential, match="GITHUB_TOKEN"):
        getattr(GitHub(), name)()
    async with getattr(GitHub(token=SecretStr("make-believe-token")), name)() as client:
        assert client.requests == 0
