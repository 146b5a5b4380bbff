"""The forms that a message leads to: filled in, and left out where there are none."""

import json
from urllib.parse import unquote

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_UI_URL, temporary_settings

from reports.alert_words import actions
from tasks.run_forms import action_forms
from tests.domain.alert_digest_makers import digest_of

pytestmark = pytest.mark.usefixtures("prefect_server")
ACTIONS = actions(digest_of())


async def test_a_form_that_is_there_is_filled_in() -> None:
    async with get_client() as client:
        flow = await client.create_flow_from_name("alerts")
        number = await client.create_deployment(flow_id=flow, name="acknowledge")
    with temporary_settings({PREFECT_UI_URL: "http://ui.acme.example/"}):
        forms = await action_forms(ACTIONS)
    place, _, query = forms.pop("acknowledge").partition("?parameters=")
    assert place == f"http://ui.acme.example/deployments/deployment/{number}/run"
    assert json.loads(unquote(unquote(query))) == {"action": "acknowledge", "group": 7}
    forms.pop("rollback", None)  # which another test may have deployed to this server
    assert forms == {}, "the others are not deployed"


async def test_without_a_page_there_are_no_forms() -> None:
    with temporary_settings({PREFECT_UI_URL: ""}):
        assert await action_forms(ACTIONS) == {}
