"""What lies between two releases: commits, files and pull requests (source: GitHub)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Standing(StrEnum):
    """Where the head stands, seen from the base."""

    AHEAD = "ahead"
    BEHIND = "behind"
    DIVERGED = "diverged"
    IDENTICAL = "identical"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ComparedCommit:
    """One commit that the head has and the base has not.

    Attributes:
        trailers: the last lines of its message that read `Key: value`, keys in lower case.
        pull_request: the number that its title names; None when it names none.
    """

    sha: str
    at: datetime
    title: str
    author: str
    url: str = ""
    trailers: tuple[tuple[str, str], ...] = ()
    pull_request: int | None = None


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file that differs. `status`: added, removed, modified, renamed, ...; `previous`: its path before, else ""."""

    path: str
    status: str
    previous: str = ""


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request that was merged between the two. `merge_sha` is the commit that it came in as."""

    number: int
    title: str
    url: str
    author: str
    labels: tuple[str, ...]
    merged_at: datetime
    merge_sha: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `head` has that `base` has not.

    Attributes:
        total: commits there are; more than `commits` when not all were read.
        commits: oldest first.
        is_complete: True when every commit and every file between the two is here.
        pull_requests: those merged between the two, newest first.
        warnings: what could not be read, and what that means.
    """

    base: str
    head: str
    standing: Standing
    total: int
    commits: tuple[ComparedCommit, ...]
    files: tuple[ChangedFile, ...]
    pull_requests: tuple[PullRequest, ...]
    url: str
    is_complete: bool = True
    warnings: tuple[str, ...] = ()
