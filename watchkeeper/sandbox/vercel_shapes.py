"""Vercel's objects, complete as its document demands. Source: the official OpenAPI document, 2025-10-27."""

from typing import Any

from watchkeeper.sandbox.builds import DEPLOYMENT, Build
from watchkeeper.sandbox.chance import digits, seal, unseal
from watchkeeper.sandbox.company import Project
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
    build = world.find(*opened[1:4])
    return None if build is None or is_deleted(world, build) else build


def is_deleted(world: World, build: Build) -> bool:
    slug = world.projects[build.project].slug
    return world.switches.get("deleted", slug, deployment_id(build)) is not None


def deployment_url(project: Project, build: Build) -> str:
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
    elsewhere = world.serving(project, now) != build or world.rolling(project, now) is not None
    return recent and elsewhere and world.has_served(project, build) and not is_deleted(world, build)


def plan_of(world: World, project: Project) -> str:
    return "hobby" if world.switches.get("hobby", project.slug) else "pro"


def is_previous(world: World, project: Project, build: Build) -> bool:
    """True for what production served right before what it serves now."""
    now = world.now()
    serving = world.serving(project, now)
    served = (b for b in world.builds(project) if b != serving and world.has_served(project, b))
    return build == next(served, None)


def crons_of(world: World, project: Project, build: Build) -> list[dict[str, str]]:
    """Return the cron jobs that a deployment brings along."""
    crons = [{"path": "/api/cron/cleanup", "schedule": "0 3 * * *"}]
    changed = world.switches.get("cron-changed", project.slug)
    if changed is not None and (since := world.serving(project, changed.at)) and build.pushed_at >= since.pushed_at:
        crons.append({"path": "/api/cron/charge-again", "schedule": "*/10 * * * *"})
    return crons


def creator_of(build: Build) -> dict[str, Any]:
    name, login, email = build.author
    return {"uid": digits(24, name), "email": email, "username": login, "githubLogin": login}


def meta_of(project: Project, build: Build) -> dict[str, str]:
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


def progress_of(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return state and times, as far as they are known by now."""
    state = state_of(build, world.now())
    body: dict[str, Any] = {"readyState": state, "createdAt": created_ms(build)}
    if state != "QUEUED":
        body["buildingAt"] = ms(build.building_at)
    if state == "READY":
        body["ready"] = ms(build.ready_at)
        if build.is_main:
            body["readySubstate"] = _substate(world, project, build)
        body["aliasAssigned"] = ms(build.ready_at + 1)
    if state == "ERROR":
        body |= {
            "errorCode": "BUILD_FAILED",
            "errorMessage": 'Command "npm run build" exited with 1',
        }
    body.setdefault("aliasAssigned", False)
    return body


def _substate(world: World, project: Project, build: Build) -> str:
    rolling = world.rolling(project, world.now())
    if rolling is not None and rolling.canary == build:
        return "ROLLING"
    return "PROMOTED" if world.has_served(project, build) else "STAGED"


def list_body(world: World, project: Project, build: Build, base_url: str) -> dict[str, Any]:
    """Return a deployment as `GET /v6/deployments` shows it."""
    progress = progress_of(world, project, build)
    return {
        **progress,
        "uid": deployment_id(build),
        "name": project.slug,
        "projectId": project.vercel_id,
        "url": deployment_url(project, build),
        "created": progress["createdAt"],
        "source": "git",
        "state": progress["readyState"],
        "type": "LAMBDAS",
        "creator": creator_of(build),
        "inspectorUrl": f"{base_url}/acme/{project.slug}/{deployment_id(build)[4:]}",
        "meta": meta_of(project, build),
        "target": target_of(build),
        "aliasError": None,
        "isRollbackCandidate": is_candidate(world, project, build),
    }


def deployment_body(world: World, project: Project, build: Build, base_url: str) -> dict[str, Any]:
    """Return a deployment as `GET /v13/deployments/{id}` shows it."""
    progress = progress_of(world, project, build)
    progress["aliasAssigned"] = bool(progress["aliasAssigned"])
    return {
        "bootedAt": ms(build.building_at - 1),
        "buildingAt": ms(build.building_at),
        **progress,
        "id": deployment_id(build),
        "name": project.slug,
        "projectId": project.vercel_id,
        "project": {"id": project.vercel_id, "name": project.slug, "framework": "nextjs"},
        "url": deployment_url(project, build),
        "status": progress["readyState"],
        "type": "LAMBDAS",
        "source": "git",
        "creator": creator_of(build),
        "inspectorUrl": f"{base_url}/acme/{project.slug}/{deployment_id(build)[4:]}",
        "meta": meta_of(project, build),
        "target": target_of(build),
        "alias": [f"{project.slug}.acme.example"] if world.serving(project, world.now()) == build else [],
        "aliasError": None,
        "public": False,
        "buildSkipped": False,
        "regions": ["fra1"],
        "version": 2,
        "ownerId": TEAM,
        "plan": plan_of(world, project),
        "crons": crons_of(world, project, build),
        "createdIn": "fra1",
        "build": {"env": []},
        "env": [],
        "isInConcurrentBuildsQueue": False,
        "isInSystemBuildsQueue": False,
        "projectSettings": {"framework": "nextjs", "nodeVersion": "22.x"},
        "routes": None,
        "gitSource": {"type": "github", "org": "acme", "repo": project.slug, "ref": build.branch, "sha": build.sha},
    }
