"""GitHub's objects, complete as its document demands. Source: GitHub's OpenAPI description, 2022-11-28."""

from typing import Any

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import digits, noise
from watchkeeper.sandbox.company import ORGANIZATION, PEOPLE, Project
from watchkeeper.sandbox.github_history import is_marked
from watchkeeper.sandbox.times import iso_seconds
from watchkeeper.sandbox.world import World

API, WEB = "https://api.github.com", "https://github.com"
_FILES = (
    "app/basket/total.ts", "app/checkout/charge.ts", "app/orders/route.ts", "lib/db/pool.ts", "package.json",
    "app/account/address.ts", "components/Price.tsx", "tests/basket.spec.ts", "vercel.json", "next.config.ts",
)  # fmt: skip
_REPOSITORY_URLS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors",
    "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks", "issue_comment",
    "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones", "notifications", "pulls",
    "releases",
    "stargazers", "statuses", "subscribers", "subscription", "tags", "teams", "trees",
)  # fmt: skip
_USER_URLS = (
    "followers", "following", "gists", "starred", "subscriptions", "organizations", "repos", "events",
    "received_events",
)  # fmt: skip
_REACTIONS = ("+1", "-1", "laugh", "confused", "heart", "hooray", "eyes", "rocket")


def user(login: str) -> dict[str, Any]:
    place = next((number for number, person in enumerate(PEOPLE) if person[1] == login), len(PEOPLE))
    return {
        "login": login,
        "id": 7_000_001 + place,
        "node_id": f"U_{digits(12, login)}",
        "avatar_url": f"https://avatars.acme.example/{login}.png",
        "gravatar_id": "",
        "url": f"{API}/users/{login}",
        "html_url": f"{WEB}/{login}",
        **{f"{name}_url": f"{API}/users/{login}/{name}" for name in _USER_URLS},
        "type": "User",
        "site_admin": False,
    }


def repository(project: Project) -> dict[str, Any]:
    name, api = project.repository, f"{API}/repos/{project.repository}"
    counts = (
        "forks",
        "forks_count",
        "stargazers_count",
        "watchers",
        "watchers_count",
        "size",
        "open_issues",
        "open_issues_count",
    )
    yes_no = {"has_issues": True, "has_projects": False, "has_wiki": False, "has_pages": False, "has_downloads": False}
    return {
        "id": 9_000_000 + project.index,
        "node_id": f"R_{digits(12, name)}",
        "name": project.slug,
        "full_name": name,
        "owner": {**user(ORGANIZATION), "type": "Organization"},
        "private": True,
        "html_url": f"{WEB}/{name}",
        "description": project.name,
        "fork": False,
        "url": api,
        **{f"{key}_url": f"{api}/{key}" for key in _REPOSITORY_URLS},
        "git_url": f"git://github.com/{name}.git",
        "ssh_url": f"git@github.com:{name}.git",
        "clone_url": f"{WEB}/{name}.git",
        "svn_url": f"{WEB}/{name}",
        "mirror_url": None,
        "homepage": None,
        "language": "TypeScript",
        **dict.fromkeys(counts, 0),
        "default_branch": "main",
        **yes_no,
        "archived": False,
        "disabled": False,
        "visibility": "private",
        "pushed_at": "2026-01-01T00:00:00Z",
        "created_at": "2025-01-15T09:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "license": None,
        "permissions": {"admin": False, "push": True, "pull": True},
    }


def message(build: Build) -> str:
    return f"{build.title} (#{build.serial})"


