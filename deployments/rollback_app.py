"""What the commands of ways back share: the sub-command itself, and looking at the record."""

import asyncio
import getpass
import os
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from deployments.command import configuration_of, fail, output, plain_line, print_json, settings_of, store_environment
from watchkeeper.domain.people import checked_name

if TYPE_CHECKING:
    from watchkeeper.config import Project
    from watchkeeper.domain.rollback import Rollback

REFUSED: Final = 2

As = Annotated[str, Parameter(name="--as", help="Your name or e-mail address. [default: the name of the account]")]
DryRun = Annotated[bool, Parameter(help="Show the plan and change nothing; otherwise go on, and ask for a YES.")]
PlanShown = Annotated[
    str, Parameter(name="--plan", help="The digest of the plan that you have seen, as `show` and the question name it.")
]
Json = Annotated[bool, Parameter(name="--json", negative="", help="Print JSON instead of text.")]

rollback_app = App(
    name="rollback",
    help="The way back: plan it, start it, say yes or no, follow it.\n\nNothing is changed without a YES.\n\n"
    "Exit codes: 0 as asked, 1 done and not known whether it helped, 2 refused or not done or not cured, "
    "3 still under way, 4 wrong usage or configuration.",
)


def known_rollback(number: int) -> "Rollback":
    from tasks.rollback_record import way_back  # noqa: PLC0415
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415
    from watchkeeper.store.rollbacks import UnknownRollback  # noqa: PLC0415

    try:
        return way_back(number)
    except UnknownRollback as error:
        fail(f"{error}: `watchkeeper rollback list` shows those that there are")
    except StoreError as error:
        fail(str(error))


def last_rollbacks(projects: tuple[str, ...], most: int) -> tuple["Rollback", ...]:
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


def project_of(slug: str) -> "Project":
    try:
        return configuration_of(settings_of()).project(slug)
    except LookupError as error:
        fail(str(error))


def name_or_account(given: str) -> str:
    """Return the name that was given, or that of the account; "" when it has none."""
    if given:
        return readable_name(given)
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def readable_name(given: str, option: str = "--as") -> str:
    """Return a name that people can read and tell from others; end the command where it is none."""
    try:
        return checked_name(given)
    except ValueError as error:
        fail(f"{option}: {error}")


def print_rollback(number: int, *, as_json: bool) -> "Rollback":
    """Print a way back, and return it as it was printed."""
    from reports.rollback_terminal import rollback_as_json, rollback_view  # noqa: PLC0415
    from tasks.rollback_record import answers_of, timeline_of, way_back  # noqa: PLC0415

    found, entries, answers = way_back(number), timeline_of(number), answers_of(number)
    if as_json:
        print_json(rollback_as_json(found, entries, answers))
    else:
        output.print(rollback_view(found, entries, answers))
    return found


def follow_rollback(number: int) -> int:
    from deployments.rollback import exit_code, follow  # noqa: PLC0415 - imports Prefect
    from reports.rollback_terminal import entry_line  # noqa: PLC0415
    from tasks.rollback_record import way_back  # noqa: PLC0415

    async def print_all() -> None:
        async for entry in follow(number):
            output.print(plain_line(entry_line(entry)), highlight=False, soft_wrap=True)

    asyncio.run(print_all())
    return exit_code(way_back(number))
