"""Whether what was approved is still what is there."""

from watchkeeper.domain.rollback import Plan, Rollback, RollbackEvidence, RollbackKind
from watchkeeper.domain.rollback_evidence import SecondLook, has_changed
from watchkeeper.domain.rollback_plan import plan_changes


def look_twice(rollback: Rollback, plan: Plan, evidence: RollbackEvidence | None) -> SecondLook:
    """Return what is different from what was asked about.

    Args:
        plan: as it would be made now.
        evidence: as it is now; None when nobody could tell: then it is taken to be as it was.
    """
    planned = plan_changes(rollback.plan, plan) if rollback.plan else SecondLook()
    # That production is well again says nothing against a promotion, or against taking a rollback back.
    if rollback.kind is not RollbackKind.ROLLBACK or rollback.evidence is None or evidence is None:
        return planned
    seen = has_changed(rollback.evidence, evidence)
    return SecondLook((*planned.reasons, *seen.reasons), is_blocked=planned.is_blocked or seen.is_blocked)
