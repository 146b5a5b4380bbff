"""What is stored of a project, for the tests of signals: everything well, unless a test says otherwise."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.domain.makers import NOW, endpoint
from watchkeeper.domain.alert_facts import AlertFacts
from watchkeeper.domain.alert_reading import MAKERS
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.blame import Blame, Fault
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.verdicts import Component, Finding, Judgement, Verdict, conclude
from watchkeeper.domain.windows import Window

WELL = Blame(Fault.NONE, "nothing is wrong")


def judged(verdict: Verdict = Verdict.HEALTHY, reason: str = "all well") -> Judgement:
    return conclude([Finding(verdict, reason, {Verdict.CRITICAL: 20, Verdict.WARNING: 60}.get(verdict, 100))])


def check(
    verdict: Verdict = Verdict.HEALTHY,
    components: Mapping[Component, Judgement] | None = None,
    blame: Blame = WELL,
    end: datetime = NOW,
    **other: Any,
) -> HealthCheck:
    scores = {Verdict.HEALTHY: 100.0, Verdict.WARNING: 60.0, Verdict.CRITICAL: 20.0, Verdict.UNKNOWN: None}
    values: dict[str, Any] = {"score": scores[verdict], "coverage": 1.0, "reasons": ("because",)}
    return HealthCheck(
        project="shop",
        window=Window(end - timedelta(minutes=15), end),
        check_type=CheckType.FULL,
        verdict=verdict,
        components=components or {part: judged() for part in Component},
        blame=blame,
        **(values | other),
    )


def facts(**other: Any) -> AlertFacts:
    values: dict[str, Any] = {"components": frozenset(Component), "endpoints": (endpoint(),), "checks": (check(),)}
    return AlertFacts("shop", **(values | other))


def made(name: str, of: AlertFacts, now: datetime = NOW) -> tuple[Signal, ...]:
    return tuple(MAKERS[name](of, now))


def value(name: str, of: AlertFacts, now: datetime = NOW) -> float | None:
    (signal,) = made(name, of, now)
    assert (signal.project, signal.name) == ("shop", name)
    assert signal.at <= now
    return signal.value
