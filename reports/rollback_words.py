"""What is said of a way back, in plain words: for Slack, Markdown and GitHub alike, which escape it each in its way."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from reports.text import sentence
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.phrases import amount, percent
from watchkeeper.domain.rollback import (
    Mark,
    Outcome,
    Plan,
    Point,
    Rollback,
    RollbackEvidence,
    RollbackKind,
    RollbackState,
    Way,
)
from watchkeeper.domain.rollback_questions import plan_digest
from watchkeeper.store.rollbacks import TimelineEntry

MARKS: Final[Mapping[Mark, str]] = {Mark.OK: "✅", Mark.WARNING: "⚠️", Mark.BLOCKS: "⛔"}
RUNBOOK: Final = "docs/runbooks/rollback.md"
_SECTIONS: Final[Mapping[RollbackState, str]] = {  # of the runbook; every other state is explained in `the-states`
    RollbackState.AWAITING_APPROVAL: "yes-or-no",
    RollbackState.VERIFYING: "did-it-help",
    RollbackState.SUCCEEDED: "did-it-help",
    RollbackState.REFUSED: "the-points-of-a-plan",
    RollbackState.FAILED: "it-has-failed",
}
CUSTODY: Final = "New builds do not go live by themselves then, until somebody promotes one."
RESUMES: Final = (
    "Automatic deploys resume with it: Vercel assigns the production domains to later builds by itself again."
)
_SIGNS: Final[Mapping[RollbackState, str]] = {
    RollbackState.REQUESTED: "🕓",
    RollbackState.PLANNED: "📋",
    RollbackState.AWAITING_APPROVAL: "✋",
    RollbackState.APPROVED: "👍",
    RollbackState.EXECUTING: "⏳",
    RollbackState.VERIFYING: "🔎",
    RollbackState.SUCCEEDED: "🟢",
    RollbackState.REFUSED: "⛔",
    RollbackState.DECLINED: "✖️",
    RollbackState.EXPIRED: "⌛",
    RollbackState.FAILED: "🔴",
    RollbackState.UNDONE: "↩️",
}
_OUTCOME_SIGNS: Final[Mapping[Outcome, str]] = {
    Outcome.CURED: "🟢",
    Outcome.NOT_CURED: "🔴",
    Outcome.NOT_ENOUGH_EVIDENCE: "🟡",
    Outcome.NOT_MOVED: "🔴",
}
_ENDED: Final[Mapping[RollbackState, str]] = {
    RollbackState.REFUSED: "refused",
    RollbackState.DECLINED: "declined",
    RollbackState.EXPIRED: "expired: nobody has answered in time",
    RollbackState.FAILED: "failed",
    RollbackState.UNDONE: "taken back",
}


def sign(rollback: Rollback) -> str:
    """Return the sign that the headline begins with; what has not helped is never green."""
    if rollback.state is RollbackState.SUCCEEDED and rollback.outcome is not None:
        return _OUTCOME_SIGNS[rollback.outcome]
    return _SIGNS[rollback.state]


def what(rollback: Rollback) -> str:
    """Return what is to be done, as `roll back to a1b2c3d`."""
    return _doing(rollback)[0]


def what_was_done(rollback: Rollback) -> str:
    """Return what has been done, as `rolled back to a1b2c3d`."""
    return _doing(rollback)[1]


def _doing(rollback: Rollback) -> tuple[str, str]:
    """Return it as something to do, and as done."""
    plan = rollback.plan
    if rollback.way is Way.PERCENTAGE:
        share = rollback.rollout_percentage if plan is None or plan.percentage is None else plan.percentage
        return (words := f"set the share of visitors to {share:g} %"), words
    target = short_name(rollback.to_sha) or rollback.to_deployment or rollback.target_asked
    if rollback.kind is RollbackKind.ROLLBACK:
        target = target or "the last known good release"
        if rollback.way is Way.ROLLING_RELEASE:
            return (
                f"abort the rolling release, back to {target}",
                f"the rolling release was aborted, back to {target}",
            )
        return f"roll back to {target}", f"rolled back to {target}"
    target = target or "the newest build"
    if rollback.kind is RollbackKind.PROMOTE:
        return f"promote {target}", f"promoted {target}"
    return f"take the rollback back, to {target}", f"the rollback was taken back, to {target}"


def headline(rollback: Rollback) -> str:
    """Return where it stands, in a few words, without the project's name."""
    doing = what(rollback)
    if rollback.dry_run and rollback.state is RollbackState.PLANNED:
        return f"{doing}: the plan, and nothing is changed"
    match rollback.state:
        case RollbackState.AWAITING_APPROVAL:
            until = f" until {hour(rollback.approve_until)}" if rollback.approve_until else ""
            again = "asked again: " if rollback.round > 1 else ""
            return f"{again}{doing}? A YES is waited for{until}"
        case RollbackState.REQUESTED:
            return f"{doing}: asked for by {rollback.requested_by}"
        case RollbackState.SUCCEEDED:
            return _result(rollback)
        case state if state in _ENDED:
            return f"{doing}: {_ENDED[state]}"
    return f"{doing}: {_GOING_ON[rollback.state]}"


