"""Which release to go back to: the one that was asked for, or the last known good one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.incidents import Incident
from watchkeeper.domain.production import Production, VercelDeployment
from watchkeeper.domain.rollback import Rollback, RollbackKind


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """How a release did while it served.

    Attributes:
        checks, healthy, critical: full health checks, those that found it healthy, and those critical by its fault.
        incidents: laid on it.
        rolled_back_at: when production was last taken off it; None when it never was.
    """

    sha: str
    checks: int = 0
    healthy: int = 0
    critical: int = 0
    incidents: int = 0
    rolled_back_at: datetime | None = None

    @property
    def is_good(self) -> bool | None:
        """None when nobody has looked, or the looks say nothing."""
        if self.critical or self.incidents or self.rolled_back_at is not None:
            return False
        return True if self.healthy else None


@dataclass(frozen=True, slots=True)
class NoTarget:
    """There is nothing to go to; `reason` is a sentence with the way out."""

    reason: str


def release_records(
    checks: Iterable[HealthCheck], incidents: Iterable[Incident] = (), rollbacks: Iterable[Rollback] = ()
) -> dict[str, ReleaseRecord]:
    """Return how releases did, by commit SHA."""
    raise NotImplementedError


def serving_deployment(production: Production, deployments: Sequence[VercelDeployment]) -> VercelDeployment | None:
    """Return what visitors get that should be gone back from: in a rolling release the canary."""
    raise NotImplementedError


def default_target(
    production: Production,
    deployments: Sequence[VercelDeployment],
    records: Mapping[str, ReleaseRecord],
    *,
    only_previous: bool = False,
) -> VercelDeployment | NoTarget:
    """Return the last known good release: it served before what serves now, and nothing speaks against it."""
    raise NotImplementedError


def find_target(  # noqa: PLR0913 - what is asked for, and all that answers it
    asked: str,
    kind: RollbackKind,
    production: Production,
    deployments: Sequence[VercelDeployment],
    records: Mapping[str, ReleaseRecord],
    *,
    only_previous: bool = False,
    undoes: Rollback | None = None,
) -> VercelDeployment | NoTarget:
    """Return the deployment that was asked for by id, address or commit SHA; "" for the default of this kind."""
    raise NotImplementedError
