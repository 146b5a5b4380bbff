"""What may be drawn elsewhere of alerts and health."""

from dataclasses import replace
from datetime import timedelta

from tests.domain.alert_digest_makers import NOW
from watchkeeper.domain.alert_metrics import Measurement, measurements
from watchkeeper.domain.alert_values import Alert, AlertStatus, Severity
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.verdicts import Component, Evidence, Judgement, Verdict
from watchkeeper.domain.windows import Window

ALERT = Alert("shop", "error-rate", Severity.CRITICAL, AlertStatus.FIRING, NOW, NOW, "Shop: error rate 31 %")
ERRORS = Judgement(Verdict.HEALTHY, ("few",), 97.0, (Evidence("failure rate", 0.42, "%"),))
CHECK = HealthCheck(
    "shop", Window(NOW - timedelta(minutes=15), NOW), CheckType.FULL, Verdict.HEALTHY, 97.0, 1.0, ("well",),
    {Component.ERRORS: ERRORS},
)  # fmt: skip


def values(points: tuple[Measurement, ...]) -> dict[str, float]:
    return {f"{point.name.removeprefix('watchkeeper.')} {' '.join(point.tags)}": point.value for point in points}


def test_alerts_that_fire_are_counted_and_zero_is_said() -> None:
    alerts = [ALERT, ALERT, replace(ALERT, project=""), replace(ALERT, status=AlertStatus.PENDING)]
    assert values(measurements(["shop"], {}, alerts, NOW)) == {
        "alerts.firing project:watchkeeper severity:critical": 1,
        "alerts.firing project:watchkeeper severity:warning": 0,
        "alerts.firing project:watchkeeper severity:info": 0,
        "alerts.firing project:shop severity:critical": 2,
        "alerts.firing project:shop severity:warning": 0,
        "alerts.firing project:shop severity:info": 0,
    }


def test_health_is_as_of_its_check() -> None:
    points = measurements(["shop"], {"shop": CHECK}, [], NOW + timedelta(minutes=50))[-2:]
    assert values(points) == {"health.score project:shop": 97.0, "health.error_rate project:shop": 0.42}
    assert {point.at for point in points} == {NOW}


def test_what_is_old_or_unknown_has_no_point() -> None:
    late = measurements(["shop"], {"shop": CHECK}, [], NOW + timedelta(minutes=51))
    unknown = measurements(["shop"], {"shop": replace(CHECK, score=None, components={})}, [], NOW)
    assert {point.name for point in (*late, *unknown)} == {"watchkeeper.alerts.firing"}
