"""The `watchkeeper` command.

Exit codes: 0 healthy or done, 1 warning, 2 critical, 3 unknown, 4 wrong usage or configuration.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import cyclopts
from cyclopts import App, Parameter

from deployments.alerts_cli import alerts_app
from deployments.channels_cli import channels_app
from deployments.command import (
    USAGE,
    client_environment,
    configuration_of,
    errors,
    fail,
    output,
    print_json,
    read,
    settings_of,
)
from deployments.incidents_cli import incidents_app
from deployments.privacy import PRIVATE_UMASK
from deployments.rollback_cli import replay, rollback_app
from deployments.sandbox_cli import sandbox_app
from deployments.shadow import too_early
from watchkeeper.config import Configuration, ConfigurationError, Settings
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Verdict

EXIT_CODES = {Verdict.HEALTHY: 0, Verdict.WARNING: 1, Verdict.CRITICAL: 2, Verdict.UNKNOWN: 3}
WORST_FIRST = (Verdict.CRITICAL, Verdict.UNKNOWN, Verdict.WARNING, Verdict.HEALTHY)

app = App(
    name="watchkeeper",
    help="Stand watch over releases: is production healthy, which release broke it, can we go back?\n\n"
    "Exit codes: 0 healthy or done, 1 warning, 2 critical, 3 unknown, 4 wrong usage or configuration.",
    version_flags=["--version"],
)
config_app = App(name="config", help="Look at the configuration.")
app.command(config_app)
app.command(sandbox_app)
app.command(rollback_app)
app.command(alerts_app)
app.command(channels_app)
app.command(incidents_app)
app.command(replay)


@app.command
def up(  # noqa: PLR0913 - one option a setting
    *,
    home: Path | None = None,
    database_url: str | None = None,
    projects: Path | None = None,
    prefect_port: int | None = None,
    sandbox_port: int | None = None,
    web_port: int | None = None,
    history: bool = True,
) -> int:
    """Start everything here, run the first health check, and stand watch until Ctrl-C.

    Each option may also be given as a setting: WATCHKEEPER_HOME, WATCHKEEPER_DATABASE_URL and so on.

    Parameters
    ----------
    home
        Folder for all state; deleting it starts anew. [default: .watchkeeper]
    database_url
        sqlite:/// or postgresql:// address of the store. [default: a SQLite file in the state folder]
    projects
        The configuration file. [default: deployments/projects.yaml]
    prefect_port
        Port of the Prefect server and its UI. [default: 4200]
    sandbox_port
        Port of the make-believe company. [default: 8400]
    web_port
        Port of our own pages: the reports. [default: 8080]
    history
        Fill in the last 30 days and make the first report, while the watch stands already.
    """
    settings = settings_of(
        home=home,
        database_url=database_url,
        projects=projects,
        prefect_port=prefect_port,
        sandbox_port=sandbox_port,
        web_port=web_port,
    )
    configuration = configuration_of(settings)
    from deployments.children import CannotStartError  # noqa: PLC0415 - imported only where it is needed
    from deployments.up import stand_watch  # noqa: PLC0415

    try:
        return asyncio.run(stand_watch(settings, configuration, output, fills_history=history))
    except CannotStartError as error:
        fail(str(error))


@app.command
def check(
    *projects: str,
    at: Annotated[str | None, Parameter(help="End of the window to look at, ISO 8601 with time zone.")] = None,
    window_minutes: int = 15,
    check_type: Annotated[str, Parameter(help="full, error_rates or endpoints_only.")] = "full",
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
) -> int:
    """Run the health check now and print the table. The exit code is the worst verdict.

    Needs the Prefect server of `watchkeeper up`, or PREFECT_API_URL.

    Parameters
    ----------
    projects
        Slugs of the projects to look at; all when left out.
    window_minutes
        Length of the window.
    as_json
        Print JSON instead of the table.
    """
    settings = settings_of()
    configuration = configuration_of(settings)
    os.environ.update(client_environment(settings))
    if as_json:
        os.environ["PREFECT_LOGGING_LEVEL"] = "ERROR"
        logging.disable(logging.WARNING)
    from deployments.check import AnswerLostError, run_check  # noqa: PLC0415 - imports Prefect, after its settings
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    try:
        checks = asyncio.run(run_check(projects, at, window_minutes, check_type))
    except (ValueError, LookupError) as error:
        fail(str(error))
    except (StoreError, AnswerLostError) as error:  # nobody knows how the projects are
        fail(str(error), EXIT_CODES[Verdict.UNKNOWN])
    _show(checks, configuration, as_json=as_json)
    return EXIT_CODES[min((check.verdict for check in checks), key=WORST_FIRST.index)]


@config_app.command(name="check")
def check_config(
    file: Path | None = None, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False
) -> int:
    """Read the configuration and report every mistake at once, with its line and what was expected.

    Parameters
    ----------
    file
        The configuration file. [default: WATCHKEEPER_PROJECTS]
    as_json
        Print JSON instead of text.
    """
    settings = settings_of(projects=file)
    try:
        configuration = _checked(settings)
    except ConfigurationError as error:
        problems = [{"key": p.key, "line": p.line, "message": p.message} for p in error.problems]
        print_json({"ok": False, "problems": problems}) if as_json else errors.print(
            str(error), style="red", highlight=False
        )
        return USAGE
    count = len(configuration.projects)
    if as_json:
        print_json({"ok": True, "projects": [p.slug for p in configuration.projects]})
    else:
        output.print(f"{settings.projects}: {count} project{'s' * (count != 1)}, no mistakes.", highlight=False)
    return 0


def _checked(settings: Settings) -> Configuration:
    """Return the configuration, if there is no mistake in it, and none that only the store tells."""
    configuration = read(settings)
    early = too_early(settings, configuration)
    if early:
        raise ConfigurationError(str(settings.projects), early)
    return configuration


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command; wrong usage exits with 4. What it makes is for its owner's eyes only."""
    os.umask(PRIVATE_UMASK)
    try:
        result = app(arguments, exit_on_error=False, print_error=True)
    except cyclopts.CycloptsError:
        sys.exit(USAGE)
    sys.exit(result if isinstance(result, int) else 0)


def _show(checks: Sequence[HealthCheck], configuration: Configuration, *, as_json: bool) -> None:
    from reports.terminal import check_table, checks_as_json  # noqa: PLC0415

    if as_json:
        print_json(checks_as_json(checks))
    else:
        output.print(check_table(checks, {project.slug: project.name for project in configuration.projects}))


if __name__ == "__main__":
    main()
