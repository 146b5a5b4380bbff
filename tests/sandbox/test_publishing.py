"""Files are published to GitHub in one commit, and what does not fit is refused as GitHub refuses it."""

from base64 import b64decode, b64encode
from typing import Any

import pytest

from tests.sandbox.visitor import Visitor
from watchkeeper.sandbox.git_store import Repository, object_id

REPORTS, SHOP = "/github/repos/acme/reports", "/github/repos/acme/shop"
NOWHERE = "0" * 40
GIT_TREE = "5b5f21c1980a087a914c9f92f671b4a502ae496b"


async def _ask(visitor: Visitor, method: str, path: str, **body: object) -> tuple[int, Any]:
    answer = await visitor.ask(method, path, **({"json": body} if body else {}))
    return answer.status_code, answer.json()


async def _commit(visitor: Visitor, files: dict[str, str | None], parent: str, base: str = "") -> str:
    """Write a commit with these files on top of `parent` and return its id."""
    entries = [
        {"path": path, "mode": "100644", "type": "blob", **({"sha": None} if text is None else {"content": text})}
        for path, text in files.items()
    ]
    status, tree = await _ask(visitor, "POST", f"{REPORTS}/git/trees", tree=entries, base_tree=base or parent)
    assert status == 201, tree
    commit = {"message": "Publish", "tree": tree["sha"], "parents": [parent]}
    status, made = await _ask(visitor, "POST", f"{REPORTS}/git/commits", **commit)
    assert status == 201, made
    return str(made["sha"])


async def _main(visitor: Visitor, repository: str = REPORTS) -> str:
    return str((await visitor.get(f"{repository}/git/ref/heads/main"))["object"]["sha"])


@pytest.fixture
async def pages(visitor: Visitor) -> str:
    """The newest commit of a branch for pages, with one page."""
    sha = await _commit(visitor, {"index.html": "<h1>Reports</h1>", "2026/day.html": "<p>Day"}, await _main(visitor))
    status, _ = await _ask(visitor, "POST", f"{REPORTS}/git/refs", ref="refs/heads/gh-pages", sha=sha)
    assert status == 201
    return sha


async def test_what_was_published_can_be_read_and_opened(visitor: Visitor, pages: str) -> None:
    reference = await visitor.get(f"{REPORTS}/git/ref/heads/gh-pages")
    assert reference["object"]["sha"] == pages
    found = await visitor.get(f"{REPORTS}/contents/2026/day.html", ref="gh-pages")
    assert (b64decode(found["content"]), found["encoding"], found["size"]) == (b"<p>Day", "base64", 6)
    page = await visitor.http.get("/sandbox/pages/gh-pages/")
    assert (page.text, page.headers["content-type"]) == ("<h1>Reports</h1>", "text/html; charset=utf-8")
    assert "sandbox" in page.headers["content-security-policy"]
    state = await visitor.get("/sandbox/state")
    assert state["branches"]["acme/reports"]["gh-pages"] == ["2026/day.html", "README.md", "index.html"]


async def test_other_files_stay_and_one_can_go(visitor: Visitor, pages: str) -> None:
    sha = await _commit(visitor, {"2026/week.html": "<p>Week", "README.md": None}, pages)
    status, _ = await _ask(visitor, "PATCH", f"{REPORTS}/git/refs/heads/gh-pages", sha=sha)
    assert status == 200
    listed = await visitor.get(f"{REPORTS}/contents/", ref="gh-pages")
    assert [(entry["name"], entry["type"]) for entry in listed] == [("2026", "dir"), ("index.html", "file")]
    folder = await visitor.get(f"{REPORTS}/contents/2026", ref="gh-pages")
    assert [entry["path"] for entry in folder] == ["2026/day.html", "2026/week.html"]


async def test_a_lost_race_is_refused_and_can_be_won_by_force(visitor: Visitor, pages: str) -> None:
    first, second = [await _commit(visitor, {"index.html": text}, pages) for text in ("one", "two")]
    path = f"{REPORTS}/git/refs/heads/gh-pages"
    assert (await _ask(visitor, "PATCH", path, sha=first))[0] == 200
    status, refusal = await _ask(visitor, "PATCH", path, sha=second)
    assert (status, refusal["message"]) == (422, "Update is not a fast forward")
    assert (await _ask(visitor, "PATCH", path, sha=second, force=True))[0] == 200


@pytest.mark.parametrize(
    ("call", "body", "refusal"),
    [
        ("GET git/ref/heads/none", {}, (404, "Not Found")),
        ("GET contents/none.html", {}, (404, "Not Found")),
        ("GET contents/README.md?ref=none", {}, (404, "No commit found for the ref none")),
        ("POST git/refs", {"ref": "refs/heads/main", "sha": NOWHERE}, (422, "Reference already exists")),
        ("POST git/refs", {"ref": "refs/heads/new", "sha": NOWHERE}, (422, "Object does not exist")),
        ("POST git/refs", {"ref": "new", "sha": NOWHERE}, (422, "must start with 'refs/'")),
        ("PATCH git/refs/heads/none", {"sha": NOWHERE}, (422, "Reference does not exist")),
        ("PATCH git/refs/heads/main", {"sha": NOWHERE}, (422, "Object does not exist")),
        ("POST git/blobs", {"content": "%", "encoding": "base64"}, (422, "Base64")),
        ("POST git/blobs", {"encoding": "base64"}, (422, "wasn't supplied")),
        ("POST git/trees", {"tree": [], "base_tree": NOWHERE}, (422, "base_tree is not a valid tree oid")),
        ("POST git/trees", {"tree": [{"path": "a", "sha": NOWHERE}]}, (422, "not a valid blob")),
        ("POST git/trees", {"tree": [{"path": "../a", "content": ""}]}, (422, "malformed path")),
        ("POST git/trees", {"tree": [{"path": "a", "sha": None}]}, (422, "BadObjectState")),
        ("POST git/commits", {"message": "x", "tree": NOWHERE}, (422, "Tree SHA does not exist")),
        ("POST git/commits", {"tree": NOWHERE}, (422, "wasn't supplied")),
    ],
)
async def test_what_does_not_fit_is_refused(
    call: str, body: dict[str, object], refusal: tuple[int, str], visitor: Visitor
) -> None:
    method, path = call.split()
    status, said = await _ask(visitor, method, f"{REPORTS}/{path}", **body)
    assert status == refusal[0]
    assert refusal[1] in said["message"]


