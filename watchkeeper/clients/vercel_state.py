"""Vercel's JSON about what a move of production needs to know, read into values of ours."""

from collections.abc import Iterable
from datetime import datetime

from watchkeeper.clients.parsing import Record
from watchkeeper.clients.vercel_parsing import read_deployment, read_production, read_serving_deployment
from watchkeeper.domain.moves import DeploymentDetails, ProjectState, RollbackNote
from watchkeeper.domain.production import RollingRelease
from watchkeeper.domain.redaction import shortened
from watchkeeper.domain.rollback_changes import EnvChange

_LONGEST_TEXT = 300


def read_state(project: Record, rolling: RollingRelease | None = None, warnings: tuple[str, ...] = ()) -> ProjectState:
    """Return the state that `project`, as it is asked for by name, describes."""
    return ProjectState(
        production=read_production(project, rolling),
        serving=read_serving_deployment(project),
        plan=project.record("targets").text("production.plan", "").lower(),
        rolls_out=bool(project.record("rollingRelease").raw),
        crons=_crons(project.values("crons.definitions")) if project.flag("crons.disabledAt") is None else (),
        may_roll_back=_may(project, "deploymentRollback"),
        may_promote=_may(project, "deploymentPromote"),
        may_set_items=_may(project, "edgeConfigItem"),
        is_paused=project.flag("paused") is True,
        note=_note(project.record("rollbackDescription")),
        warnings=warnings,
    )


def read_details(raw: Record) -> DeploymentDetails:
    """Return a deployment that was asked for by id or address: there, `uid` is called `id`."""
    project = raw.text("projectId", "") or raw.text("project.id", "")
    named = Record(raw.vendor, {**raw.raw, "uid": raw.text("id"), "projectId": project})
    crons = _crons(raw.values("crons")) if isinstance(raw.raw.get("crons"), list) else None
    return DeploymentDetails(read_deployment(named), crons, raw.text("plan", "").lower())


def read_env_changes(records: Iterable[Record]) -> tuple[EnvChange, ...]:
    """Return when each variable of production was changed last, newest first; the values are not looked at."""
    found: dict[str, datetime] = {}
    for raw in records:
        at = raw.moment_or_none("updatedAt") or raw.moment_or_none("createdAt")
        key = shortened(" ".join(raw.text("key", "").split()), _LONGEST_TEXT)
        if key and at is not None and _is_of_production(raw):
            found[key] = max(at, found.get(key, at))
    changes = (EnvChange(key, at) for key, at in found.items())
    return tuple(sorted(changes, key=lambda change: (change.changed_at, change.key), reverse=True))


def _is_of_production(raw: Record) -> bool:
    targets = raw.values("target") or (raw.text("target", ""),)
    return "production" in targets


def _may(project: Record, resource: str) -> bool | None:
    """Return whether the token may change a resource; a project names the permissions of whoever asks."""
    if not project.record("permissions").raw:
        return None
    return bool({"create", "update"} & {str(action) for action in project.values(f"permissions.{resource}")})


def _crons(values: Iterable[object]) -> tuple[str, ...]:
    records = (Record("Vercel", value) for value in values if isinstance(value, dict))
    named = (shortened(f"{raw.text('path', '?')}: {raw.text('schedule', '?')}", _LONGEST_TEXT) for raw in records)
    return tuple(sorted(set(named)))


def _note(raw: Record) -> RollbackNote | None:
    at = raw.moment_or_none("createdAt")
    if at is None:
        return None
    return RollbackNote(shortened(raw.text("description", ""), _LONGEST_TEXT), raw.text("username", ""), at)
