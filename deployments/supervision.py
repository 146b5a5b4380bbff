"""Children that are restarted when they end or stand still, with back-off, until one cannot be kept running."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, NoReturn

import httpx

from deployments.children import CannotStartError, Child, ChildEndedError, start_child, stop_child

START_SECONDS: Final = 90  # within which a child must be up


class RestartError(Exception):
    """A child could not be restarted this time; the message says why. It is tried again."""


class CannotKeepRunningError(RuntimeError):
    """A child has ended more often than it may; the message says how often, and shows its log."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How soon a child is restarted: at once, then after 1, 2, 4 s and so on, and how often.

    Attributes:
        max_restarts: within `window_seconds`; an older restart does not count any more.
    """

    max_restarts: int = 10
    window_seconds: float = 900
    max_delay_seconds: float = 30

    def recent(self, restarts: Sequence[float], now: float) -> int:
        """Return how many restarts count. `restarts`, `now`: seconds of a clock that nobody sets."""
        return sum(now - at < self.window_seconds for at in restarts)

    def delay_seconds(self, restarts: Sequence[float], now: float) -> float | None:
        """Return how long to wait before the next restart; None when there have been too many."""
        recent = self.recent(restarts, now)
        if recent >= self.max_restarts:
            return None
        return min(2.0 ** (recent - 1), self.max_delay_seconds) if recent else 0.0


DEFAULT_BACKOFF: Final = Backoff()


@dataclass(frozen=True, slots=True)
class Patience:
    """When a child that runs counts as standing still: after so many questions in a row without any answer.

    What is counted is questions and not time, so a machine that slept is no reason. The default is two minutes:
    Prefect's server on SQLite has stood still for one under load, and went on (docs/decisions/0015).
    """

    max_unanswered: int = 6
    pause_seconds: float = 5
    timeout_seconds: float = 15


DEFAULT_PATIENCE: Final = Patience()


async def _ended(child: Child) -> str:
    await child.process.wait()
    return f"{child.name} {child.ending}"


async def _ended_or_silent(address: str, patience: Patience, child: Child) -> str:
    """Return what is wrong with a child once it has ended, or has left all questions in a row unanswered."""
    ended, silent = asyncio.create_task(_ended(child)), asyncio.create_task(_silence(address, patience))
    try:
        await asyncio.wait({ended, silent}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            return ended.result()
        return f"{child.name} stands still: it has not answered {patience.max_unanswered} times in a row"
    finally:
        for task in (ended, silent):
            task.cancel()
        await asyncio.gather(ended, silent, return_exceptions=True)


async def _silence(address: str, patience: Patience) -> None:
    """Return once nothing answers there any more; whatever is answered, it is an answer."""
    unanswered = 0
    async with httpx.AsyncClient(timeout=patience.timeout_seconds, trust_env=False) as client:
        while unanswered < patience.max_unanswered:
            await asyncio.sleep(patience.pause_seconds)
            try:
                await client.get(address)
                unanswered = 0
            except httpx.HTTPError:
                unanswered += 1


async def keep_running(
    child: Child,
    restart: Callable[[], Awaitable[Child]],
    report: Callable[[str], None],
    backoff: Backoff,
    failing: Callable[[Child], Awaitable[str]],
) -> NoReturn:
    """Restart a child each time it ends or stands still.

    Args:
        restart: clears what is left of the child, and returns another that is up; raises `RestartError` otherwise.
        report: says one line to people.
        failing: returns once there is something wrong with the child, and what.

    Raises:
        CannotKeepRunningError: it had to be restarted too often.
    """
    restarts: list[float] = []
    while True:
        problem = await failing(child)
        child = await _restarted(child, problem, restart, report, restarts=restarts, backoff=backoff)
        report(f"{child.name} is running again.")


async def _restarted(  # noqa: PLR0913 - of one function, divided
    child: Child,
    problem: str,
    restart: Callable[[], Awaitable[Child]],
    report: Callable[[str], None],
    *,
    restarts: list[float],
    backoff: Backoff,
) -> Child:
    while (delay := backoff.delay_seconds(restarts, time.monotonic())) is not None:
        restarts.append(time.monotonic())
        number = backoff.recent(restarts, time.monotonic())
        report(
            f"{problem}. Restarting it {f'in {delay:g} s' if delay else 'now'} "
            f"(restart {number} of at most {backoff.max_restarts} within {backoff.window_seconds / 60:g} min)."
        )
        await asyncio.sleep(delay)
        try:
            return await restart()
        except RestartError as error:
            problem = str(error)
    raise CannotKeepRunningError(
        f"{child.name} cannot be kept running: {backoff.max_restarts} restarts within {backoff.window_seconds / 60:g} "
        f"min did not help. {ChildEndedError(child)}"
    )


async def _nothing() -> None:
    """What must be done where nothing must be done."""


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How a child is started, and started again.

    Attributes:
        arguments: of Python.
        log: name of its file in the folder of the logs.
        health: the address that answers once it is up; "" where there is none.
        before_restart: what must be done between its end and its restart.
        after_restart: what must be done once it is up again.
    """

    name: str
    log: str
    arguments: tuple[str, ...]
    health: str = ""
    before_restart: Callable[[], Awaitable[None]] = _nothing
    after_restart: Callable[[], Awaitable[None]] = _nothing


