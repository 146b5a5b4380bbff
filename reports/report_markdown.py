"""The key figures of a report as Markdown, for the artifacts in Prefect's UI."""

from collections.abc import Mapping
from typing import Final

from reports import markdown
from reports.figures import change, figure_value
from reports.health import EMOJI
from reports.incident_words import incidents_sentence
from reports.order import worst_first
from reports.period_words import TITLES, compared, dates
from reports.replay import replay_sentence
from reports.text import sentence
from watchkeeper.domain.period_reports import Figure, PeriodReport, ProjectReport, ReportPeriod

MOST_PROJECTS: Final = 50


def key_figures(report: PeriodReport) -> str:
    """Return the headline and a table of each project's five key figures, the worst project first."""
    projects = worst_first(report.projects)
    told = [
        f"## {EMOJI[report.verdict]} {markdown.escape(report.headline)}",
        f"{TITLES[report.period]}, {dates(report.window, report.zone, report.period)} ({markdown.escape(report.zone)})",
        *(markdown.escape(sentence(said)) for said in report.sentences[:3]),
        markdown.escape(sentence(report.why_empty)),
        _table(projects[:MOST_PROJECTS], compared(report)["previous"]) if projects else "",
    ]
    if len(projects) > MOST_PROJECTS:
        told.append(f"… and {len(projects) - MOST_PROJECTS} more projects")
    told += [_incidents(report), _replays(projects[:MOST_PROJECTS])]
    return "\n\n".join(part for part in told if part)


def _table(projects: list[ProjectReport], before: str) -> str:
    titles = _titles(projects)
    head = ("Project", "Verdict", *map(markdown.escape, titles.values()))
    rows = [
        (
            markdown.escape(project.name, 100),
            f"{EMOJI[project.verdict]} {project.verdict}",
            *(_cell(project.figures.get(name)) for name in titles),
        )
        for project in projects
    ]
    note = f"Changes are against {before}; better or worse is said only of what is larger than chance."
    return f"{markdown.table(head, rows, right=head[2:])}\n\n{note}"


def _incidents(report: PeriodReport) -> str:
    """Return how many incidents there were, and how fast they were taken on and ended; "" in a daily report."""
    if report.incidents is None or report.period is ReportPeriod.DAILY:
        return ""
    return f"### Incidents\n\n{markdown.escape(incidents_sentence(report.incidents))}"


def _replays(projects: list[ProjectReport]) -> str:
    """Return what the triggers of ways back would have done; "" when nothing."""
    lines = [f"- {markdown.escape(p.name, 100)}: {replay_sentence(p.replay)}" for p in projects if p.replay]
    return "\n".join(["### Going back: what the triggers would have done", "", *lines]) if lines else ""


def _titles(projects: list[ProjectReport]) -> Mapping[str, str]:
    """Return the titles of all key figures by their names."""
    return {name: p.figures[name].title for p in projects for name in p.key_figures if name in p.figures}


def _cell(figure: Figure | None) -> str:
    if figure is None:
        return "–"
    moved = change(figure.trends.get("previous"), figure.unit)
    value = markdown.escape(str(figure_value(figure)))
    return f"{value} ({markdown.escape(str(moved))})" if moved.amount else value
