"""The forms of Prefect's UI by which people start what an alert suggests, filled in."""

import asyncio
from collections.abc import Iterable

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.settings import get_current_settings

from reports.alert_words import Action
from tasks.proposals import filled_in


async def action_forms(wanted: Iterable[Action]) -> dict[str, str]:
    """Return the addresses of the forms by action; those that are not there, or cannot be looked up, are left out."""
    ui, actions = (get_current_settings().ui_url or "").rstrip("/"), tuple(wanted)
    if not ui or not actions:
        return {}
    try:
        async with get_client() as client:
            ids = await asyncio.gather(*(_id(client, action.deployment) for action in actions))
    except httpx.HTTPError:
        return {}  # the command stands beside it
    return {
        action.id: filled_in(f"{ui}/deployments/deployment/{found}/run", action.parameters)
        for action, found in zip(actions, ids, strict=True)
        if found
    }


async def _id(client: PrefectClient, deployment: str) -> str:
    try:
        return str((await client.read_deployment_by_name(deployment)).id)
    except ObjectNotFound:
        return ""
