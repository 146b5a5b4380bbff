"""From what somebody typed, or an event said, to what is asked for: the dangerous choices are made by naming them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

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
    """What stands in the form, or in the event.

    Attributes:
        force: the slug of the project, typed to go on where a matter of judgement blocks the plan.
        approval_timeout_minutes, verify_minutes: None for what the project is configured with.
        event_id: of the event that asks for it; "" when a person does.
    """

    project: str
    action: str = "rollback"
    target: str = ""
    reason: str = ""
    requested_by: str = ""
    dry_run: bool = True
    require_approval: bool = True
    rollout_percentage: float = 0.0
    force: str = ""
    approval_timeout_minutes: float | None = None
    verify_minutes: float | None = None
    event_id: str = ""


def request_of(asked: Asked, policy: RollbackPolicy, run: str, earlier: Sequence[Rollback]) -> RollbackRequest:
    """Return what is asked for, with what the project's configuration makes of it.

    By itself a run only shows its plan unless the project is configured to go further, and nothing is forced.

    Args:
        run: id of the flow run that asks.
        earlier: the project's last ways back, newest first: an undo takes the last one back that moved production.

    Raises:
        ValueError: `force` is not the project's slug, or there is nothing to take back.
    """
    if asked.force and asked.force != asked.project:
        raise ValueError(f"to force it, type the slug of the project, {asked.project}, as `force`")
    by_event, kind = bool(asked.event_id), RollbackKind(asked.action)
    alone = policy.auto is AutoRollback.AUTOMATIC
    return RollbackRequest(
        project=asked.project,
        requested_by=asked.requested_by.strip() or ("watchkeeper" if by_event else "somebody without a name"),
        reason=asked.reason,
        flow_run_id=run,
        kind=kind,
        source=Source.AUTOMATIC if by_event else Source.MANUAL,
        target_asked=asked.target,
        rollout_percentage=asked.rollout_percentage,
        require_approval=not alone if by_event else asked.require_approval,
        may_run_alone=alone,
        dry_run=policy.auto in _SHOWS_ONLY if by_event else asked.dry_run,
        is_forced=bool(asked.force) and not by_event,
        two_person=policy.two_person,
        approvers=policy.approvers,
        approval_timeout=_minutes(asked.approval_timeout_minutes, policy.approval_timeout),
        verify_for=_minutes(asked.verify_minutes, policy.verify_for),
        event_id=asked.event_id,
        undoes=_to_take_back(asked.project, earlier) if kind is RollbackKind.UNDO else None,
    )


def _to_take_back(project: str, earlier: Sequence[Rollback]) -> int:
    for rollback in earlier:
        stands = rollback.moved_at is not None and rollback.state is not RollbackState.UNDONE
        if rollback.kind is RollbackKind.ROLLBACK and stands:
            return rollback.id
    raise ValueError(f"no rollback of {project} has moved production: there is nothing to take back")


def _minutes(given: float | None, configured: timedelta) -> timedelta:
    return configured if given is None else timedelta(minutes=given)
