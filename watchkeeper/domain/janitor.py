"""Runs and slots that a killed process left behind, and which of them may be freed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WAITING = frozenset({"PAUSED", "SCHEDULED"})
STARTING = frozenset({"PENDING"})
ACTIVE = frozenset({"RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A run that has not ended. `state` is Prefect's state type; `since`: when it got into that state."""

    id: str
    name: str
    state: str
    since: datetime
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class StuckRun:
    run: FlowRun
    reason: str


@dataclass(frozen=True, slots=True)
class SlotLimit:
    """A concurrency limit and how many of its slots are taken."""

    name: str
    taken: int


@dataclass(frozen=True, slots=True)
class LeakedSlots:
    """A limit whose slots are taken by nobody; `holders` is what its count must be put to."""

    limit: SlotLimit
    holders: int
    reason: str


def find_stuck_runs(
    runs: Collection[FlowRun], now: datetime, pending_after: timedelta, running_after: timedelta
) -> tuple[StuckRun, ...]:
    """Return the runs that cannot be alive any more, oldest first. A run that waits for a person is never one."""
    return tuple(
        StuckRun(run, f"{run.state.capitalize()} for {_minutes(now - run.since)} minutes, since {run.since:%H:%M} UTC")
        for run in sorted(runs, key=lambda run: run.since)
        if (run.state in STARTING and now - run.since > pending_after)
        or (run.state in ACTIVE and now - run.since > running_after)
    )


def find_leaked_slots(limits: Sequence[SlotLimit], alive: Collection[FlowRun]) -> tuple[LeakedSlots, ...]:
    """Return the limits with more slots taken than there are runs that could hold them.

    Args:
        limits: a deployment's limit is named `deployment:<id>`; ours for vendors are named `watchkeeper-<vendor>`.
        alive: the runs that are starting or active, without those found stuck.
    """
    leaked = []
    for limit in limits:
        holders = _holders(limit, alive)
        if limit.taken > holders:
            reason = f"{limit.taken} slots of {limit.name} were taken, {holders} runs could hold them"
            leaked.append(LeakedSlots(limit, holders, reason))
    return tuple(leaked)


def _holders(limit: SlotLimit, alive: Collection[FlowRun]) -> int:
    active = [run for run in alive if run.state in STARTING | ACTIVE]
    if limit.name.startswith("deployment:"):
        return sum(run.deployment == limit.name.removeprefix("deployment:") for run in active)
    return limit.taken if active else 0  # a run may hold a vendor's slot for each organization: only none is certain


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