async def test_a_parent_must_be_there(visitor: Visitor) -> None:
    _, tree = await _ask(visitor, "POST", f"{REPORTS}/git/trees", tree=[{"path": "a", "content": "a"}])
    commit = {"message": "x", "tree": tree["sha"], "parents": [NOWHERE]}
    status, refusal = await _ask(visitor, "POST", f"{REPORTS}/git/commits", **commit)
    assert (status, refusal["message"]) == (422, "Parent SHA does not exist or is not a commit object")


async def test_a_repository_without_a_commit_says_so(visitor: Visitor) -> None:
    for path in ("git/ref/heads/main", "contents/a"):
        status, refusal = await _ask(visitor, "GET", f"/github/repos/acme/empty/{path}")
        assert (status, refusal["message"]) == (409, "Git Repository is empty.")


async def test_a_product_takes_a_branch_of_pages_but_guards_its_main_branch(visitor: Visitor) -> None:
    head = await _main(visitor, SHOP)
    entries = [{"path": "docs/index.html", "mode": "100644", "type": "blob", "content": "<h1>Shop"}]
    _, tree = await _ask(visitor, "POST", f"{SHOP}/git/trees", tree=entries, base_tree=head)
    assert [entry["path"] for entry in tree["tree"]] == ["README.md", "docs"]
    commit = {"message": "x", "tree": tree["sha"], "parents": [head]}
    _, made = await _ask(visitor, "POST", f"{SHOP}/git/commits", **commit)
    assert (await _ask(visitor, "POST", f"{SHOP}/git/refs", ref="refs/heads/pages", sha=made["sha"]))[0] == 201
    status, refusal = await _ask(visitor, "PATCH", f"{SHOP}/git/refs/heads/main", sha=made["sha"])
    assert (status, "Protected branch" in refusal["message"]) == (422, True)
    assert (await visitor.http.get("/sandbox/pages/pages/docs/")).text == "<h1>Shop"
    assert (await visitor.http.get("/sandbox/pages/pages/none")).status_code == 404


async def test_a_file_of_many_bytes_is_named_without_its_content(visitor: Visitor, pages: str) -> None:
    content = b64encode(b"x" * 1_200_000).decode()
    _, blob = await _ask(visitor, "POST", f"{REPORTS}/git/blobs", content=content, encoding="base64")
    entry = {"path": "big.html", "mode": "100644", "type": "blob", "sha": blob["sha"]}
    _, tree = await _ask(visitor, "POST", f"{REPORTS}/git/trees", tree=[entry], base_tree=pages)
    commit = {"message": "Big", "tree": tree["sha"], "parents": [pages]}
    _, made = await _ask(visitor, "POST", f"{REPORTS}/git/commits", **commit)
    found = await visitor.get(f"{REPORTS}/contents/big.html", ref=made["sha"])
    assert (found["size"], found["content"], found["encoding"]) == (1_200_000, "", "none")


def test_ids_are_those_of_git() -> None:
    repository = Repository("acme/reports")
    assert object_id("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert repository.add_tree({}) == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    # git: printf hello > a/b.txt; printf hello > a.txt; git add .; git write-tree
    hello = repository.add_blob(b"hello")
    assert hello == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"
    assert repository.add_tree({"a/b.txt": hello, "a.txt": hello}) == GIT_TREE


async def test_commits_are_found_by_branch_and_time(visitor: Visitor) -> None:
    span = {"since": "2026-03-01T00:00:00Z", "until": "2026-03-08T00:00:00Z"}
    commits = await visitor.get(f"{SHOP}/commits", per_page=100, **span)
    made = [commit["commit"]["committer"]["date"] for commit in commits]
    assert made
    assert all("2026-03-01" <= date < "2026-03-08" for date in made)
    assert all(c["commit"]["author"]["date"] < c["commit"]["committer"]["date"] for c in commits)
    branch = await visitor.get(f"{SHOP}/commits", sha="feat/search", per_page=100)
    assert branch
    assert not {c["sha"] for c in branch} & {c["sha"] for c in await visitor.get(f"{SHOP}/commits", per_page=100)}
    older = await visitor.get(f"{SHOP}/commits", sha=commits[0]["sha"], per_page=1)
    assert older[0]["sha"] == commits[0]["sha"]
    assert (await visitor.ask("GET", f"{SHOP}/commits", params={"sha": "nothing"})).status_code == 404
