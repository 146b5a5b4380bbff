"""Asking vendors about many projects: in groups of those that one call can answer for, all vendors at once."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Hashable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from prefect.blocks.core import Block

from tasks.credentials import load_block
from tasks.outcomes import outcome
from tasks.vendors import SLOT_SECONDS, slots
from watchkeeper.clients.base import VendorUnavailable
from watchkeeper.config import Project
from watchkeeper.domain.verdicts import Gap, Missing

B = TypeVar("B", bound=Block)
Key = TypeVar("Key", bound=Hashable)

SLOTS = ("sentry", "vercel", "circleci")
NOT_CONFIGURED = Missing(Gap.NOT_CONFIGURED, "the project does not use it")


async def at_once(
    *asking: tuple[Sequence[Project], Coroutine[Any, Any, dict[str, Any]]],
    seconds: int = SLOT_SECONDS,
    besides: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """Ask all vendors at once, while we hold a slot of each; without slots none of their projects has an answer.

    Args:
        asking: what asks a vendor, with the projects that it asks about.
        seconds: how long to wait for the slots.
        besides: limits that a slot is held of, too.
    """
    try:
        async with slots(*SLOTS, *besides, seconds=seconds):
            return await asyncio.gather(*(each for _, each in asking))
    except VendorUnavailable as error:
        for _, each in asking:
            each.close()
        return [{project.slug: error.missing() for project in projects} for projects, _ in asking]


async def by_group(
    projects: Sequence[Project],
    key_of: Callable[[Project], Key | None],
    ask: Callable[[Key, Sequence[Project]], Awaitable[dict[str, Any]]],
) -> dict[str, Any]:
    """Ask for all groups at once and return what came of each project."""
    groups: defaultdict[Key, list[Project]] = defaultdict(list)
    for project in projects:
        if (key := key_of(project)) is not None:
            groups[key].append(project)
    found = await asyncio.gather(*(ask(key, members) for key, members in groups.items()))
    return {slug: outcome for part in found for slug, outcome in part.items()}


async def ask_with(kind: type[B], credentials: str, ask: Callable[[B], Any]) -> Any:  # noqa: ANN401
    """Load the block and ask with it; without a block there is nobody to ask. A refusal names the block."""
    block = await load_block(kind, credentials)
    if isinstance(block, Missing):
        return block
    found = await outcome(ask(block))
    if isinstance(found, Missing) and found.gap in {Gap.REFUSED, Gap.NO_CREDENTIAL}:
        return replace(found, reason=f'{found.reason} (the block named "{credentials}")')
    return found
