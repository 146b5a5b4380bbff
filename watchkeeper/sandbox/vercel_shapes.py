"""Vercel's objects, complete as its document demands. Source: the official OpenAPI document, 2025-10-27."""

from typing import Any

from watchkeeper.sandbox.builds import DEPLOYMENT, Build
from watchkeeper.sandbox.chance import digits, seal, unseal
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.moves import Move
from watchkeeper.sandbox.times import ms
from watchkeeper.sandbox.world import World

TEAM = "team_sandboxacme"
CANDIDATE_DAYS = 45


def deployment_id(build: Build) -> str:
    return "dpl_" + seal(DEPLOYMENT, build.project, build.day, build.number) + digits(12, build.sha)


def find_deployment(world: World, name: str) -> Build | None:
    """Return the push of a deployment's id or URL."""
    sealed = name.removeprefix("dpl_") if name.startswith("dpl_") else name.partition(".")[0].rpartition("-")[2]
    opened = unseal(sealed)
    if opened is None or opened[0] != DEPLOYMENT:
        return None
    return world.find(*opened[1:4])


def _url(project: Project, build: Build) -> str:
    return f"{project.slug}-{seal(DEPLOYMENT, build.project, build.day, build.number)}.acme.example"


def state_of(build: Build, now: float) -> str:
    if now < build.building_at:
        return "QUEUED"
    if now < build.ready_at:
        return "BUILDING"
    if build.failing == "canceled":
        return "CANCELED"
    return "ERROR" if build.failing in {"build", "config"} else "READY"


def created_ms(build: Build) -> int:
    """Return when the deployment was created; no two of the company in the same millisecond, since pages end on it."""
    return (build.pushed_at + 1) * 1000 + build.project % 1000


def target_of(build: Build) -> str | None:
    return "production" if build.is_main else None


def is_candidate(world: World, project: Project, build: Build) -> bool:
    """True when production may go back to it: it has served production, lately, and does not serve it now."""
    now = world.now()
    recent = now - build.ready_at < CANDIDATE_DAYS * 86_400
    return recent and world.has_served(project, build) and world.serving(project, now) != build


def _creator(build: Build) -> dict[str, Any]:
    name, login, email = build.author
    return {"uid": digits(24, name), "email": email, "username": login, "githubLogin": login}


def _meta(project: Project, build: Build) -> dict[str, str]:
    return {
        "githubCommitSha": build.sha,
        "githubCommitRef": build.branch,
        "githubCommitMessage": build.title,
        "githubCommitAuthorName": build.author[0],
        "githubCommitAuthorLogin": build.author[1],
        "githubCommitOrg": project.repository.partition("/")[0],
        "githubCommitRepo": project.slug,
        "githubOrg": project.repository.partition("/")[0],
        "githubRepo": project.slug,
        "githubDeployment": "1",
    }


def _progress(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return state and times, as far as they are known by now."""
    state = state_of(build, world.now())
    body: dict[str, Any] = {"readyState": state, "createdAt": created_ms(build)}
    if state != "QUEUED":
        body["buildingAt"] = ms(build.building_at)
    if state == "READY":
        body["ready"] = ms(build.ready_at)
        if build.is_main:
            body["readySubstate"] = "PROMOTED" if world.has_served(project, build) else "STAGED"
        body["aliasAssigned"] = ms(build.ready_at + 1)
    if state == "ERROR":
        body |= {
            "errorCode": "BUILD_FAILED",
            "errorMessage": 'Command "npm run build" exited with 1',
        }
    body.setdefault("aliasAssigned", False)
    return body


def list_body(world: World, project: Project, build: Build, base_url: str) -> dict[str, Any]:
    """Return a deployment as `GET /v6/deployments` shows it."""
    progress = _progress(world, project, build)
    return {
        **progress,
        "uid": deployment_id(build),
        "name": project.slug,
        "projectId": project.vercel_id,
        "url": _url(project, build),
        "created": progress["createdAt"],
        "source": "git",
        "state": progress["readyState"],
        "type": "LAMBDAS",
        "creator": _creator(build),
        "inspectorUrl": f"{base_url}/acme/{project.slug}/{deployment_id(build)[4:]}",
        "meta": _meta(project, build),
        "target": target_of(build),
        "aliasError": None,
        "isRollbackCandidate": is_candidate(world, project, build),
    }


def deployment_body(world: World, project: Project, build: Build, base_url: str) -> dict[str, Any]:
    """Return a deployment as `GET /v13/deployments/{id}` shows it."""
    progress = _progress(world, project, build)
    progress["aliasAssigned"] = bool(progress["aliasAssigned"])
    return {
        "bootedAt": ms(build.building_at - 1),
        "buildingAt": ms(build.building_at),
        **progress,
        "id": deployment_id(build),
        "name": project.slug,
        "projectId": project.vercel_id,
        "project": {"id": project.vercel_id, "name": project.slug, "framework": "nextjs"},
        "url": _url(project, build),
        "status": progress["readyState"],
        "type": "LAMBDAS",
        "source": "git",
        "creator": _creator(build),
        "inspectorUrl": f"{base_url}/acme/{project.slug}/{deployment_id(build)[4:]}",
        "meta": _meta(project, build),
        "target": target_of(build),
        "alias": [f"{project.slug}.acme.example"] if world.serving(project, world.now()) == build else [],
        "aliasError": None,
        "public": False,
        "buildSkipped": False,
        "regions": ["fra1"],
        "version": 2,
        "ownerId": TEAM,
        "plan": "pro",
        "createdIn": "fra1",
        "build": {"env": []},
        "env": [],
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "projectSettings": {"framework": "nextjs", "nodeVersion": "22.x"},
        "routes": None,
        "gitSource": {"type": "github", "org": "acme", "repo": project.slug, "ref": build.branch, "sha": build.sha},
    }


def _target(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return the deployment that serves production as a project shows it."""
    return {
        **_progress(world, project, build),
        "id": deployment_id(build),
        "alias": [f"{project.slug}.acme.example"],
        "aliasError": None,
        "createdIn": "fra1",
        "creator": _creator(build),
        "deploymentHostname": _url(project, build).partition(".")[0],
        "name": project.slug,
        "plan": "pro",
        "private": False,
        "target": "production",
        "teamId": TEAM,
        "type": "LAMBDAS",
        "url": _url(project, build),
        "userId": _creator(build)["uid"],
        "meta": _meta(project, build),
    }


def _alias_request(move: Move, now: float) -> dict[str, Any]:
    status = "pending" if now < move.asked_at + 0.7 else "in-progress" if now < move.done_at else "succeeded"
    return {
        "fromDeploymentId": deployment_id(move.source),
        "toDeploymentId": deployment_id(move.target),
        "jobStatus": status,
        "requestedAt": ms(move.asked_at),
        "type": move.kind,
    }


def project_body(world: World, project: Project) -> dict[str, Any]:
    now = world.now()
    serving, moves = world.serving(project, now), world.moves_of(project.index)
    return {
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
        "rollingRelease": None,
    }
