"""Builds and tests of the default branch (source: CircleCI)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from watchkeeper.domain.verdicts import Missing


class WorkflowStatus(StrEnum):
    SUCCESS = "success"
    RUNNING = "running"
    NOT_RUN = "not_run"
    FAILED = "failed"
    ERROR = "error"
    FAILING = "failing"
    ON_HOLD = "on_hold"
    CANCELED = "canceled"
    UNAUTHORIZED = "unauthorized"
    UNKNOWN = "unknown"

    @property
    def is_final(self) -> bool:
        return self not in {self.RUNNING, self.FAILING, self.ON_HOLD, self.UNKNOWN}

    @property
    def is_broken(self) -> bool:
        return self in {self.FAILED, self.ERROR, self.FAILING, self.UNAUTHORIZED}


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a workflow; `status` in the vendor's words or `unknown`; `kind` build, approval or unknown."""

    id: str
    name: str
    status: str
    kind: str
    started_at: datetime | None = None
    stopped_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Workflow:
    """One workflow of a pipeline. `jobs` are read only where they matter: unfinished or broken workflows."""

    id: str
    name: str
    status: WorkflowStatus
    created_at: datetime
    stopped_at: datetime | None = None
    jobs: tuple[Job, ...] = ()
    url: str = ""

    @property
    def duration(self) -> timedelta | None:
        return None if self.stopped_at is None else self.stopped_at - self.created_at


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline with its workflows, or why they are not known.

    Attributes:
        state: created, errored, setup-pending, setup, pending or unknown; errored means the configuration was refused.
    """

    id: str
    number: int
    project: str
    branch: str
    sha: str
    state: str
    created_at: datetime
    errors: tuple[str, ...] = ()
    workflows: tuple[Workflow, ...] | Missing = ()
    url: str = ""

    @property
    def is_final(self) -> bool:
        """True when asking again cannot change anything."""
        if isinstance(self.workflows, Missing):
            return False
        return self.state == "errored" or (bool(self.workflows) and all(w.status.is_final for w in self.workflows))


@dataclass(frozen=True, slots=True)
class BuildReport:
    """The pipelines of one project's default branch, newest first."""

    pipelines: tuple[Pipeline, ...]
    warnings: tuple[str, ...] = ()
