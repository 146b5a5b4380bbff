"""GitHub's git objects, complete as its document demands. Source: GitHub's OpenAPI description, 2022-11-28."""

from typing import Any, NamedTuple
from urllib.parse import quote

from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.git_store import FILE_MODE, Commit, Files, Person, Repository, children, tree_id
from watchkeeper.sandbox.github_shapes import API, WEB
from watchkeeper.sandbox.times import iso_seconds


def reference(repository: str, branch: str, sha: str) -> dict[str, Any]:
    api = f"{API}/repos/{repository}/git"
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": f"REF_{digits(16, repository, branch)}",
        "url": f"{api}/refs/heads/{quote(branch)}",
        "object": {"sha": sha, "type": "commit", "url": f"{api}/commits/{sha}"},
    }


def blob(repository: str, sha: str) -> dict[str, Any]:
    return {"sha": sha, "url": f"{API}/repos/{repository}/git/blobs/{sha}"}


def tree(repository: Repository, sha: str) -> dict[str, Any]:
    """Return the topmost folder of a tree."""
    api = f"{API}/repos/{repository.name}/git"
    entries = [
        {"path": name, "mode": "040000", "type": "tree", "sha": (folder := tree_id(inner)),
         "url": f"{api}/trees/{folder}"}
        if isinstance(inner, dict)
        else {"path": name, "mode": FILE_MODE, "type": "blob", "sha": inner, "size": len(repository.blobs[inner]),
              "url": f"{api}/blobs/{inner}"}
        for name, inner in sorted(children(repository.trees[sha]).items())
    ]  # fmt: skip
    return {"sha": sha, "url": f"{api}/trees/{sha}", "tree": entries, "truncated": False}


def commit(repository: str, made: Commit, sha: str = "") -> dict[str, Any]:
    """Return a commit; `sha` is its id when it is not one that was written here."""
    sha, api, web = sha or made.sha, f"{API}/repos/{repository}/git", f"{WEB}/{repository}/commit"
    return {
        "sha": sha,
        "node_id": f"C_{digits(16, sha)}",
        "url": f"{api}/commits/{sha}",
        "html_url": f"{web}/{sha}",
        "author": _person(made.author),
        "committer": _person(made.committer),
        "message": made.message,
        "tree": {"sha": made.tree, "url": f"{api}/trees/{made.tree}"},
        "parents": [
            {"sha": parent, "url": f"{api}/commits/{parent}", "html_url": f"{web}/{parent}"} for parent in made.parents
        ],
        "verification": {
            "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None,
        },
    }  # fmt: skip


def _person(person: Person) -> dict[str, Any]:
    return {"name": person.name, "email": person.email, "date": iso_seconds(person.at)}


class Place(NamedTuple):
    """Where a file or folder stands, and its id."""

    repository: str
    ref: str
    path: str
    sha: str


def entry(place: Place, size: int, kind: str = "file") -> dict[str, Any]:
    """Return what stands at a place, without its content; `kind`: file or dir."""
    repository, ref, path, sha = place
    api, web = f"{API}/repos/{repository}", f"{WEB}/{repository}"
    url, page = f"{api}/contents/{quote(path)}?ref={quote(ref)}", f"{web}/blob/{quote(ref)}/{quote(path)}"
    git = f"{api}/git/{'trees' if kind == 'dir' else 'blobs'}/{sha}"
    return {
        "type": kind, "name": path.rpartition("/")[2], "path": path, "sha": sha, "size": size, "url": url,
        "html_url": page, "git_url": git, "download_url": None if kind == "dir" else page.replace("/blob/", "/raw/"),
        "_links": {"self": url, "git": git, "html": page},
    }  # fmt: skip


def encoded(content: str | None) -> dict[str, str]:
    """Return the content of a file in base64; None for one that is too large to be given here."""
    return {"content": "", "encoding": "none"} if content is None else {"content": content, "encoding": "base64"}


def folder(repository: Repository, ref: str, path: str, inside: Files) -> list[dict[str, Any]]:
    """Return what stands in a folder; `inside` are its files by their path from there."""
    start = f"{path}/" if path else ""
    return [
        entry(Place(repository.name, ref, start + name, tree_id(inner)), 0, "dir")
        if isinstance(inner, dict)
        else entry(Place(repository.name, ref, start + name, inner), len(repository.blobs[inner]))
        for name, inner in sorted(children(inside).items())
    ]
