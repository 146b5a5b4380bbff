"""The draft of a post-incident report as a page of HTML and as Markdown."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from reports import markdown
from reports.pages import environment
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Entry
from watchkeeper.domain.phrases import span
from watchkeeper.domain.post_incident import Phase, PostIncident
from watchkeeper.domain.verdicts import Verdict

MOST_LINES: Final = 500
_VERDICTS: Final = {
    Severity.CRITICAL: Verdict.CRITICAL,
    Severity.WARNING: Verdict.WARNING,
    Severity.INFO: Verdict.HEALTHY,
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the timeline as it is shown."""

    at: str
    actor: str
    text: str


@dataclass(frozen=True, slots=True)
class PhaseLine:
    name: str
    start: str
    took: str
    note: str


def incident_page(report: PostIncident) -> str:
    """Return the whole page; text from outside is escaped in it."""
    incident = report.incident
    return (
        environment()
        .get_template("incident.html")
        .render(
            report=report,
            incident=incident,
            verdict=_VERDICTS[incident.severity],
            dates=_dates(report),
            phases=[_phase(phase) for phase in report.phases],
            done=[_line(entry) for entry in report.done],
            lines=[_line(entry) for entry in report.timeline[:MOST_LINES]],
            drafted_at=_moment(report.drafted_at),
        )
    )


def incident_markdown(report: PostIncident) -> str:
    """Return the same for an issue, a wiki or the Prefect UI."""
    incident, escape = report.incident, markdown.escape
    head = f"# Incident {incident.number}: {escape(incident.title, 300)}"
    about = f"{escape(report.project_name)}, {incident.severity}, {incident.status}. {_dates(report)}."
    phases = [(p.name, p.start, p.took, escape(p.note)) for p in map(_phase, report.phases)]
    lines = [(line.at, escape(line.actor, 80), escape(line.text)) for line in map(_line, report.timeline[:MOST_LINES])]
    parts = [
        head,
        about,
        "\n".join(["## Impact", "", *(f"- {escape(said)}" for said in report.impact)]),
        "## How long each phase took\n\n" + markdown.table(("Phase", "From", "Took", "What ended it"), phases),
        "\n".join(["## Cause, with its evidence", "", *(f"- {escape(said)}" for said in report.cause)]),
        "\n".join(["## What was done", "", *(_done(entry) for entry in report.done)]) if report.done else "",
        "## Timeline\n\n" + markdown.table(("When", "Who", "What"), lines),
        "\n".join(["## Questions for people", "", *(f"1. {escape(question)}" for question in report.questions)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _done(entry: Entry) -> str:
    return f"- {_moment(entry.at)}: {markdown.escape(entry.text)} ({markdown.escape(entry.actor, 80)})"


def _line(entry: Entry) -> Line:
    return Line(_moment(entry.at), entry.actor, entry.text)


def _phase(phase: Phase) -> PhaseLine:
    return PhaseLine(phase.name, _moment(phase.start), "–" if phase.length is None else span(phase.length), phase.note)


def _dates(report: PostIncident) -> str:
    start, end = report.incident.started_at, report.incident.resolved_at
    return f"{_moment(start)} to {_moment(end)} UTC" if end else f"since {_moment(start)} UTC"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
