"""What is known of a project from before, as far as judging needs it."""

from dataclasses import dataclass

from watchkeeper.domain.builds import Pipeline
from watchkeeper.domain.delivery import VercelDeployment
from watchkeeper.domain.endpoints import Probe
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.sessions import SessionReading


@dataclass(frozen=True, slots=True)
class Past:
    """What earlier checks have kept of one project.

    Attributes:
        readings: of the session counters of the hours that the window touches.
        probes: of the last hours up to now, oldest first.
        pipelines, deployments: of the last days, newest first.
        latest: the newest full check before this one; None when there is none.
    """

    readings: tuple[SessionReading, ...] = ()
    probes: tuple[Probe, ...] = ()
    pipelines: tuple[Pipeline, ...] = ()
    deployments: tuple[VercelDeployment, ...] = ()
    latest: HealthCheck | None = None