_GOING_ON: Final[Mapping[RollbackState, str]] = {
    RollbackState.PLANNED: "planned",
    RollbackState.APPROVED: "approved, and looked at once more",
    RollbackState.EXECUTING: "production is being moved",
    RollbackState.VERIFYING: "production has moved; it is measured whether that helps",
}


def _result(rollback: Rollback) -> str:
    done = what_was_done(rollback)
    match rollback.outcome:
        case Outcome.CURED:
            return f"{done}. It has helped"
        case Outcome.NOT_CURED:
            return f"{done}. It has NOT helped: somebody must look now"
        case Outcome.NOT_MOVED:
            return f"{done}. But production is not there: somebody must look now"
    return f"{done}. Whether it has helped cannot be told yet"


def evidence_title(rollback: Rollback) -> str:
    return "What speaks for it" if rollback.kind is RollbackKind.ROLLBACK else "How production does now"


def evidence_sentences(evidence: RollbackEvidence | None) -> list[str]:
    """Return what speaks for it: the numbers, since when, whose fault."""
    if evidence is None:
        return ["What speaks for it could not be read."]
    told = [_numbers(evidence)] if evidence.this else []
    if evidence.since is not None:
        told.append(f"Production has been {evidence.verdict} since {clock(evidence.since)}.")
    else:
        told.append(f"Production is {evidence.verdict} by the newest check.")
    return [*told, _fault(evidence)]


def _numbers(evidence: RollbackEvidence) -> str:
    this, before = evidence.this, evidence.before
    assert this is not None  # noqa: S101 - the caller has looked
    told = f"{_share(this, evidence.noun)} of {short_name(this.release) or 'this release'} failed"
    if before is None:
        return f"{told}; how the release before did is not known."
    told += f", {_share(before, evidence.noun)} of {short_name(before.release) or 'the one before'}"
    if evidence.ratio is not None:
        told += f": {evidence.ratio:.3g} times as often"
    if evidence.p_value is not None:
        chance = "less than one in 10,000" if evidence.p_value < 0.0001 else f"{evidence.p_value:.2g}"
        told += f", by chance with a probability of {chance}"
    return f"{told}."


def _share(count: ErrorCount, noun: str) -> str:
    return f"{count.failures:,} of {amount(count.total, noun)} ({percent(count.rate)})"


def _fault(evidence: RollbackEvidence) -> str:
    match evidence.fault:
        case Fault.RELEASE:
            told = f"The fault lies with release {short_name(evidence.fault_release)}."
            return told if _is_in_the_numbers(evidence) else f"{told} {sentence(evidence.fault_reason)}"
        case Fault.PLATFORM:
            return f"The fault lies with the platform. {sentence(evidence.fault_reason)}"
        case Fault.US:
            return f"The fault lies with our own connection. {sentence(evidence.fault_reason)}"
        case Fault.NONE:
            return "Nothing is wrong by the newest check."
    return f"Whose fault it is, is not clear. {sentence(evidence.fault_reason)}"


