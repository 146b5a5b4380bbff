"""A report's short form: what stands in Slack, and what goes by e-mail and the like."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

from reports import slack
from reports.figures import change, figure_value
from reports.health import EMOJI
from reports.incident_words import incidents_sentence
from reports.order import worst_first
from reports.period_words import TITLES, compared, dates
from reports.slack import SlackMessage
from reports.text import is_web_url, one_line, sentence
from watchkeeper.domain.period_reports import Figure, PeriodReport, ProjectReport, Recommendation, ReportPeriod
from watchkeeper.domain.verdicts import Verdict, worst

MOST_PROJECTS: Final = 25
MOST_ACTIONS: Final = 5
MOST_FIGURES: Final = 5
MOST_NAMED: Final = 8
_LONGEST_SCOPE: Final = 60


@dataclass(frozen=True, slots=True)
class PlainMessage:
    """A message of plain text."""

    title: str
    text: str


def report_title(report: PeriodReport) -> str:
    """Return `Daily report, Friday 20 November 2026`."""
    return f"{TITLES[report.period]}, {dates(report.window, report.zone, report.period)}"


def file_stem(report: PeriodReport, scope: str) -> str:
    """Return what the files of a report are called, as `daily-2026-11-20`: the same whenever it is made again.

    Args:
        scope: the slugs that were asked for, with commas between them; "" for all projects.
    """
    place = ZoneInfo(report.zone)
    start, end = (moment.astimezone(place) for moment in (report.window.start, report.window.end))
    parts = [report.period.value, f"{start:%Y-%m}" if report.period is ReportPeriod.MONTHLY else f"{start:%Y-%m-%d}"]
    if report.period is ReportPeriod.CUSTOM:
        parts[1:] = [f"{start:%Y-%m-%dT%H%M}", f"{end:%Y-%m-%dT%H%M}"]
    if report.zone != "UTC":
        parts.append(_for_a_file(report.zone))
    if scope:
        parts.append(_for_a_file(scope))
    return "-".join(parts)


def report_message(report: PeriodReport, link: str, projects: Collection[str] = ()) -> SlackMessage:
    """Return the message of a report: verdicts, key figures, what needs doing, where the whole of it is.

    Args:
        link: address of the whole report; "" for none.
        projects: slugs of those that are told of here; all when empty.
    """
    told = _Told.of(report, projects)
    title = f"{EMOJI[told.verdict]} *{slack.escape(report_title(report), 150)}*"
    blocks = [slack.section(f"{title}\n{slack.escape(sentence(told.headline), 600)}")]
    if told.sentences:
        blocks.append(slack.section(slack.bullets([slack.escape(sentence(s), 600) for s in told.sentences], 3)))
    blocks += [slack.section(_project_lines(project)) for project in told.projects[:MOST_PROJECTS]]
    if rest := told.projects[MOST_PROJECTS:]:
        blocks.append(slack.section(slack.escape(_left_out(rest), 1000)))
    if told.actions:
        lines = [_action_line(action, told.names[action.project]) for action in told.actions]
        blocks.append(slack.section(f"*What needs doing*\n{slack.bullets(lines, MOST_ACTIONS)}"))
    if told.incidents:
        blocks.append(slack.section(f"*Incidents*\n{slack.escape(told.incidents, 600)}"))
    blocks += [*slack.links_line({"The whole report": link}), slack.context([f"Compared with {_before(report)}."])]
    return slack.slack_message(f"{title}: {slack.escape(told.headline, 600)}".replace("*", ""), blocks)


def report_text(report: PeriodReport, link: str, projects: Collection[str] = ()) -> PlainMessage:
    """Return the same as plain text."""
    told = _Told.of(report, projects)
    paragraphs = [
        "\n".join([sentence(one_line(told.headline)), *(sentence(one_line(each)) for each in told.sentences)]),
        "\n".join(_project_text(project) for project in told.projects[:MOST_PROJECTS]),
        _left_out(told.projects[MOST_PROJECTS:]),
        "\n".join(_actions_text(told)),
        f"Incidents: {told.incidents}" if told.incidents else "",
        f"The whole report: {link}" if is_web_url(link) else "",
        f"Compared with {_before(report)}.",
    ]
    return PlainMessage(one_line(f"{report_title(report)}: {told.verdict}"), "\n\n".join(filter(None, paragraphs)))


@dataclass(frozen=True, slots=True)
class _Told:
    """What of a report is told at one place."""

    verdict: Verdict
    headline: str
    sentences: tuple[str, ...]
    projects: Sequence[ProjectReport]
    actions: tuple[Recommendation, ...]
    names: dict[str, str]
    incidents: str  # a sentence; "" in a daily report, and where only some projects are told of

    @classmethod
    def of(cls, report: PeriodReport, slugs: Collection[str]) -> "_Told":
        projects = worst_first(project for project in report.projects if not slugs or project.slug in slugs)
        is_all = len(projects) == len(report.projects)
        names = {project.slug: project.name for project in projects}
        verdict = report.verdict if is_all else worst(project.verdict for project in projects)
        return cls(
            verdict=verdict,
            headline=(report.why_empty or report.headline) if is_all else _headline(projects),
            sentences=report.sentences if is_all and not report.why_empty else (),
            projects=projects,
            actions=tuple(action for action in report.actions if action.project in names),
            names=names,
            incidents=_incidents(report) if is_all else "",
        )


def _incidents(report: PeriodReport) -> str:
    if report.incidents is None or report.period is ReportPeriod.DAILY:
        return ""
    return incidents_sentence(report.incidents)


def _headline(projects: Sequence[ProjectReport]) -> str:
    """Return one sentence on some of the projects; the report's own is on all of them."""
    unwell = [f"{project.name} is {project.verdict}" for project in projects if project.verdict is not Verdict.HEALTHY]
    if not unwell:
        return f"{projects[0].name} was healthy" if len(projects) == 1 else f"All {len(projects)} were healthy"
    return ", ".join(unwell[:MOST_NAMED]) + (f" and {len(unwell) - MOST_NAMED} more" if unwell[MOST_NAMED:] else "")


