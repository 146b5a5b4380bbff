"""Whether ways back may be taken without asking: only where the triggers were watched for seven days before."""

import os
from datetime import UTC, datetime

from deployments.command import store_environment
from watchkeeper.config import Configuration, Problem, Settings
from watchkeeper.domain.rollback_policy import AutoRollback


def too_early(settings: Settings, configuration: Configuration) -> tuple[Problem, ...]:
    """Return a mistake for each project that is configured `automatic` too early; the store tells."""
    slugs = tuple(
        project.slug for project in configuration.projects if project.rollback_policy.auto is AutoRollback.AUTOMATIC
    )
    if not slugs:
        return ()
    gaps = _gaps(settings, slugs)
    return tuple(
        Problem(
            f"projects.{slug}.rollback.auto",
            0,
            f"automatic needs seven days of shadow mode before: {gap}. "
            "Set propose or approve_then_run, and look at `watchkeeper replay --project "
            f"{slug} --since 7d` then",
        )
        for slug, gap in gaps.items()
        if gap
    )


def _gaps(settings: Settings, slugs: tuple[str, ...]) -> dict[str, str]:
    os.environ.update(store_environment(settings))
    from tasks.proposals import shadow_checks  # noqa: PLC0415 - imports Prefect, after its settings
    from watchkeeper.domain.rollback_proposals import shadow_gap  # noqa: PLC0415
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    now = datetime.now(UTC)
    try:
        checked = shadow_checks(slugs, now)
    except StoreError as error:
        return dict.fromkeys(slugs, f"nothing is known of that time ({error})")
    return {slug: shadow_gap(checked[slug], now) for slug in slugs}
