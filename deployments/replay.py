"""`watchkeeper replay --limits FILE`: a project as if it were configured with other limits."""

from pathlib import Path

import yaml
from pydantic import ValidationError

from watchkeeper.config import Limits, Project, Rollbacks


class LimitsError(ValueError):
    """A file of limits that cannot be used; the message names each mistake by its key."""


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
