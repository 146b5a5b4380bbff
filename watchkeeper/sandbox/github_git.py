"""GitHub's git data: how files are published in one commit. Source: GitHub's OpenAPI description, 2022-11-28."""

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from watchkeeper.sandbox import github_git_shapes as shapes
from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import digits
from watchkeeper.sandbox.company import ORGANIZATION
from watchkeeper.sandbox.git_store import Commit, Files, Person, Repository
from watchkeeper.sandbox.github_errors import RefusedError, json_of
from watchkeeper.sandbox.manners import answer
from watchkeeper.sandbox.times import read_iso
from watchkeeper.sandbox.world import World

REPORTS, EMPTY = f"{ORGANIZATION}/reports", f"{ORGANIZATION}/empty"
MAIN = "main"
LARGEST_SHOWN = 1_000_000  # bytes of a file that `contents` gives
WATCH = ("The watch", "watch@acme.example")


class Repositories:
    """What was written to the repositories: those of the products, one for reports, and one that is still empty."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_name = {project.repository: Repository(project.repository) for project in world.projects}
        self.by_name |= {REPORTS: _with_readme(Repository(REPORTS), world.born * 86_400), EMPTY: Repository(EMPTY)}

    def file(self, branch: str, path: str) -> bytes | None:
        """Return a file of a branch, from the first repository that has both."""
        for repository in self.by_name.values():
            sha = (repository.files(branch) or {}).get(path)
            if sha is not None:
                return repository.blobs[sha]
        return None

    def branches(self) -> dict[str, dict[str, list[str]]]:
        """Return the paths of every branch that was written, by repository."""
        return {
            name: {branch: sorted(repository.files(branch) or ()) for branch in repository.branches}
            for name, repository in self.by_name.items()
            if repository.branches
        }

    def main_of(self, name: str) -> Build | None:
        """Return the newest commit of a product's main branch; None for the repositories that have no product."""
        project = self._world.company.by_name.get(name)
        return next((build for build in self._world.builds(project) if build.is_main), None) if project else None

    def pushed(self, name: str, sha: str) -> Build | None:
        """Return the push of a product whose commit or tree has this id."""
        project = self._world.company.by_name.get(name)
        builds = self._world.builds(project) if project and len(sha) == 40 else iter(())
        return next((build for build in builds if sha in {build.sha, pushed_tree(build)}), None)


def pushed_tree(build: Build) -> str:
    return digits(40, build.sha, "tree")


def _with_readme(repository: Repository, at: int) -> Repository:
    blob = repository.add_blob(b"# Reports\n")
    person = Person(*WATCH, at)
    commit = Commit(repository.add_tree({"README.md": blob}), (), "Begin", person, person)
    repository.branches[MAIN] = repository.add_commit(commit)
    return repository


