"""Sentry's objects, complete as its document demands. Source: the official OpenAPI document, 0.272.0."""

from typing import Any

from watchkeeper.sandbox.builds import Build, release_name
from watchkeeper.sandbox.company import ORGANIZATION, Project
from watchkeeper.sandbox.issues import Issue, count_new
from watchkeeper.sandbox.times import iso
from watchkeeper.sandbox.world import World

ENVIRONMENT = "production"
_SEEN = ("count", "userCount", "firstSeen", "lastSeen")
_FLAGS = (
    "isMember", "hasAccess", "hasSessions", "firstTransactionEvent", "hasReplays", "hasInsightsHttp", "hasInsightsDb",
)  # fmt: skip
_ABSENT = (
    "isBookmarked", "hasFeedbacks", "hasFlags", "hasMinifiedStackTrace", "hasMonitors", "hasNewFeedbacks",
    "hasProfiles",
    "hasInsightsAssets", "hasInsightsAppStart", "hasInsightsScreenLoad", "hasInsightsVitals", "hasInsightsCaches",
    "hasInsightsQueues", "hasInsightsAgentMonitoring", "hasInsightsMCP", "hasLogs", "hasTraceMetrics", "hasUserReports",
)  # fmt: skip
_TEAM = {"id": "4507", "name": "Web", "slug": "web"}


def project_body(world: World, project: Project) -> dict[str, Any]:
    release = world.serving(project, world.now())
    return {
        **dict.fromkeys(_FLAGS, True),
        **dict.fromkeys(_ABSENT, False),
        "id": str(project.sentry_id),
        "slug": project.sentry_slug,
        "name": project.name,
        "platform": "javascript-nextjs",
        "platforms": ["javascript"],
        "dateCreated": "2025-01-15T09:00:00.000Z",
        "firstEvent": "2025-01-15T10:12:00.000Z",
        "features": ["releases"],
        "access": ["project:read", "event:read"],
        "team": _TEAM,
        "teams": [_TEAM],
        "environments": [ENVIRONMENT],
        "latestRelease": {"version": release_name(project, release)} if release else None,
    }


