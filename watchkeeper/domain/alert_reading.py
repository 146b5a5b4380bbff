"""All signals of a project from what is stored of it: the table of who makes which."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Final

from watchkeeper.domain.alert_facts import AlertFacts
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_signals_endpoints import (
    certificate,
    endpoint_down,
    endpoint_latency,
    endpoint_slowness,
)
from watchkeeper.domain.alert_signals_health import blind, critical_for, error_rate, platform_incident, score
from watchkeeper.domain.alert_signals_making import (
    build_queue,
    cost_over,
    failed_builds,
    failed_deployments,
    running_build,
    waiting_deployment,
)
from watchkeeper.domain.alert_signals_people import (
    in_custody,
    new_issue,
    regressed_issue,
    rollback_expired,
    rollback_not_cured,
    rollback_waiting,
)
from watchkeeper.domain.alert_signals_slo import WINDOWS, burn_rate

Maker = Callable[[AlertFacts, datetime], Iterator[Signal]]

MAKERS: Final[Mapping[str, Maker]] = {
    "error_rate": error_rate,
    **{name: partial(burn_rate, name=name) for name in WINDOWS},
    "new_issue": new_issue,
    "regressed_issue": regressed_issue,
    "endpoint_down": endpoint_down,
    "endpoint_latency": endpoint_latency,
    "endpoint_slowness": endpoint_slowness,
    "certificate": certificate,
    "failed_deployments": failed_deployments,
    "waiting_deployment": waiting_deployment,
    "platform_incident": platform_incident,
    "failed_builds": failed_builds,
    "running_build": running_build,
    "build_queue": build_queue,
    "score": score,
    "critical_for": critical_for,
    "blind": blind,
    "cost_over": cost_over,
    "rollback_waiting": rollback_waiting,
    "rollback_expired": rollback_expired,
    "rollback_not_cured": rollback_not_cured,
    "in_custody": in_custody,
}


def signals_of(facts: Iterable[AlertFacts], now: datetime, names: Collection[str] | None = None) -> Iterator[Signal]:
    """Yield the signals of these projects as they were known at `now`; all of them unless some are named."""
    makers = [maker for name, maker in MAKERS.items() if names is None or name in names]
    for own in facts:
        for maker in makers:
            yield from maker(own, now)
