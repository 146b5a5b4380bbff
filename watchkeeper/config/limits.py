"""The limits and weights of projects.yaml, as people write them: percent, minutes, days."""

from collections.abc import Mapping
from datetime import timedelta

from pydantic import BaseModel, ConfigDict, model_validator

from watchkeeper.config import values as v
from watchkeeper.domain.limits import BuildLimits, DeliveryLimits, EndpointLimits, ErrorLimits, HealthLimits
from watchkeeper.domain.verdicts import Component


class Section(BaseModel):
    """A mapping of the file: frozen, and only with the keys it names."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, use_attribute_docstrings=True)

    @model_validator(mode="before")
    @classmethod
    def _empty_is_absent(cls, data: object) -> object:
        """Take a known key with nothing behind it for a key that is not there."""
        if not isinstance(data, Mapping):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}


class ErrorLimit(Section):
    """When failed requests or sessions count (judged by the lower end of the Wilson interval)."""

    warning_percent: v.Percent = 2.5
    """Percent of requests or sessions that fail."""
    critical_percent: v.Percent = 5.0
    """Percent of requests or sessions that fail."""
    emergency_percent: v.Percent = 10.0
    """Percent of requests or sessions that fail."""
    min_total: v.Amount = 10
    """Requests or sessions in the window below which nothing is said."""
    min_failures: v.Amount = 3
    """Failures in the window below which no limit counts as crossed."""

    @property
    def value(self) -> ErrorLimits:
        return ErrorLimits(
            warning=self.warning_percent / 100,
            critical=self.critical_percent / 100,
            emergency=self.emergency_percent / 100,
            min_total=self.min_total,
            min_failures=self.min_failures,
        )


class EndpointLimit(Section):
    """When a slow answer, an ageing certificate or failing probes count."""

    latency_warning_ms: v.Milliseconds = 1_500
    """Milliseconds for the whole answer."""
    latency_critical_ms: v.Milliseconds = 5_000
    """Milliseconds for the whole answer."""
    certificate_warning_days: v.Days = 21
    """Days before the TLS certificate ends."""
    certificate_critical_days: v.Days = 3
    """Days before the TLS certificate ends."""
    failures_to_down: v.Times = 3
    """Failed probes in a row after which an endpoint is down."""
    successes_to_recover: v.Times = 2
    """Good probes in a row after which it is up again."""

    @property
    def value(self) -> EndpointLimits:
        return EndpointLimits(
            latency_warning_ms=self.latency_warning_ms,
            latency_critical_ms=self.latency_critical_ms,
            certificate_warning=timedelta(days=self.certificate_warning_days),
            certificate_critical=timedelta(days=self.certificate_critical_days),
            failures_to_down=self.failures_to_down,
            successes_to_recover=self.successes_to_recover,
        )


class DeliveryLimit(Section):
    """When production builds on Vercel count as stuck or failing."""

    stuck_after_minutes: v.Minutes = 45
    """Minutes after which a build that is not ready counts as stuck."""
    failures_critical: v.Times = 3
    """Failed production builds in a row that are critical; one is a warning."""

    @property
    def value(self) -> DeliveryLimits:
        return DeliveryLimits(timedelta(minutes=self.stuck_after_minutes), self.failures_critical)


class BuildLimit(Section):
    """When work on the default branch counts as waiting too long, stuck or failing."""

    queued_after_minutes: v.Minutes = 15
    """Minutes that a job may wait for a machine."""
    stuck_after_minutes: v.Minutes = 120
    """Minutes that a workflow may run."""
    on_hold_after_hours: v.Hours = 24
    """Hours that an approval may wait for a person."""
    failures_critical: v.Times = 5
    """Failed pipelines in a row that are critical; fewer are a warning."""

    @property
    def value(self) -> BuildLimits:
        return BuildLimits(
            queued_after=timedelta(minutes=self.queued_after_minutes),
            stuck_after=timedelta(minutes=self.stuck_after_minutes),
            on_hold_after=timedelta(hours=self.on_hold_after_hours),
            failures_critical=self.failures_critical,
        )


class ScoreLimit(Section):
    """When the health score, 0 (worst) to 100 (best), is a verdict in itself."""

    warning_score: v.Score = 70
    """Below it the project is at least in warning."""
    critical_score: v.Score = 50
    """Below it the project is critical."""


class Weights(Section):
    """How much each component counts in the score; together 1."""

    errors: v.Share = 0.40
    """Share of the component `errors` (Sentry)."""
    endpoints: v.Share = 0.25
    """Share of the component `endpoints`."""
    delivery: v.Share = 0.20
    """Share of the component `delivery` (Vercel)."""
    builds: v.Share = 0.15
    """Share of the component `builds` (CircleCI)."""

    @property
    def value(self) -> dict[Component, float]:
        return {component: getattr(self, component.value) for component in Component}


class Limits(Section):
    """What judgements are made by."""

    errors: ErrorLimit = ErrorLimit()
    endpoints: EndpointLimit = EndpointLimit()
    delivery: DeliveryLimit = DeliveryLimit()
    builds: BuildLimit = BuildLimit()
    health: ScoreLimit = ScoreLimit()

    def value(self, weights: Weights) -> HealthLimits:
        return HealthLimits(
            warning_score=self.health.warning_score,
            critical_score=self.health.critical_score,
            errors=self.errors.value,
            endpoints=self.endpoints.value,
            delivery=self.delivery.value,
            builds=self.builds.value,
            weights=weights.value,
        )