def _is_in_the_numbers(evidence: RollbackEvidence) -> bool:
    """Return True when the reason compares the same counts as the numbers do, which stand beside it."""
    this = evidence.this
    return this is not None and f"{this.failures:,} of {this.total:,}" in evidence.fault_reason


def notable(plan: Plan) -> tuple[Point, ...]:
    """Return the points that people must know of: what blocks first, then the warnings."""
    blocks = [point for point in plan.points if point.mark is Mark.BLOCKS]
    return (*blocks, *(point for point in plan.points if point.mark is Mark.WARNING))


def points_in_order(plan: Plan) -> tuple[Point, ...]:
    """Return all points: what people must know of first."""
    return (*notable(plan), *(point for point in plan.points if point.mark is Mark.OK))


def point_words(point: Point) -> str:
    forced = " (forced)" if point.is_forced else ""
    return f"{point.name}{forced}: {point.reason}"


def question(rollback: Rollback) -> list[str]:
    """Return who may answer and how, for people."""
    who = "Anybody who gives a name may answer"
    if rollback.approvers:
        who = f"May answer: {', '.join(rollback.approvers)}"
    if rollback.two_person:
        who += f"; {rollback.requested_by}, who asked for it, not alone"
    until = f" Without an answer it expires at {clock(rollback.approve_until)}." if rollback.approve_until else ""
    return [f"{who}.{until}", f"This is plan {plan_digest(rollback)}."]


def commands(rollback: Rollback) -> tuple[str, str]:
    """Return what to type for YES and for NO."""
    start = "watchkeeper rollback"
    approve = f"{start} approve {rollback.id} --as NAME --plan {plan_digest(rollback)}"
    return approve, f"{start} decline {rollback.id} --as NAME"


def step_words(entry: TimelineEntry) -> str:
    """Return what a step has come to, in which words, and by whom."""
    told, actor = sentence(entry.sentence), entry.actor
    begins = entry.after is not entry.before or entry.after is RollbackState.REQUESTED
    parts = [entry.after.value.replace("_", " ")] if begins or not told else []
    who = "" if actor == "watchkeeper" or told.startswith(actor) else f" ({actor})"
    return ": ".join([*parts, *([told] if told else [])]) + who


def runbook(rollback: Rollback) -> str:
    """Return where it is written what this state means, and what to do next."""
    return f"What this means, and what to do next: {RUNBOOK}#{_SECTIONS.get(rollback.state, 'the-states')}"


def asked_by(rollback: Rollback) -> str:
    by = f"Rollback {rollback.id}, asked for by {rollback.requested_by} at {clock(rollback.requested_at)}"
    return f"{by}: {rollback.reason}" if rollback.reason.strip() else by


def custody_words(rollback: Rollback) -> str:
    """Return what it does to later builds; "" where it does nothing to them."""
    if resumes_deploys(rollback):
        return RESUMES
    if not leaves_custody(rollback):
        return ""
    when = "After it" if rollback.moved_at is None else "Since then"
    return f"{when} new builds do not go live by themselves, until somebody promotes one."


def leaves_custody(rollback: Rollback) -> bool:
    """Return True where people must know, before or after, that later builds do not go live."""
    is_back = rollback.kind is RollbackKind.ROLLBACK and rollback.way is not None and rollback.way.leaves_custody
    is_over = rollback.state in {RollbackState.REFUSED, RollbackState.DECLINED, RollbackState.EXPIRED}
    return is_back and not is_over and rollback.custody_ended_at is None


def resumes_deploys(rollback: Rollback) -> bool:
    """Return True for what turns Vercel's automatic assignment of production domains on again, until it is over."""
    return rollback.kind is not RollbackKind.ROLLBACK and not rollback.state.is_final


def clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def hour(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M} UTC"
