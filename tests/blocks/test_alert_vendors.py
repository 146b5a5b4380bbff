"""The credentials of PagerDuty, Jira and Datadog."""

from collections.abc import Callable
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.testing.standard_test_suites.blocks import BlockStandardTestSuite
from pydantic import SecretStr

from blocks.datadog import Datadog
from blocks.jira import Jira
from blocks.pagerduty import PagerDuty
from watchkeeper.clients.base import MissingCredential, VendorRefused

TOKEN = "make-believe-token"
SECRET = SecretStr(TOKEN)
FULL: tuple[tuple[Block, Callable[[Any], Any]], ...] = (
    (PagerDuty(routing_key=SECRET, api_token=SECRET), PagerDuty.get_events_client),
    (PagerDuty(routing_key=SECRET, api_token=SECRET), PagerDuty.get_client),
    (Jira(email="a@acme.example", api_token=SECRET, base_url="https://acme.atlassian.example"), Jira.get_client),
    (Datadog(api_key=SECRET, application_key=SECRET), Datadog.get_client),
)


@pytest.mark.parametrize("kind", [PagerDuty, Jira, Datadog])
class TestBlocks(BlockStandardTestSuite):
    test_has_a_valid_image = None  # type: ignore[assignment]  # it would be fetched from the internet

    @pytest.fixture
    def block(self, kind: type[Block]) -> type[Block]:
        return kind


@pytest.mark.parametrize(("block", "client_of"), FULL)
async def test_the_secrets_stay_hidden(block: Block, client_of: Callable[[Any], Any]) -> None:
    assert TOKEN not in repr(block)
    assert TOKEN not in block.model_dump_json()
    async with client_of(block) as client:
        assert TOKEN not in repr(client)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: PagerDuty().get_events_client(), "PAGERDUTY_ROUTING_KEY in the block Watchkeeper PagerDuty"),
        (lambda: PagerDuty().get_client(), "PAGERDUTY_API_TOKEN in the block Watchkeeper PagerDuty"),
        (lambda: Jira().get_client(), "JIRA_API_TOKEN in the block Watchkeeper Jira"),
        (lambda: Datadog().get_client(), "DATADOG_API_KEY in the block Watchkeeper Datadog"),
    ],
)
def test_an_empty_block_says_what_it_lacks(make: Callable[[], object], says: str) -> None:
    with pytest.raises(MissingCredential, match=says):
        make()


@pytest.mark.parametrize("field", ["base_url", "events_url"])
def test_a_url_that_is_none_is_refused(field: str) -> None:
    with pytest.raises(VendorRefused, match="base URL"):
        Datadog.model_validate({"api_key": TOKEN, field: "datadog"}).get_client()


def test_acknowledgements_need_a_token_of_their_own() -> None:
    assert PagerDuty(routing_key=SECRET, api_token=SECRET).can_read
    assert not PagerDuty(routing_key=SECRET).can_read
