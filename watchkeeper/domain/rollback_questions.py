"""The question that people are asked of a rollback, named by a digest of what they are shown."""

import json
from dataclasses import asdict
from hashlib import sha256
from typing import Final

from watchkeeper.domain.rollback import Rollback

DIGITS: Final = 16


def plan_digest(rollback: Rollback) -> str:
    """Return what names the question: hexadecimal digits of the plan, the evidence, where production goes, the round.

    Each question has one of its own; "" where there is no plan.
    """
    if rollback.plan is None:
        return ""
    shown = {
        "rollback": rollback.id,
        "round": rollback.round,
        "project": rollback.project,
        "kind": rollback.kind,
        "from": rollback.from_deployment,
        "to": rollback.to_deployment,
        "plan": asdict(rollback.plan),
        "evidence": asdict(rollback.evidence) if rollback.evidence else None,
    }
    return sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()[:DIGITS]
