"""`watchkeeper rollback ...` and `watchkeeper replay`: ways back from the command line.

Exit codes: 0 as asked, 1 done and not known whether it helped, 2 refused or not done or not cured, 3 still under way,
4 wrong usage or configuration.
"""

import asyncio
import os
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from deployments import rollback_starts
from deployments.command import (
    client_environment,
    configuration_of,
    fail,
    output,
    plain_line,
    print_json,
    settings_of,
    store_environment,
)
from deployments.rollback_app import (
    REFUSED,
    Json,
    PlanShown,
    follow_rollback,
    known_rollback,
    last_rollbacks,
    print_rollback,
    project_of,
    readable_name,
    rollback_app,
)

__all__ = ["replay", "rollback_app", "rollback_starts"]

YES: Final = "YES"
NO: Final = "NO"
UNDER_WAY: Final = 3
SERVER_AWAY: Final = (
    "The answer is written down and counts. The Prefect server cannot be reached: once it is back, the run goes on by "
    "itself within minutes."
)
_SPAN: Final = re.compile(r"(\d+)([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


@rollback_app.command(name="list")
def list_rollbacks(*projects: str, most: int = 20, as_json: Json = False) -> int:
    """Show the last ways back, newest first.

    Parameters
    ----------
    projects
        Slugs; all projects when left out.
    most
        How many of each project.
    """
    found = last_rollbacks(projects, most)
    from reports.rollback_terminal import rollback_as_json, rollback_table  # noqa: PLC0415

    if as_json:
        print_json([rollback_as_json(each) for each in found])
    else:
        output.print(rollback_table(found) if found else "No way back has been asked for yet.")
    return 0


@rollback_app.command
def show(number: int, *, follow: bool = False, as_json: Json = False) -> int:
    """Show a way back: where it stands, what speaks for it, the plan, what has happened.

    Parameters
    ----------
    number
        Its id, as in `watchkeeper rollback list`.
    follow
        Print what happens until it is over or waits for an answer; the exit code is how it has ended.
    """
    os.environ.update(store_environment(settings_of()))
    known_rollback(number)
    if follow:
        return follow_rollback(number)
    print_rollback(number, as_json=as_json)
    return 0


@rollback_app.command
def approve(  # noqa: PLR0913 - the form
    number: int,
    *,
    name: Annotated[str, Parameter(name="--as", help="Your name or e-mail address, as in `rollback.approvers`.")],
    comment: str = "",
    yes: Annotated[str, Parameter(help="The word itself, for scripts: --yes YES, with --plan.")] = "",
    plan: PlanShown = "",
    follow: bool = False,
) -> int:
    """Say YES to a way back that waits for it. You are shown what you say yes to, and type the word.

    Parameters
    ----------
    number
        Id of the way back.
    comment
        A line for the record.
    follow
        Print what happens then, until it is over.
    """
    name = readable_name(name)
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    known_rollback(number)
    if yes == YES and not plan:
        fail(f"say to which plan by --plan DIGEST: `watchkeeper rollback show {number}` prints it")
    word, shown = (yes, plan) if yes else _ask_for_yes(number)
    code = _answer(number, word, name, comment, plan or shown)
    return follow_rollback(number) if follow and code == 0 else code


@rollback_app.command
def decline(
    number: int,
    *,
    name: Annotated[str, Parameter(name="--as", help="Your name or e-mail address.")],
    comment: str = "",
    plan: PlanShown = "",
) -> int:
    """Say NO to a way back that waits for an answer, or that was approved and is not being carried out yet.

    Parameters
    ----------
    number
        Id of the way back.
    comment
        A line for the record.
    """
    name = readable_name(name)
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    known_rollback(number)
    return _answer(number, NO, name, comment, plan)


def replay(*, project: str, since: str = "30d", limits: Path | None = None, as_json: Json = False) -> int:
    """Show what the triggers of ways back would have done in the stored past: when, how often in vain, what it saved.

    Parameters
    ----------
    project
        Slug of the project.
    since
        How far back: 12h, 30d, 4w.
    limits
        A YAML file with `limits:` and `rollback:` as in projects.yaml, to try others than those in force.
    """
    settings = settings_of()
    configured = project_of(project)
    os.environ.update(store_environment(settings))
    from deployments.replay import LimitsError, tried  # noqa: PLC0415
    from reports.replay import replay_as_json, replay_view  # noqa: PLC0415
    from tasks.replay import replay_project  # noqa: PLC0415 - imports Prefect
    from watchkeeper.domain.windows import Window  # noqa: PLC0415

    try:
        judged = tried(configured, limits) if limits else configured
    except LimitsError as error:
        fail(str(error))
    now = datetime.now(UTC)
    found = replay_project(configuration_of(settings), judged, Window(now - _span(since), now + timedelta(minutes=1)))
    print_json(replay_as_json(found)) if as_json else output.print(replay_view(found))
    return 0


def _answer(number: int, word: str, name: str, comment: str, plan: str) -> int:
    from tasks.approvals import give_answer  # noqa: PLC0415 - imports Prefect

    result = asyncio.run(give_answer(number, word, name, comment, "cli", plan))
    if result.is_outdated:
        print_rollback(number, as_json=False)
    if result.is_accepted:
        did = "approved" if word == YES else "declined"
        told = f"Rollback {number} is {did} by {name}."
    elif result.is_repeat:
        told = f"You have said so already: {result.reason}."
    else:
        fail(plain_line(f"This answer does not count: {result.reason}."), REFUSED)
    output.print(plain_line(told if result.is_woken else f"{told} {SERVER_AWAY}"), highlight=False)
    return 0 if result.is_woken else UNDER_WAY


def _ask_for_yes(number: int) -> tuple[str, str]:
    """Show what is asked; return what the person types, and the digest of what was shown."""
    from watchkeeper.domain.rollback_questions import plan_digest  # noqa: PLC0415

    shown = print_rollback(number, as_json=False)
    if not sys.stdin.isatty():
        fail("nobody can type the word here: give it by --yes YES, with --plan DIGEST")
    word = output.input(f"\nType {YES} to go on, {NO} to decline it, anything else to leave it as it is: ")
    return word, plan_digest(shown)


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None or not int(match[1]):
        fail(f"--since {text}: expected a span like 12h, 30d or 4w")
    return int(match[1]) * _UNITS[match[2]]
