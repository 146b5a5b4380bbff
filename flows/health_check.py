"""Every 15 minutes: is production healthy, and how sure are we?

Order: observe (all vendors at once) -> judge -> store -> tell -> see whether a custody is over -> propose to go back,
where a release is bad.
Whom to tell of it is up to `alert-dispatch`, which begins when this has ended.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import AwareDatetime, Field

from flows.rollback_custody import see_to_custody
from flows.rollback_proposals import propose
from reports.health import summary
from tasks.configuration import load_configuration
from tasks.observation import observe
from tasks.store import Findings, checked_windows, recall, recall_counts, remember
from tasks.telling import tell
from watchkeeper.config import Configuration
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.past import Past
from watchkeeper.domain.project_health import Observed, conclude_health, judge_parts, misconfigured
from watchkeeper.domain.windows import Window, missed_windows

CATCH_UP = timedelta(hours=1)
CATCH_UP_SECONDS = 45  # after that no more is begun: a vendor that is slow costs over a minute each time


@flow(name="health-check", timeout_seconds=175, persist_result=False)
async def health_check(
    projects: list[str] | None = None,
    window_minutes: Annotated[int, Field(ge=1, le=1440)] = 15,
    at: AwareDatetime | None = None,
    check_type: CheckType = CheckType.FULL,
) -> State[Any]:
    """Judge the health of every project over one window, keep the judgement, and show what changed.

    Args:
        projects: slugs of the projects to look at; all when left out.
        window_minutes: length of the window.
        at: end of the window, to look at a past one again; left out, the time this run was scheduled for.
        check_type: full, or only error_rates, or endpoints_only.
    """
    began = time.monotonic()
    loaded, mistakes = load_configuration()
    configuration = loaded.only(projects)
    end = (at or flow_run.scheduled_start_time or datetime.now(UTC)).timestamp()  # Prefect's own type is not a datetime
    window = Window.ending_at(datetime.fromtimestamp(end, UTC), timedelta(minutes=window_minutes))
    is_the_watch = at is None and check_type is CheckType.FULL
    findings = await look(configuration, window, check_type)
    await tell(configuration, findings, mistakes)
    if is_the_watch:
        see_to_custody(findings.seen, window)
        await propose(configuration, findings.checks)
    if is_the_watch and findings.before:
        await catch_up(configuration, window, until=began + CATCH_UP_SECONDS)
    return Completed(message=summary(findings.checks), data=findings.checks)


async def look(configuration: Configuration, window: Window, check_type: CheckType) -> Findings:
    """Observe, judge and store one window. Doing it again changes nothing but what the vendors now say of it."""
    now = datetime.now(UTC)
    past = recall(configuration.slugs, window, now)
    seen = await observe(configuration, window, check_type, past, now)
    findings = judge(configuration, window, check_type, past, seen, now)
    remember(findings, str(flow_run.id), now)
    return findings


def judge(  # noqa: PLR0913, PLR0917 - what was asked, what was known, what was seen
    configuration: Configuration,
    window: Window,
    check_type: CheckType,
    past: Mapping[str, Past],
    seen: Mapping[str, Observed],
    now: datetime,
) -> Findings:
    """Judge every project; how releases did before the window is looked up only for those in trouble."""
    projects = configuration.projects
    parts = {
        p.slug: judge_parts(seen[p.slug], past[p.slug], p.endpoint_values, p.health_limits, window, now)
        for p in projects
    }
    earlier = recall_counts(tuple(slug for slug, judged in parts.items() if judged.is_troubled), window)
    checks = [
        conclude_health(p.slug, parts[p.slug], earlier.get(p.slug, ()), p.health_limits, window, check_type)
        for p in projects
    ]
    return Findings(
        names=configuration.names,
        seen=seen,
        released={slug: judged.releases for slug, judged in parts.items()},
        checks=(*checks, *(misconfigured(b.slug, b.reason, window, check_type) for b in configuration.broken)),
        measured=tuple(value for slug, judged in parts.items() for value in judged.observations(slug, window)),
        before={slug: known.latest for slug, known in past.items() if known.latest is not None},
    )


async def catch_up(configuration: Configuration, window: Window, until: float) -> None:
    """Fill the windows of the last hour that no run has looked at, oldest first.

    Args:
        until: on the monotonic clock; what is not begun by then is left to the next run.
    """
    span = Window(window.start - CATCH_UP, window.end)
    for missed in missed_windows(checked_windows(configuration.slugs, span), window, CATCH_UP):
        if time.monotonic() > until:
            get_run_logger().info("The window %s to %s is left to the next run.", missed.start, missed.end)
            return
        get_run_logger().info("No check has looked at %s to %s yet: looking now.", missed.start, missed.end)
        await look(configuration, missed, CheckType.FULL)
