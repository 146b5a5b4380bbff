"""What a way back is decided by, as it is now: the plan, and the case for it.

The project is looked at as a health check does, and nothing of it is kept.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final

from prefect import get_run_logger

from tasks.observation import observe
from tasks.rollback import read_plan_input
from tasks.store import recall, recall_counts, recall_history
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.commits import same_commit
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.health import CheckType
from watchkeeper.domain.project_health import conclude_health, judge_parts
from watchkeeper.domain.releases import Release
from watchkeeper.domain.rollback import Plan, Rollback, RollbackEvidence
from watchkeeper.domain.rollback_evidence import weigh_evidence
from watchkeeper.domain.rollback_plan import plan_rollback
from watchkeeper.domain.verdicts import Gap, Missing
from watchkeeper.domain.windows import Window

STUDY_SECONDS: Final = 60.0
LOOKED_AT: Final = timedelta(minutes=15)
HISTORY: Final = timedelta(hours=12)
NOT_SEEN: Final = Missing(Gap.NO_EVIDENCE, "no traffic of it was seen")


async def study(
    configuration: Configuration, project: Project, rollback: Rollback, seconds: float = STUDY_SECONDS
) -> tuple[Plan, RollbackEvidence | None]:
    """Return the plan as it would be made now, and what speaks for it now; None when nobody could tell in time."""
    given, evidence = await asyncio.gather(read_plan_input(project, rollback), look_at(configuration, project, seconds))
    return plan_rollback(given), evidence


async def look_at(
    configuration: Configuration, project: Project, seconds: float = STUDY_SECONDS
) -> RollbackEvidence | None:
    """Return what speaks for going back now; None when nobody could tell in time.

    Args:
        configuration: of this project alone.
        seconds: after which nobody waits for it any more.
    """
    try:
        return await asyncio.wait_for(_look_at(configuration, project), seconds)
    except TimeoutError:
        get_run_logger().warning("How %s is doing could not be told within %g s.", project.slug, seconds)
        return None


async def _look_at(configuration: Configuration, project: Project) -> RollbackEvidence:
    now = datetime.now(UTC)
    window, slug = Window(now - LOOKED_AT, now), project.slug
    past = recall((slug,), window, now)
    seen = await observe(configuration, window, CheckType.FULL, past, now)
    parts = judge_parts(seen[slug], past[slug], project.endpoint_values, project.health_limits, window, now)
    earlier = recall_counts((slug,), window).get(slug, ())
    check = conclude_health(slug, parts, earlier, project.health_limits, window, CheckType.FULL)
    history = recall_history((slug,), Window(now - HISTORY, now)).get(slug, ())
    suspects = parts.suspects
    sample = suspects.sample
    if isinstance(sample, Missing):
        return weigh_evidence(check, sample, sample, [*reversed(history), check], now)
    this = _count(suspects.serving, sample.counts)
    before = _count(suspects.before, sample.counts, earlier)
    noun = sample.denominator.noun
    return weigh_evidence(check, this, before, [*reversed(history), check], now, noun=noun, url=sample.url)


def _count(release: Release | None, *several: tuple[ErrorCount, ...]) -> ErrorCount | Missing:
    """Return the failures of a release, from the first place that has any of it."""
    if release is None:
        return Missing(Gap.NO_EVIDENCE, "the release is not known")
    for counts in several:
        found = [count for count in counts if count.total and same_commit(count.release, release.sha)]
        if found:
            return found[0]
    return NOT_SEEN
