"""`watchkeeper rollback ...` and `watchkeeper replay`: ways back from the command line.

Exit codes: 0 as asked, 1 done and not known whether it helped, 2 refused or not done or not cured, 3 still under way,
4 wrong usage or configuration.
"""

import asyncio
import getpass
import json
import os
import re
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from cyclopts import App, Parameter

from deployments.command import client_environment, configuration_of, fail, output, settings_of, store_environment

if TYPE_CHECKING:
    from watchkeeper.config import Project
    from watchkeeper.domain.rollback import Rollback

YES: Final = "YES"
NO: Final = "NO"
REFUSED: Final = 2
_SPAN: Final = re.compile(r"(\d+)([hdw])")
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}

As = Annotated[str, Parameter(name="--as", help="Your name or e-mail address. [default: the name of the account]")]
DryRun = Annotated[bool, Parameter(help="Show the plan and change nothing; otherwise go on, and ask for a YES.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of text.")]

rollback_app = App(
    name="rollback",
    help="The way back: plan it, start it, say yes or no, follow it.\n\nNothing is changed without a YES.\n\n"
    "Exit codes: 0 as asked, 1 done and not known whether it helped, 2 refused or not done or not cured, "
    "3 still under way, 4 wrong usage or configuration.",
)


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
    found = _read_store(projects, most)
    from reports.rollback_terminal import rollback_as_json, rollback_table  # noqa: PLC0415

    if as_json:
        output.print_json(json.dumps([rollback_as_json(each) for each in found]))
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
    _known(number)
    if follow:
        return _follow(number)
    _print(number, as_json=as_json)
    return 0


@rollback_app.command
def plan(project: str, *, target: str = "", requested_by: As = "", as_json: Json = False) -> int:
    """Show what would be done, and what speaks for and against it. Nothing is changed.

    Parameters
    ----------
    project
        Slug of the project.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the last known good release]
    """
    return _start({"project": project, "target": target, "requested_by": _name(requested_by)}, as_json=as_json)


@rollback_app.command
def start(  # noqa: PLR0913 - the form
    project: str,
    *,
    reason: str,
    target: str = "",
    force: str = "",
    percentage: float = 0,
    verify_minutes: float | None = None,
    dry_run: DryRun = True,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Take production back to an earlier release: the plan first, then a YES is asked for.

    Parameters
    ----------
    project
        Slug of the project.
    reason
        Why, for those who approve and for the record.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the last known good release]
    force
        Type the slug of the project to go on where a matter of judgement blocks the plan. It is recorded.
    percentage
        For projects whose rollout is a percentage: the share of visitors afterwards, 0 to 100.
    verify_minutes
        How long to measure whether it has helped. [default: as configured]
    """
    asked = {
        "project": project,
        "reason": reason,
        "target": target,
        "force": force,
        "rollout_percentage": percentage,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": _name(requested_by),
    }
    return _start(asked, as_json=as_json)


@rollback_app.command
def promote(  # noqa: PLR0913 - the form
    project: str,
    *,
    target: str = "",
    reason: str = "",
    verify_minutes: float | None = None,
    dry_run: DryRun = False,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Let a build go live and end the custody that a rollback leaves: the plan first, then a YES is asked for.

    Parameters
    ----------
    project
        Slug of the project.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the newest build]
    reason
        Why, for those who approve and for the record.
    verify_minutes
        How long to measure whether it is well. [default: as configured]
    """
    asked = {
        "project": project,
        "action": "promote",
        "target": target,
        "reason": reason,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": _name(requested_by),
    }
    return _start(asked, as_json=as_json)


