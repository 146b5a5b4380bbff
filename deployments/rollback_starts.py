"""`watchkeeper rollback plan | start | promote | undo`: what begins a way back."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any, Final

from deployments.command import client_environment, fail, output, plain_line, settings_of, store_environment
from deployments.rollback_app import (
    REFUSED,
    As,
    DryRun,
    Json,
    known_rollback,
    last_rollbacks,
    name_or_account,
    print_rollback,
    project_of,
    rollback_app,
)

MOST_EARLIER: Final = 20  # as many as the run looks at


@rollback_app.command
def plan(project: str, *, target: str = "", requested_by: As = "", as_json: Json = False) -> int:
    """Show what would be done, and what speaks for and against it. Nothing is changed.

    Parameters
    ----------
    project
        Slug of the project.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the last known good release]
    """
    return _start(
        {"project": project, "target": target, "requested_by": name_or_account(requested_by)}, as_json=as_json
    )


@rollback_app.command
def start(  # noqa: PLR0913 - the form
    project: str,
    *,
    reason: str,
    target: str = "",
    force: str = "",
    percentage: float = 0,
    verify_minutes: float | None = None,
    dry_run: DryRun = True,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Take production back to an earlier release: the plan first, then a YES is asked for.

    Parameters
    ----------
    project
        Slug of the project.
    reason
        Why, for those who approve and for the record.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the last known good release]
    force
        Type the slug of the project to go on where a matter of judgement blocks the plan. It is recorded.
    percentage
        For projects whose rollout is a percentage: the share of visitors afterwards, 0 to 100.
    verify_minutes
        How long to measure whether it has helped. [default: as configured]
    """
    asked = {
        "project": project,
        "reason": reason,
        "target": target,
        "force": force,
        "rollout_percentage": percentage,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": name_or_account(requested_by),
    }
    return _start(asked, as_json=as_json)


@rollback_app.command
def promote(  # noqa: PLR0913 - the form
    project: str,
    *,
    target: str = "",
    reason: str = "",
    verify_minutes: float | None = None,
    dry_run: DryRun = False,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Let a build go live. Automatic deploys resume: later builds go live by themselves again.

    It ends what a rollback leaves. The plan comes first, then a YES is asked for.

    Parameters
    ----------
    project
        Slug of the project.
    target
        Id or address of a Vercel deployment, or a commit SHA. [default: the newest build]
    reason
        Why, for those who approve and for the record.
    verify_minutes
        How long to measure whether it is well. [default: as configured]
    """
    asked = {
        "project": project,
        "action": "promote",
        "target": target,
        "reason": reason,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": name_or_account(requested_by),
    }
    return _start(asked, as_json=as_json)


@rollback_app.command
def undo(  # noqa: PLR0913 - the form
    number: int,
    *,
    reason: str = "",
    verify_minutes: float | None = None,
    dry_run: DryRun = False,
    requested_by: As = "",
    as_json: Json = False,
) -> int:
    """Take a rollback back that was wrong: what served before it serves again. A YES is asked for.

    Parameters
    ----------
    number
        Id of the rollback.
    reason
        Why, for those who approve and for the record.
    verify_minutes
        How long to measure whether it is well. [default: as configured]
    """
    os.environ.update(store_environment(settings_of()))
    wrong = known_rollback(number)
    from watchkeeper.domain.rollback_requests import why_not_undone  # noqa: PLC0415

    why_not = why_not_undone(wrong, last_rollbacks((wrong.project,), MOST_EARLIER))
    if why_not:
        fail(why_not)
    asked = {
        "project": wrong.project,
        "action": "undo",
        "reason": reason,
        "verify_minutes": verify_minutes,
        "dry_run": dry_run,
        "requested_by": name_or_account(requested_by),
    }
    return _start(asked, as_json=as_json)


def _start(asked: Mapping[str, Any], *, as_json: bool) -> int:
    """Start a run and show what has come of it."""
    project_of(str(asked["project"]))
    os.environ.update(client_environment(settings_of()) | {"PREFECT_LOGGING_LEVEL": "ERROR"})
    from deployments.rollback import NotStartedError, exit_code, start_way_back  # noqa: PLC0415 - imports Prefect

    try:
        with output.status("Making the plan ..."):
            found = asyncio.run(start_way_back(asked))
    except NotStartedError as error:
        fail(plain_line(str(error)), REFUSED)
    print_rollback(found.id, as_json=as_json)
    if found.state == "awaiting_approval" and not as_json:
        output.print(
            f"\nTo go on:   watchkeeper rollback approve {found.id} --as NAME --follow\n"
            f"To refuse:  watchkeeper rollback decline {found.id} --as NAME",
            highlight=False,
            soft_wrap=True,
        )
    return exit_code(found)
