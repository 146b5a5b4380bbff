"""Whether a rollback may move production now, by its answers and by the configuration of this moment."""

from collections.abc import Sequence
from dataclasses import replace

from watchkeeper.domain.approvals import NO, YES, Answer, why_not_entitled
from watchkeeper.domain.commits import same_commit
from watchkeeper.domain.phrases import clock
from watchkeeper.domain.rollback import AutoRollback, Rollback, RollbackPolicy, Source
from watchkeeper.domain.rollback_questions import plan_digest


def why_ask(rollback: Rollback, policy: RollbackPolicy, accepted: Sequence[Answer] = ()) -> str:
    """Return why somebody must be asked before production is moved; "" where it may be.

    Args:
        policy: what the project is configured with now. Where it is stricter than when it was asked for, it counts.
        accepted: the answers to this rollback that count.
    """
    if not rollback.require_approval:
        return _why_not_alone(rollback, policy)
    given = [answer for answer in accepted if answer.round == rollback.round]
    if any(answer.word == NO for answer in given):
        return "it was declined"
    approval = next((answer for answer in given if answer.word == YES), None)
    if approval is None:
        return "nobody has approved it"
    if approval.plan != plan_digest(rollback):
        return f"{approval.approver} has approved another plan"
    now = replace(rollback, approvers=policy.approvers, two_person=policy.two_person or rollback.two_person)
    why_not = why_not_entitled(now, approval)
    return f"the YES of {clock(approval.at)} does not count by the configuration of now: {why_not}" if why_not else ""


def _why_not_alone(rollback: Rollback, policy: RollbackPolicy) -> str:
    if rollback.source is not Source.AUTOMATIC or not rollback.event_id:
        return "a person has asked for it"
    if policy.auto is not AutoRollback.AUTOMATIC:
        return f"the project is configured {policy.auto}, no longer automatic"
    proposed, serving = str(rollback.asked.get("release", "")), rollback.from_sha
    if not proposed or not serving or not same_commit(proposed, serving):
        return "what serves production is not the release that was proposed to be left"
    return ""
