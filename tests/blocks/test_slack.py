import pytest
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.slack import Slack
from watchkeeper.clients.base import MissingCredential


class TestSlack(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self) -> type[Slack]:
        return Slack


def test_a_block_without_a_secret_says_so() -> None:
    with pytest.raises(MissingCredential, match="SLACK_BOT_TOKEN or SLACK_WEBHOOK_URL"):
        Slack().get_client()


def test_the_secrets_stay_hidden() -> None:
    block = Slack(bot_token=SecretStr("make-believe-token"), webhook_url=SecretStr("https://hooks.test/make-believe"))
    assert "make-believe" not in repr(block)
    assert "make-believe" not in block.model_dump_json()
    assert block.get_client() is not None