@rollback_app.command
def undo(  # noqa: PLR0913 - the form
    number: int,
    *,
    reason: str = "",
    verify_minutes: float | None = None,
    dry_run: DryRun = False,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Take a rollback back that was wrong: what served before it serves again. A YES is asked for.

    Parameters
    ----------
    number
        Id of the rollback.
    reason
        Why, for those who approve and for the record.
    verify_minutes
        How long to measure whether it is well. [default: as configured]
    """
    os.environ.update(store_environment(settings_of()))
    wrong = _known(number)
    last = next((each for each in _read_store((wrong.project,), 20) if each.moved_at and each.kind == "rollback"), None)
    if last is None or last.id != number:
        newer = f"; the last one that has is {last.id}" if last else ""
        fail(f"rollback {number} is not the last one of {wrong.project} that has moved production{newer}")
    asked = {
        "project": wrong.project,
        "action": "undo",
        "reason": reason,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": _name(requested_by),
    }
    return _start(asked, as_json=as_json)


@rollback_app.command
def approve(
    number: int,
    *,
    name: Annotated[str, Parameter(name="--as", help="Your name or e-mail address, as in `rollback.approvers`.")],
    comment: str = "",
    yes: Annotated[str, Parameter(help="The word itself, for scripts: --yes YES.")] = "",
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
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    _known(number)
    word = yes or _ask_for_yes(number)
    code = _answer(number, word, name, comment)
    return _follow(number) if follow and code == 0 else code


@rollback_app.command
def decline(
    number: int,
    *,
    name: Annotated[str, Parameter(name="--as", help="Your name or e-mail address.")],
    comment: str = "",
) -> int:
    """Say NO to a way back that waits for an answer.

    Parameters
    ----------
    number
        Id of the way back.
    comment
        A line for the record.
    """
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    _known(number)
    return _answer(number, NO, name, comment)


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
    configured = _project(project)
    os.environ.update(store_environment(settings))
    from deployments.replay import LimitsError, replay_project, tried  # noqa: PLC0415 - imports Prefect
    from reports.rollback_terminal import replay_as_json, replay_view  # noqa: PLC0415

    try:
        judged = tried(configured, limits) if limits else configured
    except LimitsError as error:
        fail(str(error))
    found = replay_project(configuration_of(settings), judged, _span(since))
    output.print_json(json.dumps(replay_as_json(found))) if as_json else output.print(replay_view(found))
    return 0


def _start(asked: Mapping[str, Any], *, as_json: bool) -> int:
    """Start a run and show what has come of it."""
    _project(str(asked["project"]))
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    from deployments.rollback import NotStartedError, exit_code, start_way_back  # noqa: PLC0415 - imports Prefect

    try:
        with output.status("Making the plan ..."):
            found = asyncio.run(start_way_back(asked))
    except NotStartedError as error:
        fail(str(error), REFUSED)
    _print(found.id, as_json=as_json)
    if found.state == "awaiting_approval" and not as_json:
        output.print(
            f"\nTo go on:   watchkeeper rollback approve {found.id} --as NAME --follow\n"
            f"To refuse:  watchkeeper rollback decline {found.id} --as NAME",
            highlight=False,
            soft_wrap=True,
        )
    return exit_code(found)


def _answer(number: int, word: str, name: str, comment: str) -> int:
    from tasks.approvals import give_answer  # noqa: PLC0415 - imports Prefect

    result = asyncio.run(give_answer(number, word, name, comment, "cli"))
    if result.is_accepted:
        did = "approved" if word == YES else "declined"
        output.print(f"Rollback {number} is {did} by {name}.", markup=False, highlight=False)
        return 0
    if result.is_repeat:
        output.print(f"You have said so already: {result.reason}.", markup=False, highlight=False)
        return 0
    fail(f"This answer does not count: {result.reason}.", REFUSED)


def _ask_for_yes(number: int) -> str:
    """Show what is asked, and return what the person types."""
    _print(number, as_json=False)
    if not sys.stdin.isatty():
        fail("nobody can type the word here: give it by --yes YES")
    return output.input("\nType YES to go on, anything else to leave it as it is: ")


def _follow(number: int) -> int:
    from deployments.rollback import exit_code, follow  # noqa: PLC0415 - imports Prefect
    from reports.rollback_terminal import entry_line  # noqa: PLC0415
    from tasks.rollback_record import way_back  # noqa: PLC0415

    async def print_all() -> None:
        async for entry in follow(number):
            output.print(entry_line(entry), markup=False, highlight=False, soft_wrap=True)

    asyncio.run(print_all())
    return exit_code(way_back(number))


def _print(number: int, *, as_json: bool) -> None:
    from reports.rollback_terminal import rollback_as_json, rollback_view  # noqa: PLC0415
    from tasks.rollback_record import answers_of, timeline_of, way_back  # noqa: PLC0415

    found, entries, answers = way_back(number), timeline_of(number), answers_of(number)
    if as_json:
        output.print_json(json.dumps(rollback_as_json(found, entries, answers)))
    else:
        output.print(rollback_view(found, entries, answers))


def _known(number: int) -> "Rollback":
    from tasks.rollback_record import way_back  # noqa: PLC0415
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415
    from watchkeeper.store.rollbacks import UnknownRollback  # noqa: PLC0415

    try:
        return way_back(number)
    except UnknownRollback as error:
        fail(f"{error}: `watchkeeper rollback list` shows those that there are")
    except StoreError as error:
        fail(str(error))


def _read_store(projects: tuple[str, ...], most: int) -> tuple["Rollback", ...]:
    settings = settings_of()
    known = configuration_of(settings)
    os.environ.update(store_environment(settings))
    from tasks.rollback_record import last_ways_back  # noqa: PLC0415
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    try:
        found = last_ways_back(known.only(projects).slugs, most)
    except (StoreError, LookupError) as error:
        fail(str(error))
    return tuple(sorted(found, key=lambda each: (each.requested_at, each.id), reverse=True))


def _project(slug: str) -> "Project":
    try:
        return configuration_of(settings_of()).project(slug)
    except LookupError as error:
        fail(str(error))


def _name(given: str) -> str:
    if given:
        return given
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _span(text: str) -> timedelta:
    match = _SPAN.fullmatch(text)
    if match is None or not int(match[1]):
        fail(f"--since {text}: expected a span like 12h, 30d or 4w")
    return int(match[1]) * _UNITS[match[2]]
