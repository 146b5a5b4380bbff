"""What follows from a health check: going back is proposed where a release is bad."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from prefect import get_run_logger

from reports.proposals import proposal_content
from tasks.proposals import (
    CHECKS_BACK,
    emit_proposals,
    plan_of,
    recall_proposals,
    recall_triggers,
    send_notices,
    write_down,
)
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.rollback import AutoRollback
from watchkeeper.domain.rollback_proposals import (
    Proposed,
    TriggerHistory,
    decide_proposal,
    is_suspect,
)
from watchkeeper.domain.rollback_triggers import NoProposal, Proposal
from watchkeeper.domain.windows import Window
from watchkeeper.store.notices import Notice, NoticeKind


async def propose(configuration: Configuration, checks: Sequence[HealthCheck]) -> None:
    """Propose to go back from releases that are bad by their own fault, once for each; then tell what was proposed.

    Where nothing may happen by itself it is only written down what would have been proposed.
    """
    now = datetime.now(UTC)
    suspects = tuple(check.project for check in checks if is_suspect(check))
    projects = [project for project in configuration.projects if project.slug in suspects]
    if projects:
        slugs = tuple(project.slug for project in projects)
        histories = recall_triggers(slugs, Window(now - CHECKS_BACK, now + timedelta(minutes=1)))
        made = {kind: recall_proposals(slugs, kind, now) for kind in (NoticeKind.PROPOSAL, NoticeKind.SHADOW)}
        for project in projects:
            kind = kind_of(project)
            notice = await proposal_of(
                configuration, project, histories[project.slug], made[kind].get(project.slug, ()), now
            )
            if notice is not None:
                write_down((notice,))
    emit_proposals(configuration, now)
    await send_notices(configuration, now)


async def proposal_of(
    configuration: Configuration,
    project: Project,
    history: TriggerHistory,
    earlier: Sequence[Proposed],
    now: datetime,
) -> Notice | None:
    """Return the proposal for one project; None when there is none, which the log explains."""
    limits, policy, silent = project.health_limits, project.rollback_policy, configuration.maintenance_of(project, now)
    decided = decide_proposal(history, limits, policy, earlier, now, silent)
    plan = None
    if isinstance(decided, Proposal) and policy.auto is not AutoRollback.OFF:
        plan = await plan_of(project, decided.reason, now)
        decided = decide_proposal(history, limits, policy, earlier, now, silent, plan)
    if isinstance(decided, NoProposal):
        get_run_logger().info("No way back is proposed for %s: %s.", project.slug, decided.reason)
        return None
    get_run_logger().warning("Going back is proposed for %s: %s.", project.slug, decided.reason)
    kind, content = kind_of(project), proposal_content(decided, plan)
    # Where a run is started by itself, that run tells people.
    channel = project.slack_channel if policy.auto is AutoRollback.PROPOSE else ""
    return Notice(project.slug, kind, decided.key, now, content, channel, is_event=kind is NoticeKind.PROPOSAL)


def kind_of(project: Project) -> NoticeKind:
    is_off = project.rollback_policy.auto is AutoRollback.OFF
    return NoticeKind.SHADOW if is_off else NoticeKind.PROPOSAL