def issue_body(
    issue: Issue, base_url: str, collapse: frozenset[str], asked: tuple[float, float] | None = None
) -> dict[str, Any]:
    """Return an issue without what the caller asked to collapse.

    Where a range of time was asked for, what stands at the top is of the range, and the life under `lifetime` alone.
    Who collapses `stats` gets no counts and no dates at all, neither at the top nor of its life.

    Source: getsentry/sentry, `src/sentry/api/serializers/models/group.py` (`_get_seen_stats`) and `group_stream.py`
    (`serialize`).
    """
    lifetime = {
        "count": str(issue.count),
        "userCount": issue.users,
        "firstSeen": iso(issue.first_seen),
        "lastSeen": iso(issue.last_seen),
        "stats": {},
    }
    body = {
        **_issue_head(issue, base_url),
        **_issue_rest(issue),
        **(_within(issue, *asked) if asked else {key: lifetime[key] for key in _SEEN}),
        "lifetime": lifetime,
        "filtered": lifetime,
        "stats": {"24h": [[int(issue.last_seen) // 3600 * 3600, max(issue.count // 24, 1)]]},
        "isUnhandled": issue.is_unhandled,
    }
    gone = {
        "stats": ("stats", "lifetime", "filtered", *_SEEN),
        "lifetime": ("lifetime",),
        "filtered": ("filtered",),
        "unhandled": ("isUnhandled",),
    }
    for part in collapse:
        for key in gone.get(part, ()):
            body.pop(key, None)
    return body


def _within(issue: Issue, start: float, end: float) -> dict[str, Any]:
    """Return what an issue had in a range, as if its events lay evenly over its life; one at least."""
    first, last = max(issue.first_seen, start), min(issue.last_seen, end)
    share = min(1.0, (last - first + 1) / (issue.last_seen - issue.first_seen + 1))
    return {
        "count": str(max(1, round(issue.count * share))),
        "userCount": max(1, round(issue.users * share)),
        "firstSeen": iso(first),
        "lastSeen": iso(last),
    }


def issue_detail(issue: Issue, base_url: str) -> dict[str, Any]:
    """Return an issue as `GET /issues/{id}/` shows it, with what became of it, newest first."""
    activity: list[dict[str, Any]] = [
        {"id": f"{issue.id}{place}", "type": kind, "dateCreated": iso(at), "data": {}, "user": None}
        for place, (kind, at) in enumerate(issue.steps)
    ]
    body = issue_body(issue, base_url, frozenset())
    more: dict[str, Any] = {"seenBy": [], "participants": [], "userReportCount": 0, "owners": [body["owners"]]}
    return {**body, **more, "activity": activity[::-1]}


def _issue_head(issue: Issue, base_url: str) -> dict[str, Any]:
    project = issue.project
    return {
        "id": str(issue.id),
        "shareId": None,
        "shortId": issue.short_id,
        "title": issue.title or "<unlabeled event>",
        "culprit": issue.culprit,
        "permalink": f"{base_url}/organizations/{ORGANIZATION}/issues/{issue.id}/",
        "level": issue.level,
        "status": issue.status,
        "substatus": issue.substatus,
        "statusDetails": {},
        "priority": "high" if issue.level in {"fatal", "error"} else "low",
        "project": {
            "id": str(project.sentry_id),
            "name": project.name,
            "slug": project.sentry_slug,
            "platform": "javascript-nextjs",
        },
        "metadata": {
            "title": issue.title,
            "value": issue.title,
            "type": "Error",
            "filename": issue.culprit.split(" ")[0],
        },
    }


def _issue_rest(issue: Issue) -> dict[str, Any]:
    first = iso(issue.first_seen)
    return {
        "logger": None, "isPublic": False, "platform": "javascript", "priorityLockedAt": None,
        "seerFixabilityScore": None,
        "seerAutofixLastTriggered": None, "seerExplorerAutofixLastTriggered": None, "type": "error",
        "issueType": "error",
        "issueCategory": "error", "numComments": 0, "assignedTo": None, "isBookmarked": False, "isSubscribed": False,
        "subscriptionDetails": None, "hasSeen": False, "annotations": [], "sessionCount": issue.count,
        "inbox": {"reason": 0, "reason_details": None, "date_added": first},
        "owners": {"type": "ownershipRule", "owner": "team:4507", "date_added": first}, "integrationIssues": [],
        "sentryAppIssues": [], "latestEventHasAttachments": False, "matchingEventId": None,
        "matchingEventEnvironment": None,
        "derivedData": {
            "blocker": "none", "progress": "none", "status": "open", "viewCount": 3, "hasOpenFixPr": False,
            "isAssigned": False, "hasRootCause": False, "lastCompletedAutofixStep": "none", "lastProgressedAt": None,
        },
    }  # fmt: skip


def release_body(world: World, project: Project, build: Build) -> dict[str, Any]:
    version = release_name(project, build)
    new, created = count_new(world, project, build), iso(build.pushed_at + 60)
    live = build.is_release and build.ready_at <= world.now() and world.has_served(project, build)
    return {
        "id": release_id(build),
        "version": version,
        "shortVersion": version[:12] if project.release_form == "sha" else version,
        "status": "open",
        "versionInfo": _version_info(project, build),
        "ref": build.sha,
        "url": None,
        "dateReleased": iso(build.ready_at) if live else None,
        "dateCreated": created,
        "dateStarted": None,
        "data": {},
        "newGroups": new,
        "owner": None,
        "commitCount": 1,
        "lastCommit": {"id": build.sha, "message": build.title},
        "deployCount": int(live),
        "lastDeploy": deploy_body(build) if live else None,
        "authors": [{"name": build.author[0], "email": build.author[2]}],
        "firstEvent": iso(build.ready_at + 10) if live else None,
        "lastEvent": iso(world.now() - 30) if live else None,
        "currentProjectMeta": {},
        "userAgent": None,
        "projects": [_release_project(project, new)],
    }


def release_id(build: Build) -> int:
    return (build.project + 1) * 10_000_000 + build.serial


def _release_project(project: Project, new: int) -> dict[str, Any]:
    return {
        "id": project.sentry_id,
        "slug": project.sentry_slug,
        "name": project.name,
        "newGroups": new,
        "platform": "javascript-nextjs",
        "platforms": ["javascript"],
        "hasHealthData": project.sessions_per_hour > 0,
    }


def _version_info(project: Project, build: Build) -> dict[str, Any] | None:
    if project.release_form != "package":
        return {
            "package": None,
            "version": {"raw": release_name(project, build)},
            "description": build.sha[:12],
            "buildHash": build.sha,
        }
    package, _, rest = release_name(project, build).partition("@")
    raw, _, code = rest.partition("+")
    return {"package": package, "version": {"raw": rest, "buildCode": code}, "description": raw, "buildHash": code}


def deploy_body(build: Build) -> dict[str, Any]:
    return {
        "id": str(release_id(build) + 7),
        "environment": ENVIRONMENT,
        "dateStarted": iso(build.pushed_at + 5),
        "dateFinished": iso(build.ready_at),
        "name": build.sha[:7],
        "url": None,
    }


def written_deploy(build: Build, place: int, asked: dict[str, Any], now: float) -> dict[str, Any]:
    """Return a deploy that somebody writes down; `place`: how many were written down for the release before."""
    return {
        "id": str(release_id(build) + 100 + place),
        "environment": str(asked["environment"]),
        "dateStarted": asked.get("dateStarted"),
        "dateFinished": asked.get("dateFinished") or iso(now),
        "name": asked.get("name"),
        "url": asked.get("url"),
    }
