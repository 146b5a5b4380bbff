"""The limits that judgements are made by, with the defaults of the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from watchkeeper.domain.verdicts import Component


@dataclass(frozen=True, slots=True)
class ErrorLimits:
    """Shares of failed requests or sessions, as fractions 0..1.

    Attributes:
        min_total: requests or sessions in the window below which nothing is said.
        min_failures: failures below which no limit counts as crossed.
    """

    warning: float = 0.025
    critical: float = 0.05
    emergency: float = 0.10
    min_total: int = 10
    min_failures: int = 3


@dataclass(frozen=True, slots=True)
class EndpointLimits:
    """When a slow answer or an ageing certificate counts.

    Attributes:
        failures_to_down, successes_to_recover: probes in a row that change the state of an endpoint.
    """

    latency_warning_ms: float = 1_500
    latency_critical_ms: float = 5_000
    certificate_warning: timedelta = timedelta(days=21)
    certificate_critical: timedelta = timedelta(days=3)
    failures_to_down: int = 3
    successes_to_recover: int = 2


@dataclass(frozen=True, slots=True)
class DeliveryLimits:
    """When production builds count as stuck; a failed newest one is always a warning."""

    stuck_after: timedelta = timedelta(minutes=45)
    failures_critical: int = 3


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """When work on the default branch counts as stuck or waiting too long, and failures in a row as critical."""

    queued_after: timedelta = timedelta(minutes=15)
    stuck_after: timedelta = timedelta(hours=2)
    on_hold_after: timedelta = timedelta(hours=24)
    failures_critical: int = 5


def default_weights() -> dict[Component, float]:
    return {Component.ERRORS: 0.40, Component.ENDPOINTS: 0.25, Component.DELIVERY: 0.20, Component.BUILDS: 0.15}


@dataclass(frozen=True, slots=True)
class HealthLimits:
    """All limits of one project. `warning_score` and `critical_score`: below them the score itself is a verdict."""

    warning_score: float = 70.0
    critical_score: float = 50.0
    errors: ErrorLimits = field(default_factory=ErrorLimits)
    endpoints: EndpointLimits = field(default_factory=EndpointLimits)
    delivery: DeliveryLimits = field(default_factory=DeliveryLimits)
    builds: BuildLimits = field(default_factory=BuildLimits)
    weights: Mapping[Component, float] = field(default_factory=default_weights, hash=False)  # a mapping has none
