"""What the commands share: settings, configuration, the running start, and how they end."""

import os
import sys
from collections.abc import Iterable
from typing import Any, NoReturn

from rich.console import Console, ConsoleOptions, RenderableType
from rich.highlighter import JSONHighlighter
from rich.segment import Segment

from deployments.home import Home, open_home, prefect_client_environment, trust_sandbox
from watchkeeper.config import (
    ENV_FILE,
    Configuration,
    ConfigurationError,
    Settings,
    configuration_text,
    read_configuration,
    read_environment,
    read_settings,
)
from watchkeeper.domain.redaction import redacted
from watchkeeper.domain.text import one_line, safe_json, visible

USAGE = 4

PIPED_WIDTH = 200  # characters: what goes into a pipe or a file is cut to no screen's width

width = None if sys.stdout.isatty() or "COLUMNS" in os.environ else PIPED_WIDTH


class CarefulConsole(Console):
    """A console that interprets nothing in a text: no markup, no emoji, and no character that moves the cursor.

    What may forge a line, a line break, is the matter of whoever composes the lines: `one_line`.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - of rich
        super().__init__(markup=False, emoji=False, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Yield the segments, those of text without anything that cannot be seen."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


output, errors = CarefulConsole(width=width), CarefulConsole(stderr=True)


def settings_of(**given: object) -> Settings:
    try:
        return read_settings(ENV_FILE, **given)
    except ConfigurationError as error:
        fail(str(error))


def read(settings: Settings) -> Configuration:
    environment = {**read_environment(), **settings.variables()}
    return read_configuration(configuration_text(settings.projects), environment, str(settings.projects))


def configuration_of(settings: Settings) -> Configuration:
    try:
        return read(settings)
    except ConfigurationError as error:
        fail(str(error))


def home_of(settings: Settings) -> Home:
    try:
        return open_home(settings.home)
    except OSError as error:
        fail(f"the state folder {settings.home} cannot be used: {error}")


def store_environment(settings: Settings) -> dict[str, str]:
    """Return what reading the store needs; it can be read while nothing runs."""
    return settings.variables() | {"PREFECT_LOGGING_LEVEL": "ERROR"}


def client_environment(settings: Settings) -> dict[str, str]:
    """Return what talking to the running start, or to a server of one's own, needs."""
    home = home_of(settings)
    running = home.running()
    environment = settings.variables()
    if running is not None:
        environment |= settings.model_copy(update={"sandbox_port": running.sandbox_port}).variables()
        return environment | prefect_client_environment(home, running.prefect_port) | trust_sandbox(home)
    if "PREFECT_API_URL" in os.environ:
        return environment
    fail(
        f"no Prefect server runs from {home.path}. Start one with `watchkeeper up` (in another terminal), "
        "or set PREFECT_API_URL to your own."
    )


def fail(message: str, code: int = USAGE) -> NoReturn:
    errors.print(redacted(message), style="red", highlight=False, soft_wrap=True)
    sys.exit(code)


def plain_line(text: str) -> str:
    """Return what people and vendors have typed as one line without tokens, to be printed."""
    return redacted(one_line(text))


def print_json(value: object) -> None:
    """Print JSON, in colour at a terminal; what cannot be seen is escaped in it, and tokens are hidden."""
    output.print(JSONHighlighter()(redacted(safe_json(value, indent=2))), soft_wrap=True)
