"""In which order projects are read."""

from collections.abc import Iterable

from reports.health import WORST_FIRST
from watchkeeper.domain.period_reports import ProjectReport


def worst_first(projects: Iterable[ProjectReport]) -> list[ProjectReport]:
    """Return the projects by verdict, the lowest score of one verdict first, then by name."""
    return sorted(projects, key=_rank)


def _rank(project: ProjectReport) -> tuple[int, float, str, str]:
    score = 101.0 if project.score is None else project.score
    return WORST_FIRST.index(project.verdict), score, project.name.casefold(), project.slug
