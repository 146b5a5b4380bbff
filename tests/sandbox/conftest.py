"""The sandbox in this process, with a clock that the test moves."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.sandbox.clock import Clock
from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.world import World


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return World(clock=clock)


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[Visitor]:
    transport = httpx.ASGITransport(create_app(world=world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        yield Visitor(http)
