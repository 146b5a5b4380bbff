"""Git repositories as far as a client can write them over HTTP: blobs, trees, commits and branches, kept in memory.

Ids are those that git itself gives, so that a client may compute them too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha1

Files = Mapping[str, str]  # path -> id of its blob
FILE_MODE, FOLDER_MODE = "100644", "40000"


@dataclass(frozen=True, slots=True)
class Person:
    """Who made a commit, and when, epoch seconds."""

    name: str
    email: str
    at: int

    def __str__(self) -> str:
        return f"{self.name} <{self.email}> {self.at} +0000"


@dataclass(frozen=True, slots=True)
class Commit:
    tree: str
    parents: tuple[str, ...]
    message: str
    author: Person
    committer: Person

    @property
    def sha(self) -> str:
        parents = "".join(f"parent {parent}\n" for parent in self.parents)
        text = f"tree {self.tree}\n{parents}author {self.author}\ncommitter {self.committer}\n\n{self.message}"
        return object_id("commit", text.encode())


@dataclass(slots=True)
class Repository:
    """What was written to one repository. `branches` are by name, as in `gh-pages`; `trees` know every file by path."""

    name: str
    blobs: dict[str, bytes] = field(default_factory=dict)
    trees: dict[str, Files] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def add_blob(self, content: bytes) -> str:
        sha = object_id("blob", content)
        self.blobs[sha] = content
        return sha

    def add_tree(self, files: Files) -> str:
        """Keep a tree and return its id; the folders in it can be named by theirs."""
        for folder, inner in _folders(files).items():
            if folder:
                self.trees[tree_id(inner)] = inner
        sha = tree_id(files)
        self.trees[sha] = dict(files)
        return sha

    def add_commit(self, commit: Commit) -> str:
        self.commits[commit.sha] = commit
        return commit.sha

    def ancestors(self, sha: str) -> Iterator[str]:
        """Yield a commit and all that led to it, as far as they were written here."""
        waiting, seen = [sha], set()
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen.add(name)
                yield name
                waiting += self.commits[name].parents if name in self.commits else ()

    def files(self, branch: str) -> Files | None:
        """Return the files of a branch; None when it was not written here."""
        commit = self.commits.get(self.branches.get(branch, ""))
        return None if commit is None else self.trees[commit.tree]


def object_id(kind: str, content: bytes) -> str:
    return sha1(f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False).hexdigest()


def tree_id(files: Files) -> str:
    entries = [
        (f"{FOLDER_MODE} {name}", f"{name}/", tree_id(inner)) if isinstance(inner, dict) else _file(name, str(inner))
        for name, inner in children(files).items()
    ]
    ordered = sorted(entries, key=lambda entry: entry[1].encode())  # git sorts a folder as if its name ended in "/"
    return object_id("tree", b"".join(f"{head}\0".encode() + bytes.fromhex(sha) for head, _, sha in ordered))


def _file(name: str, sha: str) -> tuple[str, str, str]:
    return f"{FILE_MODE} {name}", name, sha


def children(files: Files) -> dict[str, dict[str, str] | str]:
    """Return what stands in the topmost folder: files by their blob, folders with all their files."""
    found: dict[str, dict[str, str] | str] = {}
    for path, sha in files.items():
        name, slash, rest = path.partition("/")
        inner = found.setdefault(name, {} if slash else sha)
        if isinstance(inner, dict):
            inner[rest] = sha
    return found


def _folders(files: Files, prefix: str = "") -> dict[str, Files]:
    """Return every folder with the files below it, by paths from there."""
    found: dict[str, Files] = {prefix: files}
    for name, inner in children(files).items():
        if isinstance(inner, dict):
            found |= _folders(inner, f"{prefix}{name}/")
    return found
