"""What other tools may draw: how many alerts fire, how healthy each project is."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.alert_values import Alert, Severity
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.verdicts import Component

WATCH: Final = "watchkeeper"  # stands for the watch itself where a project's slug stands
OLDEST: Final = timedelta(minutes=50)  # of a check that still tells of now
_RATE: Final = "failure rate"


@dataclass(frozen=True, slots=True)
class Measurement:
    """One point of one series. `tags`: as `project:shop`."""

    name: str
    value: float
    at: datetime
    tags: tuple[str, ...] = ()
    unit: str = ""


def measurements(
    projects: Collection[str], checks: Mapping[str, HealthCheck], alerts: Iterable[Alert], now: datetime
) -> tuple[Measurement, ...]:
    """Return the points of this moment; where nothing fires the number is 0, where nothing is known there is none.

    Args:
        checks: the latest of each project.
    """
    health = (point for slug in projects if (check := checks.get(slug)) for point in _health(check, now))
    return (*_firing(projects, alerts, now), *health)


def _firing(projects: Collection[str], alerts: Iterable[Alert], now: datetime) -> Iterator[Measurement]:
    counts = Counter((alert.project, alert.severity) for alert in alerts if alert.is_firing)
    for project in ("", *projects):
        for severity in Severity:
            tags = (f"project:{project or WATCH}", f"severity:{severity.value}")
            yield Measurement("watchkeeper.alerts.firing", counts[project, severity], now, tags)


def _health(check: HealthCheck, now: datetime) -> Iterator[Measurement]:
    at, tags = check.window.end, (f"project:{check.project}",)
    if now - at > OLDEST:
        return
    if check.score is not None:
        yield Measurement("watchkeeper.health.score", check.score, at, tags)
    errors = check.components.get(Component.ERRORS)
    rates = [fact.value for fact in errors.evidence if fact.name == _RATE] if errors else []
    if rates and isinstance(rates[0], int | float):
        yield Measurement("watchkeeper.health.error_rate", rates[0], at, tags, "percent")
