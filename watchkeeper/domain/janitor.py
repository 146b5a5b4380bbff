"""Runs and slots that a killed process left behind, and which of them may be freed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

STARTING = frozenset({"PENDING"})
ACTIVE = frozenset({"RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A run that has not ended.

    Attributes:
        state: Prefect's state type; `since`: when it got into that state.
        heard_at: its newest heartbeat of late; None when there is none.
    """

    id: str
    name: str
    state: str
    since: datetime
    deployment: str = ""
    heard_at: datetime | None = None


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
    runs: Collection[FlowRun], now: datetime, pending_after: timedelta, silent_after: timedelta
) -> tuple[StuckRun, ...]:
    """Return the runs that cannot be alive any more, oldest first. A run that waits for a person is never one.

    Args:
        pending_after: a run that is starting has no heartbeat yet; longer than this no start takes.
        silent_after: longer than this no living run goes without a heartbeat.
    """
    reasons = ((run, _why_stuck(run, now, pending_after, silent_after)) for run in sorted(runs, key=lambda r: r.since))
    return tuple(StuckRun(run, reason) for run, reason in reasons if reason)


def _why_stuck(run: FlowRun, now: datetime, pending_after: timedelta, silent_after: timedelta) -> str:
    if run.state in STARTING and now - run.since > pending_after:
        return f"it has been starting for {_minutes(now - run.since)} minutes"
    heard_at = max(run.since, run.heard_at or run.since)
    if run.state in ACTIVE and now - heard_at > silent_after:
        return f"it is {run.state.lower()} and has given no sign of life for {_minutes(now - heard_at)} minutes"
    return ""


def find_leaked_slots(
    limits: Sequence[SlotLimit], alive: Collection[FlowRun], janitor: str = ""
) -> tuple[LeakedSlots, ...]:
    """Return the limits with more slots taken than there are runs that could hold them.

    Args:
        limits: a deployment's limit is named `deployment:<id>`; ours for vendors are named `watchkeeper-<vendor>`.
        alive: the runs that are starting or active, without those found stuck.
        janitor: id of the run that looks: it may hold the slot of its deployment, never one of a vendor.
    """
    leaked = []
    for limit in limits:
        holders = _holders(limit, alive, janitor)
        if limit.taken > holders:
            reason = f"{limit.taken} slots of {limit.name} were taken, {holders} runs could hold them"
            leaked.append(LeakedSlots(limit, holders, reason))
    return tuple(leaked)


def _holders(limit: SlotLimit, alive: Collection[FlowRun], janitor: str) -> int:
    active = [run for run in alive if run.state in STARTING | ACTIVE]
    if limit.name.startswith("deployment:"):
        return sum(run.deployment == limit.name.removeprefix("deployment:") for run in active)
    # How many of a vendor's slots a run holds is not known: only that nobody is there to hold one is certain.
    return limit.taken if any(run.id != janitor for run in active) else 0


def _minutes(duration: timedelta) -> int:
    return int(duration.total_seconds() // 60)
