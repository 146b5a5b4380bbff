"""`make demo`: a bad release of the make-believe company, from the first alert to the promoted repair, unattended.

Everything runs as `watchkeeper up` runs it, on free ports and in a temporary folder that is deleted in the end. Two
things are shorter than in life: for a quarter of a minute only it is measured whether a move has helped, and the past
is not filled in.
"""

import asyncio
import html
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import httpx
import yaml
from rich.console import Console
from rich.text import Text

from deployments.demo_stage import REPOSITORY, DemoError, Stage, free_ports, read_lines, standing, until
from watchkeeper.config import configuration_text

FAST: Final = {
    "verify_minutes": 0.25,
    "approvers": ["Ada Okafor <ada@example.com>", "Grace Lind <grace@example.com>"],
    "two_person": True,
}
PROJECTS: Final = ("shop", "api")
ADA, GRACE = "Ada Okafor", "Grace Lind"


async def play(stage: Stage) -> None:
    """Play the story.

    Raises:
        DemoError: it went another way.
    """
    before = await stage.production()
    stage.say("A release of the shop went live ten minutes ago. About 30 % of its requests fail.")
    await stage.type("sandbox", "scenario", "bad-release", shown=False)
    bad = await stage.production()

    stage.say("The next health check sees it, finds out whose fault it is, and proposes to go back.")
    await stage.type("check", "shop", codes=(2,))
    form = await read_alert(stage)

    stage.say("Ada opens the run form that the alert links to. It is filled in; she adds her name and submits it.")
    await stage.submit(form, {"requested_by": ADA})
    rollback = await until("the question", lambda: asked(stage))

    stage.say("The plan and the evidence, before anybody is asked. In the UI and in Slack it reads the same.")
    await stage.type("rollback", "show", rollback)

    stage.say("Ada has asked for it, so she may not approve it alone: the shop needs two.")
    await stage.type(*yes(rollback, ADA, await digest(stage, rollback)), codes=(2,))
    stage.say(
        "Grace says YES. Production moves, once. Whether that helps is measured for 15 s here, for minutes in life."
    )
    await stage.type(*yes(rollback, GRACE, await digest(stage, rollback)), "--follow")
    now = await stage.production()
    expect(now["release"] == before["release"], "production serves the release before the bad one")

    stage.say("Production is held at that release now: new builds would not go live. The health check says so.")
    (check,) = await stage.data("check", "shop")
    expect(check["in_custody"], "the check knows of the custody")
    stage.show(next(reason for reason in check["reasons"] if "rolled back" in reason))

    stage.say("The repair is pushed. It is built, and waits. Grace asks for it to be promoted, Ada says YES.")
    await stage.type("sandbox", "scenario", "repair", shown=False)
    told = await stage.type("rollback", "promote", "shop", "--reason", "the repair is ready", "--as", GRACE)
    promotion = number_in(told) or ""
    await stage.type(*yes(promotion, ADA, await digest(stage, promotion)), "--follow", codes=(0, 1))
    after = await stage.production()
    expect(not after["in_custody"], "the custody has ended")
    expect(after["release"] not in {bad["release"], before["release"]}, "production serves the repair")

    stage.say("The record of it all:")
    await stage.type("rollback", "list")


async def read_alert(stage: Stage) -> str:
    """Show the alert in Slack, and return the address of the form that it links to."""

    async def alert() -> str | None:
        return next((message for message in await stage.slack() if "/run?parameters=" in message), None)

    message = await until("the alert in Slack", alert)
    stage.show("Slack, #releases:", style="yellow")
    for line in read_lines(message):
        stage.show(f"│ {line}", style="yellow")
    return next(html.unescape(link) for link in re.findall(r'href="([^"]+)"', message) if "/run?parameters=" in link)


async def asked(stage: Stage) -> str | None:
    """Return the number of the way back that Slack asks for a YES to."""
    return next(filter(None, map(number_in, await stage.slack())), None)


def number_in(text: str) -> str | None:
    """Return the number in the command by which a way back is approved."""
    found = re.search(r"rollback approve (\d+)", text)
    return found[1] if found else None


async def digest(stage: Stage, rollback: str) -> str:
    """Return what names the plan that is asked about."""
    return str((await stage.data("rollback", "show", rollback))["digest"])


def yes(rollback: str, name: str, plan: str) -> tuple[str, ...]:
    return "rollback", "approve", rollback, "--as", name, "--yes", "YES", "--plan", plan


def expect(holds: object, what: str) -> None:
    if not holds:
        raise DemoError(f"expected that {what}")


def configuration() -> str:
    """Return the configuration as it is delivered, with two projects, two approvers, and little patience."""
    document = yaml.safe_load(configuration_text(REPOSITORY / "deployments" / "projects.yaml"))
    document["defaults"]["rollback"] = FAST
    document["projects"] = [project for project in document["projects"] if project["slug"] in PROJECTS]
    return yaml.safe_dump(document, sort_keys=False)


async def demo(console: Console) -> int:
    """Play the story in a temporary folder; return 0 when all went as it should."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, _interrupt, asyncio.current_task())
    with tempfile.TemporaryDirectory(prefix="watchkeeper-demo-", ignore_cleanup_errors=True) as folder:
        stage = Stage(Path(folder), console, free_ports())
        (stage.home / "projects.yaml").write_text(configuration())
        console.print("[bold]Watchkeeper: a bad release, and the way back.[/bold] Nothing here is real but the code.")
        stage.say("A Prefect server, a worker, Watchkeeper and a make-believe company start, in a folder of their own.")
        try:
            async with standing(stage):
                await play(stage)
        except (DemoError, httpx.HTTPError) as error:
            console.print(Text(f"\nThe demo has failed: {type(error).__name__}: {error}", style="red"), soft_wrap=True)
            return 1
        stage.say("Everything is stopped and cleaned up. The same by hand: docs/runbooks/rollback.md.")
    return 0


def _interrupt(task: "asyncio.Task[Any] | None") -> None:
    if task is not None:
        task.cancel()


def main() -> None:
    """Run the demo."""
    try:
        sys.exit(asyncio.run(demo(Console(highlight=False))))
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


if __name__ == "__main__":
    main()
