"""How long people wait for a way back: from the event to the message, for the plan, from the YES to the vendor's call.

Everything runs as `watchkeeper up` runs it, against the make-believe company, whose answers cost next to nothing.

Run it with: python benchmarks/emergency_rollback.py [--rounds 20] [--plans 5]
"""

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import yaml
from rich.console import Console
from rich.table import Table

from deployments.demo import configuration
from deployments.demo_stage import Stage, free_ports, standing
from deployments.home import open_home, prefect_client_environment

if TYPE_CHECKING:
    from watchkeeper.domain.rollback import Rollback

PROJECT, APPROVER = "shop", "Grace Lind"
QUICK = {"auto": "approve_then_run", "cooldown_minutes": 0.001, "verify_minutes": 0.02}
PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured, several times, with its target in seconds."""

    name: str
    seconds: Sequence[float]
    target: float

    @property
    def row(self) -> tuple[str, ...]:
        found, ordered = median(self.seconds), sorted(self.seconds)
        word = "reached" if found < self.target else "missed"
        return (
            self.name,
            f"{found:.1f} s",
            f"{ordered[0]:.1f} to {ordered[-1]:.1f} s",
            f"{len(ordered)}",
            f"below {self.target:g} s",
            word,
        )


async def measure_answers(stage: Stage, rounds: int) -> tuple[Figure, Figure]:
    """Return the time from the event to the question in Slack, and from the YES to the call of the vendor."""
    several = [await go_back(stage) for _ in range(rounds)]
    return (
        Figure("from the event to the question in Slack", [asked for asked, _ in several], 10),
        Figure("from the YES to the call of Vercel", [called for _, called in several], 3),
    )


async def go_back(stage: Stage) -> tuple[float, float]:
    """Go back once from a new bad release; return the seconds until it was asked, and from the YES to the call."""
    play(stage, "calm")
    play(stage, "bad-release")
    began = time.time()
    emit()
    waiting = await until(lambda: newest("awaiting_approval", began))
    thread = await until(lambda: way_back(waiting.id).slack_thread or None)
    while not await is_suspended(waiting):  # noqa: ASYNC110 - nobody reads the question sooner
        await asyncio.sleep(0.1)
    answered_at = await say_yes(waiting.id)
    called_at = (await until(lambda: ended(waiting.id))).move_started_at
    return float(thread.rpartition(":")[2]) - began, (called_at - answered_at).total_seconds()


async def measure_plans(stage: Stage, plans: int) -> Figure:
    """Return the time that a plan takes with 500 commits between the two releases."""
    from deployments.rollback import start_way_back  # noqa: PLC0415 - imports Prefect, after its settings

    play(stage, "calm")
    play(stage, "bad-release")
    play(stage, "many-commits", "fault")
    seconds = []
    for _ in range(plans):
        planned = await start_way_back({"project": PROJECT, "requested_by": "benchmark", "dry_run": True})
        seconds.append((planned.updated_at - planned.requested_at).total_seconds())
    return Figure("the plan, with 500 commits between", seconds, 5)


def play(stage: Stage, name: str, kind: str = "scenario") -> None:
    body = {"name": name, "project": PROJECT}
    httpx.post(f"http://127.0.0.1:{stage.ports[1]}/sandbox/{kind}", json=body).raise_for_status()


def emit() -> None:
    """Propose to go back as a health check does: write it down, and emit the event."""
    from prefect.events import emit_event  # noqa: PLC0415 - see above

    from tasks.proposals import write_down  # noqa: PLC0415
    from watchkeeper.store.notices import Notice, NoticeKind  # noqa: PLC0415

    content = {"reason": "a benchmark", "release": "benchmark"}
    notice = Notice(PROJECT, NoticeKind.PROPOSAL, str(uuid4()), datetime.now(UTC), content, is_event=True)
    write_down.fn((notice,))
    emit_event(
        event="watchkeeper.rollback.proposed",
        resource={"prefect.resource.id": f"watchkeeper.project.{PROJECT}"},
        payload={"project": PROJECT, "key": notice.name},
        id=uuid4(),
    )


async def say_yes(rollback: int) -> datetime:
    """Say YES as the receiver of a button would, in a process that runs already; return when."""
    from tasks.approvals import give_answer  # noqa: PLC0415 - see above
    from tasks.rollback_record import answers_of  # noqa: PLC0415
    from watchkeeper.domain.rollback_questions import plan_digest  # noqa: PLC0415

    result = await give_answer(rollback, "YES", APPROVER, "", "api", plan_digest(way_back(rollback)))
    if not result.is_accepted:
        raise RuntimeError(result.reason)
    return answers_of(rollback)[-1].answer.at


async def is_suspended(rollback: "Rollback") -> bool:
    from tasks.rollback_runs import RunOf, run_of  # noqa: PLC0415 - see above

    return await run_of(rollback) is RunOf.WAITING


def newest(state: str, since: float) -> "Rollback | None":
    from tasks.rollback_record import last_ways_back  # noqa: PLC0415 - see above

    found = next(iter(last_ways_back((PROJECT,), 1)), None)
    is_new = found is not None and found.requested_at.timestamp() > since
    return found if found is not None and is_new and found.state == state else None


def way_back(rollback: int) -> "Rollback":
    from tasks import rollback_record  # noqa: PLC0415 - see above

    return rollback_record.way_back(rollback)


def ended(rollback: int) -> "Rollback | None":
    found = way_back(rollback)
    return found if found.state.is_final else None


async def until(look: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is looked for
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing has come of it within {PATIENCE_SECONDS} s")
        await asyncio.sleep(0.1)
    return found


def write_configuration(home: Path) -> None:
    document = yaml.safe_load(configuration())
    document["defaults"]["rollback"] = QUICK
    (home / "projects.yaml").write_text(yaml.safe_dump(document))


async def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, help="ways back, of which the median counts (%(default)s)")
    parser.add_argument("--plans", type=int, default=5, help="plans, of which the median counts (%(default)s)")
    options = parser.parse_args()
    console = Console(width=160, highlight=False)
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as folder:
        stage = Stage(Path(folder), Console(quiet=True), free_ports())
        write_configuration(stage.home)
        async with standing(stage):
            home = open_home(stage.home)
            os.environ.update(stage.environment | prefect_client_environment(home, stage.ports[0]))
            os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
            figures = [*await measure_answers(stage, options.rounds), await measure_plans(stage, options.plans)]
    table = Table("", "median", "from, to", "times", "target", "", title="Ways back", box=None, title_justify="left")
    for figure in figures:
        table.add_row(*figure.row)
    console.print(table)


if __name__ == "__main__":
    asyncio.run(main())
