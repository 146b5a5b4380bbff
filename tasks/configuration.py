"""Reads what is watched; a file that is broken while we run leaves the last good one in force."""

from datetime import UTC, datetime

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from tasks.store import database
from watchkeeper.config import (
    Configuration,
    ConfigurationError,
    configuration_text,
    read_configuration,
    read_environment,
    read_settings,
)
from watchkeeper.store.configurations import last_good_configuration, remember_configuration
from watchkeeper.store.database import reading, transaction


@task(cache_policy=NO_CACHE, persist_result=False)
def load_configuration() -> tuple[Configuration, str]:
    """Return the configuration that is in force, and what is wrong with the file ("" when nothing is).

    A project with mistakes of its own is in `broken`; the others are watched as ever.

    Raises:
        ConfigurationError: the file is broken and there was never a good one.
    """
    settings = read_settings()
    environment = {**read_environment(), **settings.variables()}
    try:
        text = configuration_text(settings.projects)
        configuration = read_configuration(text, environment, settings.projects.name, isolate=True)
    except ConfigurationError as error:
        return _last_good(environment, error), str(error)
    with transaction(database()) as session:
        remember_configuration(session, text, datetime.now(UTC))
    mistakes = "\n".join(f"{broken.slug}: {broken.reason}" for broken in configuration.broken)
    if mistakes:
        _warn(mistakes)
    return configuration, mistakes


def _last_good(environment: dict[str, str], error: Exception) -> Configuration:
    with reading(database()) as session:
        text = last_good_configuration(session)
    if text is None:
        raise error
    _warn(f"the last good configuration stays in force: {error}")
    return read_configuration(text, environment, "the last good configuration", isolate=True)


def _warn(mistakes: str) -> None:
    get_run_logger().error("The configuration has mistakes: %s", mistakes)
    emit_event(
        event="watchkeeper.configuration.broken",
        resource={"prefect.resource.id": "watchkeeper.configuration"},
        payload={"mistakes": mistakes},
    )
