"""`watchkeeper sandbox ...`: runs and steers the make-believe company."""

from collections.abc import Mapping
from typing import Any, Final

import httpx
from cyclopts import App
from rich.table import Table
from rich.text import Text

from deployments.command import fail, home_of, output, print_json, settings_of
from deployments.rollback_app import Json
from watchkeeper.domain.phrases import amount

VENDORS: Final = frozenset({"sentry", "vercel", "circleci", "github", "slack"})

sandbox_app = App(name="sandbox", help="Run and steer the make-believe company.")


@sandbox_app.command(name="run")
def run_sandbox(*, port: int | None = None, projects: int = 3, seed: int = 7) -> int:
    """Serve the make-believe company until Ctrl-C.

    Parameters
    ----------
    port
        Where it listens, on loopback only. [default: WATCHKEEPER_SANDBOX_PORT]
    projects
        How many projects the company has.
    seed
        Another seed is another history.
    """
    from watchkeeper.sandbox.app import run_sandbox as serve  # noqa: PLC0415

    serve(port or settings_of().sandbox_port, projects, seed)
    return 0


@sandbox_app.command
def scenario(name: str, target: str = "", *, port: int | None = None) -> int:
    """Change what happens in the make-believe company: calm, bad-release, vendor-down sentry ...

    Parameters
    ----------
    name
        One of calm, bad-release, repair, rolling-release, bad-flag, slow-burn, low-traffic, vendor-down, vendor-slow,
        rate-limited, garbage, platform-incident, certificate-expiring.
    target
        A vendor (sentry, vercel, circleci, github, slack) for the vendor scenarios, a project for the others.
    port
        Where the sandbox listens. [default: the running one, else WATCHKEEPER_SANDBOX_PORT]
    """
    key = "vendor" if target in VENDORS else "project"
    print_json(_ask("POST", "/sandbox/scenario", port, {"name": name, key: target}))
    return 0


@sandbox_app.command
def fault(  # noqa: PLR0913 - what a switch has
    name: str = "",
    project: str = "",
    *,
    times: int | None = None,
    value: float | None = None,
    subject: str = "",
    port: int | None = None,
    as_json: Json = False,
) -> int:
    """Let a single thing go wrong when production is planned to move, or moved. Without a name: show what there is.

    Parameters
    ----------
    name
        A switch, as `change-409`; `none` ends all of them, and so does the scenario calm.
    project
        Slug of the project; all projects when left out.
    times
        How often it works. [default: until it is ended]
    value
        For those that take a number: seconds, or how many.
    subject
        For `deleted`: the deployment.
    port
        Where the sandbox listens. [default: the running one, else WATCHKEEPER_SANDBOX_PORT]
    """
    if name:
        asked = {"name": name, "project": project, "times": times, "value": value, "subject": subject}
        _ask("POST", "/sandbox/fault", port, asked)
    found = _ask("GET", "/sandbox/fault", port)
    print_json(found) if as_json else output.print(_faults(found))
    return 0


def _ask(method: str, path: str, port: int | None, body: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401
    """Return what the sandbox answers, as decoded JSON."""
    settings = settings_of()
    running = home_of(settings).running()
    address = f"http://127.0.0.1:{port or (running.sandbox_port if running else settings.sandbox_port)}"
    try:
        answer = httpx.request(method, f"{address}{path}", json=body, timeout=10)
    except httpx.TransportError:
        fail(f"no sandbox answers at {address}: start it by `watchkeeper up` or `watchkeeper sandbox run`")
    told = answer.json()
    if answer.is_error:
        fail(str(told.get("error", told)))
    return told


def _faults(found: Mapping[str, Any]) -> Table:
    """Return all switches, with where those are on that are."""
    on: dict[str, list[str]] = {}
    for each in found["faults"]:
        on.setdefault(each["name"], []).append(_place(each))
    table = Table(pad_edge=False)
    for title in ("Switch", "On for", "What it does"):
        table.add_column(title, no_wrap=title == "Switch")
    for name, what in found["known"].items():
        table.add_row(*(Text(cell) for cell in (name, ", ".join(on.get(name, ())), what)), style="bold" * (name in on))
    return table


def _place(switch: Mapping[str, Any]) -> str:
    """Return where a switch is on, as `shop dpl_1 = 20 (1 time)`."""
    told = [switch["project"] or "all", switch["subject"]]
    if switch["value"] is not None:
        told.append(f"= {switch['value']:g}")
    if switch["times"] is not None:
        told.append(f"({amount(switch['times'], 'time')})")
    return " ".join(filter(None, told))
