"""From what somebody typed, or an event said, to what is asked for: the dangerous choices are made by naming them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Final

from watchkeeper.domain.approvals import NAMELESS
from watchkeeper.domain.people import WATCHKEEPER, Nobody, checked_name, find_person, is_watchkeeper
from watchkeeper.domain.phrases import listed
from watchkeeper.domain.rollback import (
    AutoRollback,
    Rollback,
    RollbackKind,
    RollbackPolicy,
    RollbackRequest,
    RollbackState,
    Source,
)

_SHOWS_ONLY: Final = frozenset({AutoRollback.OFF, AutoRollback.PROPOSE})


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the form, or in the stored proposal.

    Attributes:
        force: the slug of the project, typed to go on where a matter of judgement blocks the plan.
        approval_timeout_minutes, verify_minutes: None for what the project is configured with.
        event_id: of the stored proposal that asks for it; "" when a person does. No form has a field for it.
        release: the one that is proposed to be left; "" when a person asks.
    """

    project: str
    action: str = "rollback"
    target: str = ""
    reason: str = ""
    requested_by: str = ""
    dry_run: bool = True
    rollout_percentage: float = 0.0
    force: str = ""
    approval_timeout_minutes: float | None = None
    verify_minutes: float | None = None
    event_id: str = ""
    release: str = ""

    @property
    def requester(self) -> str:
        return self.requested_by.strip() or (WATCHKEEPER if self.event_id else NAMELESS)

    @property
    def source(self) -> Source:
        return Source.AUTOMATIC if is_by_event(self) else Source.MANUAL


def first_request(asked: Asked, run: str) -> RollbackRequest:
    """Return what is written down before anything is looked up: what was asked, and nothing that anybody is spared.

    Args:
        run: id of the flow run that asks.
    """
    return RollbackRequest(
        project=asked.project,
        requested_by=asked.requester,
        reason=asked.reason,
        flow_run_id=run,
        kind=RollbackKind(asked.action),
        source=asked.source,
        target_asked=asked.target,
        rollout_percentage=asked.rollout_percentage,
        dry_run=asked.dry_run,
        event_id=asked.event_id,
        asked=asdict(asked),
    )


def request_of(asked: Asked, policy: RollbackPolicy, run: str, earlier: Sequence[Rollback]) -> RollbackRequest:
    """Return what is asked for, with what the project's configuration makes of it.

    By itself a run only shows its plan unless the project is configured to go further, and nothing is forced. Who asks
    is never spared the question whether to go on.

    Args:
        run: id of the flow run that asks.
        earlier: the project's last ways back, newest first: an undo takes the last one back that moved production.

    Raises:
        ValueError: `force` is not the project's slug, there is nothing to take back, the name is none that a person
            can have, or two people are needed and nobody knows who asks.
    """
    if asked.force and asked.force != asked.project:
        raise ValueError(f"to force it, type the slug of the project, {asked.project}, as `force`")
    by_event, kind = is_by_event(asked), RollbackKind(asked.action)
    requested_by = WATCHKEEPER if by_event else _requester(asked, policy)
    alone = by_event and policy.auto is AutoRollback.AUTOMATIC
    return RollbackRequest(
        project=asked.project,
        requested_by=requested_by,
        reason=asked.reason,
        flow_run_id=run,
        kind=kind,
        source=asked.source,
        target_asked=asked.target,
        rollout_percentage=asked.rollout_percentage,
        require_approval=not alone,
        may_run_alone=alone,
        dry_run=policy.auto in _SHOWS_ONLY if by_event else asked.dry_run,
        is_forced=bool(asked.force) and not by_event,
        two_person=policy.two_person,
        approvers=policy.approvers,
        approval_timeout=_minutes(asked.approval_timeout_minutes, policy.approval_timeout),
        verify_for=_minutes(asked.verify_minutes, policy.verify_for),
        event_id=asked.event_id,
        undoes=_to_take_back(asked.project, earlier) if kind is RollbackKind.UNDO else None,
        asked=asdict(asked),
    )


def is_by_event(asked: Asked) -> bool:
    """Return True when an event asks, and no person does: who gives a name is a person, whatever else is typed."""
    name = asked.requested_by.strip()
    return bool(asked.event_id) and (not name or is_watchkeeper(name))


def why_not_undone(rollback: Rollback, earlier: Sequence[Rollback]) -> str:
    """Return why an undo would not take this one back; "" where it would.

    Args:
        earlier: the project's last ways back, newest first.
    """
    last = _last_that_stands(earlier)
    if last is not None and last.id == rollback.id:
        return ""
    could = f"the one that can be taken back is {last.id}" if last else "nothing can be taken back"
    if rollback.kind is not RollbackKind.ROLLBACK:
        return f"{rollback.id} is no rollback ({rollback.kind}): only one that is can be taken back; {could}"
    if rollback.state is RollbackState.UNDONE:
        return f"rollback {rollback.id} is taken back already; {could}"
    if rollback.moved_at is None:
        return f"rollback {rollback.id} has not moved production; {could}"
    newer = f"that is {last.id}" if last else could
    return f"rollback {rollback.id} is not the last one of {rollback.project} that has moved production; {newer}"


def _requester(asked: Asked, policy: RollbackPolicy) -> str:
    """Return who asks, as listed where two people are needed: who asks must be known for one, and may not approve.

    Raises:
        ValueError: that cannot be told.
    """
    must_be_known, typed = policy.two_person and not asked.dry_run, asked.requested_by.strip()
    if not typed and not must_be_known:
        return NAMELESS
    entries = (*policy.approvers, *policy.requesters)
    if not typed:
        raise ValueError(
            f"type your name or e-mail address as `requested_by`: {asked.project} needs two people, "
            "and who asks may not approve"
        )
    name = _own_name(typed)
    found = find_person(name, entries)
    if not isinstance(found, Nobody):
        return found.name
    if must_be_known:
        known = listed([person.partition("<")[0].strip() or person for person in entries], 5)
        raise ValueError(
            f"`requested_by`: {found.reason}. {asked.project} needs two people, so who asks must be one of {known}: "
            "ask one of them, or have yourself listed in rollback.requesters"
        )
    return name


def _own_name(typed: str) -> str:
    try:
        name = checked_name(typed)
    except ValueError as error:
        raise ValueError(f"`requested_by`: {error}") from None
    if is_watchkeeper(name):
        raise ValueError(f"`requested_by`: {WATCHKEEPER} is no person: type your own name or e-mail address")
    return name


def _to_take_back(project: str, earlier: Sequence[Rollback]) -> int:
    last = _last_that_stands(earlier)
    if last is None:
        raise ValueError(f"no rollback of {project} has moved production: there is nothing to take back")
    return last.id


def _last_that_stands(earlier: Sequence[Rollback]) -> Rollback | None:
    """Return the last rollback that has moved production and was not taken back."""
    moved = (each for each in earlier if each.kind is RollbackKind.ROLLBACK and each.moved_at is not None)
    return next((each for each in moved if each.state is not RollbackState.UNDONE), None)


def _minutes(given: float | None, configured: timedelta) -> timedelta:
    return configured if given is None else timedelta(minutes=given)
