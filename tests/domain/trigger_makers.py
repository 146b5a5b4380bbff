"""Checks as they are really made: judged from samples, probes and the status page, a quarter of an hour each."""

from datetime import datetime, timedelta

from tests.domain.makers import NEW, NOW, OLD, STATUS_FINE, at, delivery, deployment, endpoint, release, sample
from watchkeeper.domain.blame import Suspects, assign_blame
from watchkeeper.domain.delivery import judge_delivery
from watchkeeper.domain.endpoints import EndpointReport, Probe, ProbeFailure, judge_endpoints
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import judge_errors
from watchkeeper.domain.health import CheckType, HealthCheck, check_health
from watchkeeper.domain.limits import DeliveryLimits, HealthLimits
from watchkeeper.domain.production import PlatformStatus
from watchkeeper.domain.verdicts import Component, Gap, Missing
from watchkeeper.domain.windows import Window

QUARTER = timedelta(minutes=15)
LIMITS = HealthLimits()
BAD, GOOD = (NEW, 40, 300), (OLD, 2, 300)


def looked(
    place: float,
    *counts: tuple[str, int, int],
    serving: str = NEW,
    before: str = OLD,
    down: bool = False,
    status: PlatformStatus | Missing = STATUS_FINE,
    online: bool = True,
    custody: bool = False,
    earlier: tuple[ErrorCount, ...] = (),
    limits: HealthLimits = LIMITS,
) -> HealthCheck:
    """Return the check whose window ended `place` quarters before now; without counts Sentry did not answer."""
    end = NOW - place * QUARTER
    window = Window(end - QUARTER, end)
    taken = sample(*counts) if counts else Missing(Gap.UNAVAILABLE, "Sentry does not answer")
    components = {
        Component.ERRORS: judge_errors(taken, (), limits.errors, window),
        Component.ENDPOINTS: judge_endpoints(
            EndpointReport(_probes(end, down=down), online), [endpoint()], (), LIMITS.endpoints, end
        ),
        Component.DELIVERY: judge_delivery(delivery(deployment(minutes=900)), status, DeliveryLimits(), end),
    }
    serves, other = release(serving, 60), release(before, 900)
    suspects = Suspects(
        taken, (serves, other), serves, other, earlier=earlier, status=status, online=online, both_serve=False
    )
    blame = assign_blame(components, suspects)
    return check_health("shop", window, CheckType.FULL, components, limits, blame, serving, custody)


def calm(place: float, serving: str = OLD, **other: bool) -> HealthCheck:
    return looked(place, (serving, 0, 400), serving=serving, before="abcdef0" + "3" * 33, **other)  # type: ignore[arg-type]


def quiet_before(places: int, number: int = 8) -> list[HealthCheck]:
    """Return calm checks of the release before, up to `places` quarters before now."""
    return [calm(places + number - 1 - n) for n in range(number)]


def _probes(end: datetime, *, down: bool) -> tuple[Probe, ...]:
    failure = ProbeFailure.STATUS if down else None
    total = None if down else 100.0
    return tuple(Probe("home", end - timedelta(minutes=m), failure, total_ms=total) for m in (3, 2, 1))


__all__ = ["BAD", "GOOD", "LIMITS", "NEW", "NOW", "OLD", "QUARTER", "at", "calm", "looked", "quiet_before"]
