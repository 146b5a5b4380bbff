import asyncio
from collections.abc import Callable

from watchkeeper.clients.base import MAX_CONCURRENCY, VendorError, VendorRefused, VendorUnavailable
from watchkeeper.clients.patience import Patience
from watchkeeper.domain.verdicts import Gap, Missing

DOWN = VendorUnavailable("Acme", "is down")
REFUSED = VendorRefused("Acme", "no", 403)


class Pieces:
    """Gives a piece, or fails, and counts how often it was asked and by how many at once."""

    def __init__(self, failure: Callable[[int], VendorError | None] = lambda _: None) -> None:
        self.failure = failure
        self.asked = self.most = self._now = 0

    async def __call__(self) -> str:
        self.asked, self._now = self.asked + 1, self._now + 1
        number = self.asked
        self.most = max(self.most, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        if error := self.failure(number):
            raise error
        return "piece"


async def spend(pieces: Pieces, patience: Patience, count: int) -> list[str | Missing]:
    return await asyncio.gather(*(patience.spend(pieces) for _ in range(count)))


async def test_pieces_come_a_few_at_a_time() -> None:
    pieces = Pieces()
    assert await spend(pieces, Patience(), 100) == ["piece"] * 100
    assert pieces.most <= MAX_CONCURRENCY


async def test_a_vendor_that_is_down_is_not_asked_for_every_piece() -> None:
    pieces = Pieces(lambda _: DOWN)
    assert await spend(pieces, Patience(), 100) == [Missing(Gap.UNAVAILABLE, "Acme: is down")] * 100
    assert pieces.asked <= MAX_CONCURRENCY + 3


async def test_a_refusal_is_about_its_piece_alone_unless_it_counts() -> None:
    each, all_alike = Pieces(lambda _: REFUSED), Pieces(lambda _: REFUSED)
    assert await spend(each, Patience(), 50) == [Missing(Gap.REFUSED, "Acme: no")] * 50
    assert each.asked == 50
    assert await spend(all_alike, Patience(VendorError), 50) == [Missing(Gap.REFUSED, "Acme: no")] * 50
    assert all_alike.asked <= MAX_CONCURRENCY + 3


async def test_a_few_failures_leave_the_rest() -> None:
    found = await spend(Pieces(lambda n: DOWN if n in {4, 20} else None), Patience(), 40)
    assert found.count("piece") == 38
