"""Vercel's Edge Config (Global Config since 2026): an item that says which share of visitors gets something.

Source: https://vercel.com/docs/edge-config/vercel-api
"""

import asyncio
from datetime import timedelta
from typing import Final
from urllib.parse import quote

import httpx

from watchkeeper.clients.base import VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.parsing import record_of
from watchkeeper.clients.vendor_errors import OutcomeUnknown
from watchkeeper.clients.vercel_account import Account, MayAsk, VercelChanger, always
from watchkeeper.domain.moves import GRACE, Moved, MoveOutcome, PercentageOrder
from watchkeeper.domain.rollback_moves import MoveState, judge_percentage

_PAUSE: Final = timedelta(seconds=1)


class VercelPercentagesClient(VercelChanger):
    """Reads and sets percentages.

    Args:
        prefix: `edge-config`, or `global-config` as Vercel calls it since 2026.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.vercel.com",
        transport: httpx.AsyncBaseTransport | None = None,
        prefix: str = "edge-config",
    ) -> None:
        super().__init__(token, base_url, transport)
        self._prefix = prefix

    async def percentage(self, team: str, config: str, key: str) -> float | None:
        """Return the value of an item, 0..100; None when there is no such item, or it is no such number."""
        path = f"{self._path(config)}/item/{quote(key, safe='')}"
        try:
            answer = await self.get(path, Account(team).params, about=f"the item {key} of {config}")
        except VendorRefused as refused:
            if refused.status == httpx.codes.NOT_FOUND:
                return None
            raise
        value = record_of(answer).raw.get("value")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return float(value) if 0 <= value <= 100 else None

    async def set_percentage(self, order: PercentageOrder, may_ask: MayAsk = always) -> Moved:
        """Set an item, and return what became of it; every error of the vendor is an outcome.

        Args:
            may_ask: called right before the vendor is asked; False when it must not be.
        """
        try:
            found = await self.percentage(order.team, order.config, order.key)
            if (ended := _judge_start(order, found)) is not None:
                return ended
            if not await may_ask(None):
                sentence = f"another run is just setting {order.name}: nothing was done by this one"
                return Moved(MoveOutcome.REFUSED, sentence, was_asked=False)
            was_lost = await self._set(order)
        except VendorError as error:
            return Moved(MoveOutcome.REFUSED, f"{error}: nothing was done", was_asked=False)
        return await self._watch(order, was_lost=was_lost)

    async def _set(self, order: PercentageOrder) -> bool:
        """Ask for the value; returns True when the answer was lost."""
        whole = int(order.percent) if order.percent == int(order.percent) else order.percent
        items = [{"operation": "update", "key": order.key, "value": whole}]
        path = Account(order.team).path(f"{self._path(order.config)}/items")
        try:
            await self.send("PATCH", path, {"items": items}, about=f"change of {order.name} to {order.percent:g}")
        except OutcomeUnknown:
            return True
        return False

    async def _watch(self, order: PercentageOrder, *, was_lost: bool) -> Moved:
        """Read the item until it has the value, for as long as a change may take to spread."""
        loop = asyncio.get_running_loop()
        end, found = loop.time() + GRACE.total_seconds(), None
        while True:
            try:
                found = await self.percentage(order.team, order.config, order.key)
            except VendorUnavailable:
                found = None
            if found == order.percent:
                return Moved(MoveOutcome.MOVED, f"{order.name} is {order.percent:g} now")
            if loop.time() + _PAUSE.total_seconds() > end:
                shown = "not known" if found is None else f"still {found:g}"
                outcome = MoveOutcome.UNKNOWN if was_lost or found is None else MoveOutcome.NOT_MOVED
                return Moved(outcome, f"{order.name} should be {order.percent:g} and is {shown}: look at Vercel")
            await asyncio.sleep(_PAUSE.total_seconds())

    def _path(self, config: str) -> str:
        return f"/v1/{self._prefix}/{quote(config, safe='')}"


def _judge_start(order: PercentageOrder, found: float | None) -> Moved | None:
    """Return how it has ended before anything was asked; None when it is to be asked for."""
    if found is None:
        sentence = f"there is no {order.name} that is a number from 0 to 100: nothing was done"
        return Moved(MoveOutcome.REFUSED, sentence, was_asked=False)
    before = found if order.expected is None else order.expected
    move = judge_percentage(found, before, order.percent, None)
    if move.state is MoveState.DONE:
        outcome = MoveOutcome.MOVED if order.was_started else MoveOutcome.ALREADY_THERE
        return Moved(outcome, f"{order.name}: {move.reason}", was_asked=order.was_started)
    if move.state is MoveState.ELSEWHERE:
        return Moved(MoveOutcome.REFUSED, f"{order.name}: {move.reason}: nothing was done", was_asked=False)
    return None
