"""Every 15 minutes: is production healthy, and how sure are we?

Order: observe (all vendors at once) -> judge -> store -> tell.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import AwareDatetime, Field

from tasks.configuration import load_configuration
from tasks.observation import observe
from tasks.store import recall, remember
from tasks.telling import tell
from watchkeeper.config import Configuration
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.project_health import judge_project
from watchkeeper.domain.verdicts import Verdict
from watchkeeper.domain.windows import Window, missed_windows

CATCH_UP = timedelta(hours=1)


@flow(name="health-check", timeout_seconds=175, persist_result=False)
async def health_check(
    projects: list[str] | None = None,
    window_minutes: Annotated[int, Field(ge=1, le=1440)] = 15,
    at: AwareDatetime | None = None,
    check_type: CheckType = CheckType.FULL,
) -> State[Any]:
    """Judge the health of every project over one window, keep the judgement, and tell what changed.

    Args:
        projects: slugs of the projects to look at; all when left out.
        window_minutes: length of the window.
        at: end of the window, to look at a past one again; left out, the time this run was scheduled for.
        check_type: full, or only error_rates, or endpoints_only.
    """
    configuration = (await load_configuration()).only(projects)
    end = at or flow_run.scheduled_start_time or datetime.now(UTC)
    window = Window.ending_at(end, timedelta(minutes=window_minutes))
    checks = await check_window(configuration, window, check_type)
    await tell(configuration, checks)
    if at is None and check_type is CheckType.FULL:
        await catch_up(configuration, window)
    return Completed(message=summary(checks), data=checks)


async def check_window(
    configuration: Configuration, window: Window, check_type: CheckType
) -> tuple[HealthCheck, ...]:
    """Observe, judge and store one window. Doing it again changes nothing but what the vendors now say of it."""
    now = datetime.now(UTC)
    past = recall(configuration.slugs, window, now)
    seen = await observe(configuration, window, check_type, past, now)
    checks = tuple(
        judge_project(project.slug, seen[project.slug], past.of(project.slug), project.health_limits, window, check_type)
        for project in configuration.projects
    )
    remember(configuration, seen, checks, now)
    return checks


async def catch_up(configuration: Configuration, window: Window) -> None:
    """Fill the windows of the last hour that no run has looked at, oldest first, without telling anyone."""
    log = get_run_logger()
    for missed in missed_windows(known_windows(configuration.slugs, window, CATCH_UP), window, CATCH_UP):
        log.info("No check has looked at %s to %s yet: looking now.", missed.start, missed.end)
        await check_window(configuration, missed, CheckType.FULL)


def summary(checks: Sequence[HealthCheck]) -> str:
    """Return the run's last word: projects that are not healthy by name, the healthy ones as a count."""
    healthy = sum(check.verdict is Verdict.HEALTHY for check in checks)
    others = [f"{check.project} {check.verdict}" for check in checks if check.verdict is not Verdict.HEALTHY]
    return ", ".join([*others[:10], f"{healthy} of {len(checks)} healthy"])
