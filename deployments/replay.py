"""`watchkeeper replay`: the triggers of ways back over the stored past, with the limits in force or others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import ValidationError

from tasks.proposals import recall_triggers
from watchkeeper.config import Configuration, Limits, Project, Rollbacks
from watchkeeper.domain.rollback_replay import Replay, replay
from watchkeeper.domain.windows import Window


class LimitsError(ValueError):
    """A file of limits that cannot be used; the message names each mistake by its key."""


def replay_project(configuration: Configuration, project: Project, since: timedelta) -> Replay:
    """Return what the triggers would have done."""
    now = datetime.now(UTC)
    history = recall_triggers.fn((project.slug,), Window(now - since, now + timedelta(minutes=1)))[project.slug]
    return replay(
        project.slug,
        history.checks,
        project.health_limits,
        project.rollback_policy,
        history.live_at,
        history.moves,
        configuration.maintenances(project),
    )


def tried(project: Project, file: Path) -> Project:
    """Return the project as if it were configured with what stands in the file.

    Raises:
        LimitsError: the file cannot be read, or has mistakes.
    """
    try:
        found = yaml.safe_load(file.read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise LimitsError(f"{file}: {error}") from error
    if not isinstance(found, dict) or (unknown := set(found) - {"limits", "rollback"}):
        names = f", not {', '.join(map(str, sorted(unknown)))}" if isinstance(found, dict) else ""
        raise LimitsError(f"{file}: expected `limits:` and `rollback:` as in projects.yaml{names}")
    try:
        limits = Limits.model_validate(found["limits"]) if "limits" in found else project.limits
        rollback = Rollbacks.model_validate(found["rollback"]) if "rollback" in found else project.rollback
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise LimitsError(f"{file}: {'; '.join(mistakes)}") from error
    return project.model_copy(update={"limits": limits, "rollback": rollback})
