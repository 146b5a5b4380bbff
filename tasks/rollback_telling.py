"""Tells people of a way back: the steps of one thread, an artifact, and what changes while it waits."""

from prefect import get_run_logger
from prefect.artifacts import acreate_markdown_artifact

from reports.rollback import plan_text
from tasks.rollback_record import note
from watchkeeper.config import Project
from watchkeeper.domain.rollback import Rollback

TOLD = "told"


def was_told(rollback: Rollback) -> bool:
    """Return True when people were told of the state it is in."""
    return rollback.notes.get(TOLD) == rollback.state.value


async def tell(project: Project, rollback: Rollback) -> Rollback:
    """Tell people where a way back stands, and return it with what was noted of that."""
    get_run_logger().info("rollback %s of %s is %s", rollback.id, project.slug, rollback.state)
    return note(rollback.id, {}, "", {TOLD: rollback.state.value})


async def remind(project: Project, rollback: Rollback) -> None:
    get_run_logger().info("rollback %s of %s waits", rollback.id, project.slug)


async def tell_changes(project: Project, rollback: Rollback, news: str) -> None:
    get_run_logger().info("rollback %s of %s: %s", rollback.id, project.slug, news)


async def show_plan(project: Project, rollback: Rollback) -> None:
    """Write the plan as the newest version of the artifact `rollback-<project>`."""
    await acreate_markdown_artifact(key=f"rollback-{rollback.project}", markdown=plan_text(rollback, project.name))