def commit(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return a commit of the main branch, with the one before it as its parent."""
    sha, (name, login, email) = build.sha, build.author
    api, web = f"{API}/repos/{project.repository}", f"{WEB}/{project.repository}"
    author = {"name": name, "email": email, "date": iso_seconds(build.authored_at)}
    before = next((b for b in world.builds(project, build.pushed_at - 1) if b.is_main), None)
    parents = [
        {"sha": b.sha, "url": f"{api}/commits/{b.sha}", "html_url": f"{web}/commit/{b.sha}"} for b in (before,) if b
    ]
    return {
        "sha": sha,
        "node_id": f"C_{digits(16, sha)}",
        "url": f"{api}/commits/{sha}",
        "html_url": f"{web}/commit/{sha}",
        "comments_url": f"{api}/commits/{sha}/comments",
        "commit": {
            "url": f"{api}/git/commits/{sha}",
            "author": author,
            "committer": {**author, "date": iso_seconds(build.committed_at)},
            "message": message(build),
            "comment_count": 0,
            "tree": {"sha": digits(40, sha, "tree"), "url": f"{api}/git/trees/{digits(40, sha, 'tree')}"},
            "verification": {
                "verified": True, "reason": "valid", "payload": None, "signature": None,
                "verified_at": iso_seconds(build.pushed_at),
            },
        },
        "author": user(login),
        "committer": user(login),
        "parents": parents,
    }  # fmt: skip


def files_of(project: Project, build: Build) -> list[dict[str, Any]]:
    """Return what a commit changed: two files, now and then a database migration as well."""
    first = int(noise(build.sha, "files") * len(_FILES))
    names = [_FILES[1] if build.is_bad else _FILES[first], _FILES[(first + 3) % len(_FILES)]]
    if not build.is_bad and noise(build.sha, "migration") < 0.1:
        names.append(f"migrations/{build.serial}_vouchers.sql")
    return [_file(project, build, name) for name in dict.fromkeys(names)]


def _file(project: Project, build: Build, name: str) -> dict[str, Any]:
    added, deleted = 1 + int(noise(build.sha, name) * 40), int(noise(build.sha, name, "less") * 12)
    web, api = f"{WEB}/{project.repository}", f"{API}/repos/{project.repository}"
    return {
        "sha": digits(40, build.sha, name),
        "filename": name,
        "status": "added" if name.startswith("migrations/") else "modified",
        "additions": added,
        "deletions": deleted,
        "changes": added + deleted,
        "blob_url": f"{web}/blob/{build.sha}/{name}",
        "raw_url": f"{web}/raw/{build.sha}/{name}",
        "contents_url": f"{api}/contents/{name}?ref={build.sha}",
        "patch": "@@ -1 +1 @@",
    }


def comparison(
    world: World, project: Project, ends: tuple[Build, Build], ahead: list[Build], shown: slice
) -> dict[str, Any]:
    """Return how the head stands to the base; `ahead` are the commits only the head has, oldest first.

    Args:
        ends: base and head.
        shown: which of the commits the page has; the files are on the first page only.
    """
    base, head = ends
    web = f"{WEB}/{project.repository}/compare/{base.sha}...{head.sha}"
    behind = 0 if ahead or base == head else _distance(world, project, head, base)
    files = {file["filename"]: file for build in ahead for file in files_of(project, build)}
    if any(is_marked(world, project, build, "migration") for build in ahead):
        migration = _file(project, head, f"db/migrations/{head.serial}_charges.sql")
        files = {migration["filename"]: migration, **files}
    return {
        "url": f"{API}/repos/{project.repository}/compare/{base.sha}...{head.sha}",
        "html_url": web,
        "permalink_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "base_commit": commit(world, project, base),
        "merge_base_commit": commit(world, project, base if ahead else head),
        "status": "ahead" if ahead else "behind" if behind else "identical",
        "ahead_by": len(ahead),
        "behind_by": behind,
        "total_commits": len(ahead),
        "commits": [commit(world, project, build) for build in ahead[shown]],
        **({} if shown.start else {"files": list(files.values())[:300]}),
    }


def _distance(world: World, project: Project, older: Build, newer: Build) -> int:
    return sum(b.is_main and b.pushed_at > older.pushed_at for b in world.builds(project, newer.pushed_at))


def pull_request(world: World, project: Project, build: Build) -> dict[str, Any]:
    """Return the pull request of a push: merged when it is on the main branch, else open."""
    number, api = build.serial, f"{API}/repos/{project.repository}"
    web, at = f"{WEB}/{project.repository}/pull/{number}", iso_seconds(build.pushed_at)
    links = {
        name: {"href": f"{api}/pulls/{number}/{name}"}
        for name in ("comments", "commits", "statuses", "html", "issue", "review_comments", "review_comment", "self")
    }
    branch = f"change-{number}" if build.is_main else build.branch
    names = ["no-rollback"] if is_marked(world, project, build, "no-rollback-label") else []
    return {
        "url": f"{api}/pulls/{number}", "id": 8_000_000_000 + number, "node_id": f"PR_{digits(12, build.sha)}",
        "html_url": web,
        "diff_url": f"{web}.diff", "patch_url": f"{web}.patch", "issue_url": f"{api}/issues/{number}",
        "commits_url": f"{api}/pulls/{number}/commits", "review_comments_url": f"{api}/pulls/{number}/comments",
        "review_comment_url": f"{api}/pulls/comments/{{number}}", "comments_url": f"{api}/issues/{number}/comments",
        "statuses_url": f"{api}/statuses/{build.sha}", "number": number, "state": "closed" if build.is_main else "open",
        "locked": False, "title": build.title, "user": user(build.author[1]), "body": None,
        "labels": labels(project, names), "milestone": None,
        "created_at": iso_seconds(build.pushed_at - 7200), "updated_at": at, "closed_at": at if build.is_main else None,
        "merged_at": at if build.is_main else None, "merge_commit_sha": build.sha, "assignee": None, "assignees": [],
        "requested_reviewers": [], "requested_teams": [], "draft": False, "author_association": "MEMBER",
        "auto_merge": None,
        "head": _end(project, branch, build.sha), "base": _end(project, "main", build.sha), "_links": links,
    }  # fmt: skip


def _end(project: Project, branch: str, sha: str) -> dict[str, Any]:
    owner = user(ORGANIZATION)
    return {"label": f"{ORGANIZATION}:{branch}", "ref": branch, "sha": sha, "user": owner, "repo": repository(project)}


def issue(project: Project, number: int, asked: dict[str, Any], now: float) -> dict[str, Any]:
    """Return a new issue from what the caller said."""
    api, web = f"{API}/repos/{project.repository}", f"{WEB}/{project.repository}/issues/{number}"
    at = iso_seconds(now)
    return {
        "id": 6_000_000_000 + number, "node_id": f"I_{digits(12, project.slug, number)}",
        "url": f"{api}/issues/{number}",
        "repository_url": api, "labels_url": f"{api}/issues/{number}/labels{{/name}}",
        "comments_url": f"{api}/issues/{number}/comments", "events_url": f"{api}/issues/{number}/events",
        "html_url": web,
        "number": number, "state": "open", "state_reason": None, "title": str(asked.get("title", "")),
        "body": asked.get("body"), "user": user("watch"), "labels": labels(project, asked.get("labels", [])),
        "assignee": None, "assignees": [], "milestone": None, "locked": False, "active_lock_reason": None,
        "comments": 0,
        "closed_at": None, "created_at": at, "updated_at": at, "author_association": "MEMBER",
        "reactions": reactions(f"{api}/issues/{number}/reactions"),
    }  # fmt: skip


def labels(project: Project, names: list[Any]) -> list[dict[str, Any]]:
    api = f"{API}/repos/{project.repository}/labels"
    texts = [str(name.get("name", "")) if isinstance(name, dict) else str(name) for name in names]
    return [
        {"id": 5_000_000 + int(digits(5, text), 16), "node_id": f"LA_{digits(12, text)}", "url": f"{api}/{text}",
        "name": text,
         "description": None, "color": "d73a4a", "default": False}
        for text in texts
    ]  # fmt: skip


def comment(project: Project, number: int, identity: int, body: str, now: float) -> dict[str, Any]:
    api, at = f"{API}/repos/{project.repository}/issues", iso_seconds(now)
    return {
        "id": identity, "node_id": f"IC_{identity}", "url": f"{api}/comments/{identity}", "body": body,
        "user": user("watch"),
        "html_url": f"{WEB}/{project.repository}/issues/{number}#issuecomment-{identity}", "created_at": at,
        "updated_at": at,
        "issue_url": f"{api}/{number}", "author_association": "MEMBER",
        "reactions": reactions(f"{api}/comments/{identity}/reactions"),
    }  # fmt: skip


def status(project: Project, sha: str, number: int, asked: dict[str, Any], now: float) -> dict[str, Any]:
    """Return what was said of a commit; `number` counts what was said of it before."""
    at, creator = iso_seconds(now), user("watch")
    identity = int(digits(8, sha), 16) * 1000 + number
    return {
        "url": f"{API}/repos/{project.repository}/statuses/{sha}", "avatar_url": creator["avatar_url"], "id": identity,
        "node_id": f"SC_{identity}", "state": asked["state"], "description": asked.get("description"),
        "target_url": asked.get("target_url"), "context": str(asked.get("context") or "default"), "created_at": at,
        "updated_at": at, "creator": creator,
    }  # fmt: skip


def reactions(url: str) -> dict[str, Any]:
    return {"url": url, "total_count": 0, **dict.fromkeys(_REACTIONS, 0)}
