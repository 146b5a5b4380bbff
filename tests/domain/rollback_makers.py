"""Ways back to judge: asked for by Ada, ten minutes ago, waiting for an answer, unless a test says otherwise."""

from typing import Any

from tests.domain.makers import NEW, NOW, OLD, at, deployment
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.production import VercelDeployment
from watchkeeper.domain.rollback import (
    Mark,
    Plan,
    PlannedRelease,
    Point,
    Rollback,
    RollbackEvidence,
    RollbackKind,
    RollbackState,
    Source,
    Way,
)
from watchkeeper.domain.verdicts import Verdict


def planned(made: VercelDeployment) -> PlannedRelease:
    return PlannedRelease(made.id, made.sha, made.created_at, f"https://{made.url}", made.inspector_url)


SERVING = planned(deployment(NEW, 20))
TARGET = planned(deployment(OLD, 600))


def plan(*points: Point, **other: Any) -> Plan:
    values: dict[str, Any] = {
        "kind": RollbackKind.ROLLBACK,
        "way": Way.VERCEL,
        "made_at": at(9),
        "serving": SERVING,
        "target": TARGET,
        "summary": "shop goes back",
    }
    some = points or (Point("target", Mark.OK, "it is there"),)
    return Plan("shop", points=some, **(values | other))


def evidence(**other: Any) -> RollbackEvidence:
    values: dict[str, Any] = {
        "at": at(9),
        "serving": NEW,
        "verdict": Verdict.CRITICAL,
        "score": 30.0,
        "fault": Fault.RELEASE,
        "fault_release": NEW,
        "fault_reason": "it fails 20 times as often as the one before",
        "this": ErrorCount(NEW, 40, 300),
        "before": ErrorCount(OLD, 2, 900),
        "noun": "request",
        "p_value": 1e-9,
        "ratio": 60.0,
        "is_worse": True,
        "since": at(15),
        "reasons": ("13.3 % of 300 requests fail",),
        "url": "https://sentry.example/q",
    }
    return RollbackEvidence(**(values | other))


def rollback(state: RollbackState = RollbackState.AWAITING_APPROVAL, **other: Any) -> Rollback:
    values: dict[str, Any] = {
        "id": 7,
        "project": "shop",
        "kind": RollbackKind.ROLLBACK,
        "source": Source.MANUAL,
        "requested_by": "Ada",
        "reason": "checkout fails",
        "requested_at": at(10),
        "updated_at": at(9),
        "flow_run_id": "run-1",
        "dry_run": False,
        "way": Way.VERCEL,
        "from_deployment": SERVING.deployment,
        "from_sha": NEW,
        "to_deployment": TARGET.deployment,
        "to_sha": OLD,
        "round": 1,
        "approve_until": at(-50),
        "plan": plan(),
        "evidence": evidence(),
    }
    return Rollback(state=state, **(values | other))


__all__ = ["NOW", "SERVING", "TARGET", "evidence", "plan", "planned", "rollback"]
