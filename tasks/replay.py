"""The triggers of ways back over the stored past: for the command line and for the reports."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from tasks.proposals import CHECKS_BACK, recall_triggers
from tasks.store import database
from watchkeeper.config import Configuration, Project
from watchkeeper.domain.rollback_replay import Replay, replay
from watchkeeper.domain.windows import Window
from watchkeeper.store import health
from watchkeeper.store.database import reading

ENDS_WITHIN: Final = timedelta(days=1)  # how long after the window it is looked how a trouble has ended


def replay_project(configuration: Configuration, project: Project, window: Window) -> Replay:
    """Return what the triggers would have done in `window`, by the limits of `project`."""
    around = Window(window.start - CHECKS_BACK, window.end + ENDS_WITHIN)
    history = recall_triggers.fn((project.slug,), around)[project.slug]
    limits, policy = project.health_limits, project.rollback_policy
    return replay(project.slug, history, window, limits, policy, configuration.maintenances(project))


def replays(configuration: Configuration, windows: Mapping[str, Window]) -> dict[str, Replay]:
    """Return the replays of all projects that were critical at all, by slug; of the others no history is read.

    Args:
        windows: by time zone of a project.
    """
    all_of_them = Window(min(each.start for each in windows.values()), max(each.end for each in windows.values()))
    with reading(database()) as session:
        suspects = health.critical_projects(session, configuration.slugs, all_of_them)
    return {
        project.slug: replay_project(configuration, project, windows[project.zone.key])
        for project in configuration.projects
        if project.slug in suspects
    }