@dataclass(frozen=True, slots=True)
class Children:
    """All children of one start, in the order in which they were started."""

    folder: Path
    logs: Path
    environment: Mapping[str, str]
    report: Callable[[str], None]
    backoff: Backoff = DEFAULT_BACKOFF
    patience: Patience = DEFAULT_PATIENCE
    running: dict[ChildSpec, Child] = field(default_factory=dict)

    async def start(self, spec: ChildSpec) -> None:
        """Start a child, and wait until it is up.

        Raises:
            CannotStartError: it has ended, or does not answer.
        """
        child = await start_child(
            spec.name, *spec.arguments, environment=self.environment, log=self.logs / spec.log, folder=self.folder
        )
        self.running[spec] = child
        if spec.health:
            await _wait_until_up(child, spec.health)

    async def keep_running(
        self, work: Coroutine[object, object, None], work_ended: Callable[[asyncio.Task[None]], None]
    ) -> NoReturn:
        """Keep every child running, and do the work meanwhile. Whatever goes wrong in the work stops nothing.

        Args:
            work_ended: is called when the work has ended, however.

        Raises:
            CannotKeepRunningError: a child ends again and again.
        """
        tasks = [asyncio.create_task(self._keep(spec, child)) for spec, child in self.running.items()]
        working = asyncio.create_task(work)
        working.add_done_callback(work_ended)
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            raise next(error for task in done if (error := task.exception()) is not None)
        finally:
            for task in (*tasks, working):
                task.cancel()
            await asyncio.gather(*tasks, working, return_exceptions=True)

    async def stop(self) -> None:
        """Stop every child, the last one first."""
        for child in reversed(self.running.values()):
            await stop_child(child)

    async def _keep(self, spec: ChildSpec, child: Child) -> NoReturn:
        failing = partial(_ended_or_silent, spec.health, self.patience) if spec.health else _ended
        await keep_running(child, partial(self._restart, spec), self.report, self.backoff, failing)

    async def _restart(self, spec: ChildSpec) -> Child:
        try:
            await stop_child(self.running[spec])  # and with it whatever it has started
            await spec.before_restart()
            await self.start(spec)
        except (CannotStartError, httpx.HTTPError, OSError) as error:
            raise RestartError(f"{spec.name} could not be restarted: {type(error).__name__}: {error}") from error
        try:
            await spec.after_restart()
        except httpx.HTTPError as error:
            self.report(f"{spec.name} is up, but what was interrupted is not taken up at once: {error}")
        return self.running[spec]


async def _wait_until_up(child: Child, address: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    async with httpx.AsyncClient(timeout=2) as client:
        while time.monotonic() < deadline:
            if child.process.returncode is not None:
                raise CannotStartError(str(ChildEndedError(child)))
            with suppress(httpx.TransportError):
                if (await client.get(address)).is_success:
                    return
            await asyncio.sleep(0.1)
    raise CannotStartError(f"{child.name} did not answer within {START_SECONDS} s. Its log is {child.log}")
