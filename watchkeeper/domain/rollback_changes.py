"""What lies between two releases, and what of it stands in the way of going back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from watchkeeper.domain.commits import short_name

NO_ROLLBACK: Final = "no-rollback"
_TRAILER: Final = re.compile(r"^(?:no-rollback:\s*(?P<why>.*)|rollback:\s*(?:no|never|unsafe)\b.*)$", re.IGNORECASE)
_GLOB: Final = re.compile(r"(\*\*/|\*\*|\*|\?)")
_MEANS: Final = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True, slots=True)
class ChangedCommit:
    """One commit between two releases. `message`: all of it, trailers too."""

    sha: str
    message: str
    author: str = ""
    url: str = ""

    @property
    def title(self) -> str:
        return self.message.partition("\n")[0]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request whose commits lie between two releases."""

    number: int
    title: str
    url: str = ""
    author: str = ""
    labels: tuple[str, ...] = ()
    merge_sha: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What going back would take away.

    Attributes:
        commits, files, pull_requests: those that were read.
        total_commits: all of them, of which the vendor may name only some.
        ahead_of_serving: commits that the target has and what serves has not: more than 0 where histories part.
        all_files: False when the vendor named only some of the files.
    """

    commits: tuple[ChangedCommit, ...] = ()
    files: tuple[str, ...] = ()
    pull_requests: tuple[PullRequest, ...] = ()
    total_commits: int = 0
    ahead_of_serving: int = 0
    all_files: bool = True
    url: str = ""

    @property
    def all_commits(self) -> bool:
        return len(self.commits) >= self.total_commits


@dataclass(frozen=True, slots=True)
class EnvChange:
    """When an environment variable of production was last changed; never its value."""

    key: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CronJobs:
    """Cron jobs as `path: schedule`, of what serves now and of the target."""

    now: tuple[str, ...]
    then: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Veto:
    """Somebody has written down that a change must not be taken back. `who`: the commit or pull request."""

    who: str
    reason: str
    url: str = ""


def migrations(changes: Changes, patterns: Iterable[str]) -> tuple[str, ...]:
    """Return the changed files that one of the patterns fits, in their order.

    Patterns are those of `.gitignore` without its negations: `**` stands for any folders, `*` for all but a slash.
    """
    several = [_compiled(pattern) for pattern in patterns]
    return tuple(file for file in changes.files if any(pattern.fullmatch(file) for pattern in several))


def vetoes(changes: Changes) -> tuple[Veto, ...]:
    """Return the label `no-rollback` of pull requests, and the trailer `No-Rollback: why` of commits."""
    labelled = [
        Veto(f"pull request {request.number}", f"it has the label {NO_ROLLBACK}", request.url)
        for request in changes.pull_requests
        if NO_ROLLBACK in {label.strip().lower() for label in request.labels}
    ]
    return (*labelled, *(veto for commit in changes.commits for veto in _trailers(commit)))


def _trailers(commit: ChangedCommit) -> Sequence[Veto]:
    found = [match for line in commit.message.splitlines()[1:] if (match := _TRAILER.match(line.strip()))]
    return [Veto(f"commit {short_name(commit.sha)}", _why(match), commit.url) for match in found[:1]]


def _why(match: re.Match[str]) -> str:
    return f"its message says that it cannot be taken back: {match['why'] or match[0]}"


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    anchored = pattern.removeprefix("/")
    whole = f"{anchored}**" if anchored.endswith("/") else anchored
    parts = _GLOB.split(whole)
    return re.compile("".join(_MEANS[part] if part in _MEANS else re.escape(part) for part in parts))