class GitData:
    """The calls that read and write objects and branches."""

    def __init__(self, world: World, repositories: Repositories) -> None:
        self._world, self._repositories = world, repositories

    def routes(self) -> list[Route]:
        git = "/repos/{owner}/{repo}/git"
        return [
            Route(f"{git}/ref/heads/{{branch:path}}", self.branch),
            Route(f"{git}/refs", self.create_branch, methods=["POST"]),
            Route(f"{git}/refs/heads/{{branch:path}}", self.move_branch, methods=["PATCH"]),
            Route(f"{git}/blobs", self.create_blob, methods=["POST"]),
            Route(f"{git}/trees", self.create_tree, methods=["POST"]),
            Route(f"{git}/commits", self.create_commit, methods=["POST"]),
            Route(f"{git}/commits/{{sha}}", self.commit),
            Route("/repos/{owner}/{repo}/contents/{path:path}", self.contents),
        ]

    async def branch(self, request: Request) -> Response:
        repository, branch = self._repository(request), request.path_params["branch"]
        sha = self._head(repository, branch)
        if sha is None:
            raise RefusedError(404, "Not Found")
        return answer(shapes.reference(repository.name, branch, sha))

    async def create_branch(self, request: Request) -> Response:
        repository, asked = self._repository(request), await json_of(request)
        ref, sha = str(asked.get("ref", "")), str(asked.get("sha", ""))
        branch = ref.removeprefix("refs/heads/")
        if not ref.startswith("refs/heads/") or not branch:
            raise RefusedError(422, "Reference name must start with 'refs/' and have at least two slashes.")
        if self._head(repository, branch) is not None:
            raise RefusedError(422, "Reference already exists")
        self._demand_commit(repository, sha, "Object does not exist")
        repository.branches[branch] = sha
        return answer(shapes.reference(repository.name, branch, sha), 201)

    async def move_branch(self, request: Request) -> Response:
        repository, asked = self._repository(request), await json_of(request)
        branch, sha = request.path_params["branch"], str(asked.get("sha", ""))
        head = self._head(repository, branch)
        if head is None:
            raise RefusedError(422, "Reference does not exist")
        if branch not in repository.branches:
            raise RefusedError(422, f"Protected branch update failed for refs/heads/{branch}.")
        self._demand_commit(repository, sha, "Object does not exist")
        if asked.get("force") is not True and head not in repository.ancestors(sha):
            raise RefusedError(422, "Update is not a fast forward")
        repository.branches[branch] = sha
        return answer(shapes.reference(repository.name, branch, sha))

    async def create_blob(self, request: Request) -> Response:
        repository, asked = self._repository(request), await json_of(request)
        sha = repository.add_blob(_content(asked))
        return answer(shapes.blob(repository.name, sha), 201)

    async def create_tree(self, request: Request) -> Response:
        repository, asked = self._repository(request), await json_of(request)
        entries, base = asked.get("tree"), asked.get("base_tree")
        if not isinstance(entries, list):
            raise RefusedError(422, 'Invalid request.\n\n"tree" wasn\'t supplied.')
        files = dict(self._tree(repository, str(base))) if base else {}
        for entry in entries:
            _put(repository, files, entry if isinstance(entry, dict) else {})
        return answer(shapes.tree(repository, repository.add_tree(files)), 201)

    async def create_commit(self, request: Request) -> Response:
        repository, asked = self._repository(request), await json_of(request)
        tree, parents = str(asked.get("tree", "")), [str(parent) for parent in asked.get("parents", ())]
        if not isinstance(asked.get("message"), str):
            raise RefusedError(422, 'Invalid request.\n\n"message" wasn\'t supplied.')
        if tree not in repository.trees:
            raise RefusedError(422, "Tree SHA does not exist")
        for parent in parents:
            self._demand_commit(repository, parent, "Parent SHA does not exist or is not a commit object")
        author = self._person(asked.get("author"))
        committer = self._person(asked["committer"]) if "committer" in asked else author
        commit = Commit(tree, tuple(parents), asked["message"], author, committer)
        repository.add_commit(commit)
        return answer(shapes.commit(repository.name, commit), 201)

    async def commit(self, request: Request) -> Response:
        repository, sha = self._repository(request), request.path_params["sha"]
        if commit := repository.commits.get(sha):
            return answer(shapes.commit(repository.name, commit))
        if build := self._repositories.pushed(repository.name, sha):
            person = Person(build.author[0], build.author[2], build.committed_at)
            commit = Commit(pushed_tree(build), (), build.title, person, person)
            return answer(shapes.commit(repository.name, commit, build.sha))
        raise RefusedError(404, "Not Found")

    async def contents(self, request: Request) -> Response:
        repository, path = self._repository(request), request.path_params["path"].strip("/")
        ref = request.query_params.get("ref", MAIN).removeprefix("refs/heads/")
        files = self._files_at(repository, ref)
        if path in files:
            content = repository.blobs[files[path]]
            shown = b64encode(content).decode() if len(content) <= LARGEST_SHOWN else None
            return answer(
                shapes.entry(shapes.Place(repository.name, ref, path, files[path]), len(content))
                | shapes.encoded(shown)
            )
        inside = {name[len(path) + 1 if path else 0 :]: sha for name, sha in files.items() if _is_in(name, path)}
        if not inside:
            raise RefusedError(404, "Not Found")
        return answer(shapes.folder(repository, ref, path, inside))

    def _repository(self, request: Request) -> Repository:
        """Return the repository of a call; one without any commit says so to everything."""
        name = f"{request.path_params['owner']}/{request.path_params['repo']}"
        repository = self._repositories.by_name.get(name)
        if repository is None:
            raise RefusedError(404, "Not Found")
        if not repository.branches and self._repositories.main_of(name) is None:
            raise RefusedError(409, "Git Repository is empty.")
        return repository

    def _head(self, repository: Repository, branch: str) -> str | None:
        if branch in repository.branches:
            return repository.branches[branch]
        build = self._repositories.main_of(repository.name) if branch == MAIN else None
        return build.sha if build else None

    def _demand_commit(self, repository: Repository, sha: str, refusal: str) -> None:
        if sha not in repository.commits and self._repositories.pushed(repository.name, sha) is None:
            raise RefusedError(422, refusal)

    def _tree(self, repository: Repository, name: str) -> Files:
        """Return the files of a tree, or of a commit's tree."""
        tree = repository.commits[name].tree if name in repository.commits else name
        if tree in repository.trees:
            return repository.trees[tree]
        build = self._repositories.pushed(repository.name, name)
        if build is None:
            raise RefusedError(422, "base_tree is not a valid tree oid")
        return {"README.md": repository.add_blob(f"# {repository.name}\n".encode())}

    def _files_at(self, repository: Repository, ref: str) -> Files:
        sha = self._head(repository, ref) or ref
        if sha not in repository.commits and self._repositories.pushed(repository.name, sha) is None:
            raise RefusedError(404, f"No commit found for the ref {ref}")
        return self._tree(repository, sha)

    def _person(self, asked: object) -> Person:
        said = asked if isinstance(asked, dict) else {}
        try:
            at = read_iso(said["date"]) if said.get("date") else self._world.now()
        except ValueError as error:
            raise RefusedError(422, "Invalid request.\n\nNo subschema in date matched.") from error
        return Person(str(said.get("name", WATCH[0])), str(said.get("email", WATCH[1])), int(at))


def _is_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


def _content(asked: dict[str, Any]) -> bytes:
    text = asked.get("content")
    if not isinstance(text, str):
        raise RefusedError(422, 'Invalid request.\n\n"content" wasn\'t supplied.')
    if asked.get("encoding", "utf-8") != "base64":
        return text.encode()
    try:
        return b64decode(text, validate=True)
    except Base64Error as error:
        raise RefusedError(422, "Content is not valid Base64") from error


def _put(repository: Repository, files: dict[str, str], entry: dict[str, Any]) -> None:
    """Put one entry of a new tree in its place; without an id (null) the file goes away."""
    path = str(entry.get("path", ""))
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise RefusedError(422, "tree.path contains a malformed path component")
    if "content" in entry:
        files[path] = repository.add_blob(str(entry["content"]).encode())
    elif entry.get("sha") is None:
        if files.pop(path, None) is None:
            raise RefusedError(422, "GitRPC::BadObjectState")
    elif entry["sha"] in repository.blobs:
        files[path] = entry["sha"]
    else:
        raise RefusedError(422, f"tree.sha {entry['sha']} is not a valid blob")
