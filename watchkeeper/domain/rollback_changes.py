"""What lies between two releases, and what of it stands in the way of going back."""

from dataclasses import dataclass
from datetime import datetime


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
