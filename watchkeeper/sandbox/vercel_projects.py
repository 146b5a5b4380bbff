"""Vercel's projects, complete as its document demands. Source: the official OpenAPI document, 2025-10-27."""

from typing import Any

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.moves import Move
from watchkeeper.sandbox.rolling import STAGES
from watchkeeper.sandbox.times import ms
from watchkeeper.sandbox.vercel_shapes import (
    TEAM,
    creator_of,
    crons_of,
    deployment_id,
    deployment_url,
    meta_of,
    plan_of,
    progress_of,
)
from watchkeeper.sandbox.world import World


def rolling_config(world: World, project: Project) -> dict[str, Any] | None:
    """Return how the project's releases are rolled out; None when they go live at once."""
    if project.index not in world.rollings:
        return None
    stages = [{"targetPercentage": percent, "requireApproval": percent != 100} for percent in STAGES]
    return {"target": "production", "stages": stages}


def _permissions(world: World, project: Project, *, may_write: bool) -> dict[str, Any]:
    if world.switches.get("permissions-unsaid", project.slug):
        return {}
    allowed = ["read", "list", *(["create", "update", "delete"] if may_write else [])]
    names = ("deploymentRollback", "deploymentPromote", "edgeConfigItem", "projectRollingRelease", "projectEnvVars")
    return {"permissions": dict.fromkeys(names, allowed)}


def _target(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return the deployment that serves production as a project shows it."""
    return {
        **progress_of(world, project, build),
        "id": deployment_id(build),
        "alias": [f"{project.slug}.acme.example"],
        "aliasError": None,
        "createdIn": "fra1",
        "creator": creator_of(build),
        "deploymentHostname": deployment_url(project, build).partition(".")[0],
        "name": project.slug,
        "plan": plan_of(world, project),
        "private": False,
        "target": "production",
        "teamId": TEAM,
        "type": "LAMBDAS",
        "url": deployment_url(project, build),
        "userId": creator_of(build)["uid"],
        "meta": meta_of(project, build),
    }


def _alias_request(move: Move, now: float) -> dict[str, Any]:
    ended = "failed" if move.ends == "failed" else "succeeded"
    status = "pending" if now < move.asked_at + 0.7 else "in-progress" if now < move.done_at else ended
    return {
        "fromDeploymentId": deployment_id(move.source),
        "toDeploymentId": deployment_id(move.target),
        "jobStatus": status,
        "requestedAt": ms(move.asked_at),
        "type": move.kind,
    }


def _note(move: Move) -> dict[str, Any]:
    by = {"userId": "usr_makebelieve", "username": "watch", "createdAt": ms(move.asked_at)}
    return {"rollbackDescription": {**by, "description": move.note}}


def _crons(world: World, project: Project, serving: Build) -> dict[str, Any]:
    host = f"{project.slug}.acme.example"
    return {
        "enabledAt": 1_736_931_600_000,
        "disabledAt": None,
        "updatedAt": ms(serving.ready_at),
        "deploymentId": deployment_id(serving),
        "definitions": [{"host": host, **cron} for cron in crons_of(world, project, serving)],
    }


def project_body(world: World, project: Project, *, may_write: bool = True) -> dict[str, Any]:
    now = world.now()
    serving, moves = world.serving(project, now), world.moves_of(project.index)
    rolled_back = [move for move in moves[-1:] if move.kind == "rollback" and move.note]
    return {
        **_permissions(world, project, may_write=may_write),
        **(_note(rolled_back[0]) if rolled_back else {}),
        **({"crons": _crons(world, project, serving)} if serving else {}),
        "id": project.vercel_id,
        "name": project.slug,
        "accountId": TEAM,
        "createdAt": 1_736_931_600_000,
        "updatedAt": ms(serving.ready_at) if serving else 1_736_931_600_000,
        "framework": "nextjs",
        "nodeVersion": "22.x",
        "directoryListing": False,
        "live": True,
        "autoExposeSystemEnvs": True,
        "autoAssignCustomDomains": not world.in_custody(project, now + 2.0),
        "defaultResourceConfig": {"functionDefaultRegions": ["fra1"]},
        "resourceConfig": {"functionDefaultRegions": ["fra1"]},
        "deploymentExpiration": {"expirationDays": 365, "deploymentsToKeep": 10},
        "latestDeployments": [],
        "targets": {"production": _target(world, project, serving)} if serving else {},
        "link": {
            "type": "github",
            "org": "acme",
            "repo": project.slug,
            "repoId": 9_000_000 + project.index,
            "productionBranch": "main",
            "deployHooks": [],
            "createdAt": 1_736_931_600_000,
            "gitCredentialId": "cred_makebelieve",
            "sourceless": False,
        },
        "lastAliasRequest": _alias_request(moves[-1], now) if moves else None,
        "rollingRelease": rolling_config(world, project),
    }