def _project_lines(project: ProjectReport) -> str:
    head = f"{EMOJI[project.verdict]} *{slack.escape(project.name, 100)}*: {project.verdict}"
    reason = slack.escape(sentence(project.reasons[0]), 300) if project.reasons else ""
    is_known = not project.is_empty and project.verdict is not Verdict.HEALTHY
    figures = " · ".join(slack.escape(_figure(figure), 120) for figure in _key_figures(project))
    return "\n".join(filter(None, [head, reason if is_known or project.is_empty else "", figures]))


def _project_text(project: ProjectReport) -> str:
    figures = "; ".join(one_line(_figure(figure)) for figure in _key_figures(project))
    return f"- {one_line(project.name)[:100]}: {project.verdict}" + (f". {figures}" if figures else "")


def _key_figures(project: ProjectReport) -> list[Figure]:
    named = project.key_figures[:MOST_FIGURES]
    return [] if project.is_empty else [project.figures[name] for name in named if name in project.figures]


def _figure(figure: Figure) -> str:
    """Return `Failed requests 1.2 % (↑ 30 % higher, worse)`."""
    going = str(change(figure.trends.get("previous"), figure.unit))
    return f"{figure.title} {figure_value(figure)}" + (f" ({going})" if going else "")


def _left_out(projects: Sequence[ProjectReport]) -> str:
    if not projects:
        return ""
    counts = [(sum(project.verdict is verdict for project in projects), verdict) for verdict in EMOJI]
    told = ", ".join(f"{number} {verdict}" for number, verdict in counts if number)
    return f"… and {len(projects)} more projects: {told}."


def _action_line(action: Recommendation, name: str) -> str:
    what = f"{slack.escape(name, 60)}: {slack.escape(sentence(action.sentence), 300)}"
    why = slack.escape(sentence(action.evidence), 300)
    more = f" {slack.link(action.url, 'More')}" if is_web_url(action.url) else ""
    return f"{what} {why}{more}"


def _actions_text(told: _Told) -> list[str]:
    if not told.actions:
        return []
    lines = [
        f"- {one_line(told.names[action.project])[:60]}: {sentence(one_line(action.sentence))} "
        f"{sentence(one_line(action.evidence))}"
        for action in told.actions[:MOST_ACTIONS]
    ]
    rest = len(told.actions) - MOST_ACTIONS
    return ["What needs doing:", *lines, *([f"- … and {rest} more"] if rest > 0 else [])]


def _before(report: PeriodReport) -> str:
    return compared(report)["previous"]


def _for_a_file(text: str) -> str:
    """Return the text in small letters, digits and dashes; a long one is cut and stays distinct by its digest."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if len(name) <= _LONGEST_SCOPE:
        return name
    return f"{name[: _LONGEST_SCOPE - 9]}-{sha256(text.encode()).hexdigest()[:8]}"
