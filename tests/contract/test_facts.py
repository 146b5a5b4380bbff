"""The sandbox and the clients are held against one table of facts, whose sources are the vendors' own."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.contract import alert_vendor_shows, other_shows, sentry_shows  # noqa: F401  (their checks register themselves)
from tests.contract.fact import Fact
from tests.contract.facts import FACTS
from tests.contract.showing import SHOWN, Call
from tests.contract.vendors import VENDORS
from tests.sandbox.clock import Clock
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.world import World

ROOT: Final = Path(__file__).resolve().parents[2]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    clock = Clock()
    world = World(clock=clock)
    world.unfollowed.add("api")
    transport = httpx.ASGITransport(create_app(world=world))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:

        async def ask(
            vendor: str, path: str, method: str = "GET", json: Any = None, *, seconds_later: float = 0, **params: Any
        ) -> httpx.Response:
            """Ask `seconds_later`."""
            clock.advance(seconds_later)
            known = VENDORS[vendor]
            return await http.request(method, known.prefix + path, params=params, json=json, headers=known.headers)

        yield ask


@pytest.mark.parametrize("name", SHOWN)
async def test_the_sandbox_answers_as_the_vendor_does(name: str, call: Call) -> None:
    await SHOWN[name](call)


def test_every_fact_is_shown_by_the_sandbox_or_says_why_not() -> None:
    assert {fact.name for fact in FACTS if not fact.sandbox} == set(SHOWN)
    assert len({fact.name for fact in FACTS}) == len(FACTS)
    assert all(fact.source and fact.effect for fact in FACTS)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_every_fact_holds_a_client(fact: Fact) -> None:
    file, _, test = fact.client.partition("::")
    assert f"def {test}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {test}"
