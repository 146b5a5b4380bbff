"""The draft of a post-incident report: what the records tell, and the questions that only people can answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.incidents import Entry, EntryKind, Incident
from watchkeeper.domain.phrases import amount, clock, percent, span
from watchkeeper.domain.verdicts import Component, Verdict

QUESTIONS: Final = (
    "What did people who use the product notice, and who told them?",
    "Which change caused it, and why did nothing stop it before production?",
    "What would have found it sooner?",
    "What would have ended it sooner?",
    "What do we change, who does it, and by when?",
)
MOST_EVIDENCE: Final = 8


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of an incident. `length` is None while it is not over, or where it never came to it."""

    name: str
    start: datetime
    length: timedelta | None
    note: str


@dataclass(frozen=True, slots=True)
class PostIncident:
    """The draft. All text is unescaped.

    Attributes:
        impact: sentences of what visitors met.
        cause: sentences of whose fault it was, with the evidence.
        done: what people and the watch did, oldest first.
        timeline: every line, oldest first.
    """

    incident: Incident
    project_name: str
    impact: tuple[str, ...]
    phases: tuple[Phase, ...]
    cause: tuple[str, ...]
    done: tuple[Entry, ...]
    timeline: tuple[Entry, ...]
    questions: tuple[str, ...]
    drafted_at: datetime


def draft_report(
    incident: Incident, project_name: str, entries: Iterable[Entry], checks: Sequence[HealthCheck], now: datetime
) -> PostIncident:
    """Put together what is known of an incident.

    Args:
        entries: its timeline with those of its ways back, in any order.
        checks: full health checks of the project over the incident, oldest first.
    """
    timeline = tuple(sorted(entries, key=lambda entry: entry.at))
    by_people = {EntryKind.ACKNOWLEDGED, EntryKind.OWNER, EntryKind.NOTE, EntryKind.ROLLBACK}
    return PostIncident(
        incident=incident,
        project_name=project_name,
        impact=tuple(_impact(incident, checks, now)),
        phases=_phases(incident, now),
        cause=tuple(_cause(incident, checks)),
        done=tuple(entry for entry in timeline if entry.kind in by_people),
        timeline=timeline,
        questions=_questions(incident),
        drafted_at=now,
    )


def _impact(incident: Incident, checks: Sequence[HealthCheck], now: datetime) -> Iterable[str]:
    end = incident.resolved_at or now
    is_over = "It lasted" if incident.resolved_at else "It lasts for"
    yield f"{is_over} {span(end - incident.started_at)}, from {clock(incident.started_at)} on."
    critical = [check for check in checks if check.verdict is Verdict.CRITICAL]
    if not checks:
        yield "No health check has looked at the project in this time."
        return
    yield f"{len(critical)} of {amount(len(checks), 'health check')} found it critical."
    scores = [check.score for check in checks if check.score is not None]
    if scores:
        yield f"The lowest health score was {min(scores):g}."
    failures, total, noun = _failed(checks)
    if total:
        yield f"{failures:,} of {amount(total, noun)} failed ({percent(failures / total)})."
    blind = sum(check.verdict is Verdict.UNKNOWN for check in checks)
    if blind:
        yield f"In {amount(blind, 'health check')} it was not known how the project was."


def _failed(checks: Sequence[HealthCheck]) -> tuple[int, int, str]:
    """Return failures, total and what was counted, summed over the checks that counted the same."""
    sums: dict[str, tuple[int, int]] = {}
    for check in checks:
        judgement = check.components.get(Component.ERRORS)
        values = {evidence.name: evidence.value for evidence in judgement.evidence} if judgement else {}
        for noun in ("request", "session"):
            failed, total = values.get(f"failed {noun}s"), values.get(f"{noun}s")
            if isinstance(failed, int) and isinstance(total, int):
                before = sums.get(noun, (0, 0))
                sums[noun] = before[0] + failed, before[1] + total
    noun, (failed, total) = max(sums.items(), key=lambda item: item[1][1], default=("request", (0, 0)))
    return failed, total, noun


def _phases(incident: Incident, now: datetime) -> tuple[Phase, ...]:
    def until(moment: datetime | None, start: datetime) -> timedelta | None:
        return None if moment is None else max(moment - start, timedelta())

    opened, eased, over = incident.opened_at, incident.mitigated_at, incident.resolved_at
    nobody = "nobody has taken it on" if over is None else "nobody took it on"
    lasting = f"not yet, after {span(now - opened)}"
    return (
        Phase("Detection", incident.started_at, until(opened, incident.started_at), "until the incident was opened"),
        Phase(
            "Acknowledgement",
            opened,
            until(incident.acknowledged_at, opened),
            f"until {incident.owner} took it on" if incident.acknowledged_at else nobody,
        ),
        Phase("Mitigation", opened, until(eased, opened), "until nothing was critical any more" if eased else lasting),
        Phase("Resolution", opened, until(over, opened), "until nothing of it fired any more" if over else lasting),
    )


def _cause(incident: Incident, checks: Sequence[HealthCheck]) -> Iterable[str]:
    bad = [check for check in checks if check.verdict in {Verdict.CRITICAL, Verdict.WARNING}]
    blamed = next((check for check in bad if check.blame.fault is Fault.RELEASE), bad[0] if bad else None)
    if incident.release:
        yield f"It is laid on release {short_name(incident.release)}."
    elif blamed is None or blamed.blame.fault is Fault.UNKNOWN:
        yield "It is laid on no release: what is known is not enough to name one."
    if blamed is not None:
        yield blamed.blame.reason
        shown = [e for j in blamed.components.values() if j.verdict is not Verdict.HEALTHY for e in j.evidence]
        told = (" ".join(f"{e.name}: {e.value} {e.unit}".split()) for e in shown if e.value is not None)
        yield from list(told)[:MOST_EVIDENCE]


def _questions(incident: Incident) -> tuple[str, ...]:
    asked = [*QUESTIONS]
    if incident.acknowledged_at is None:
        asked.insert(2, "Nobody took it on: did the message reach somebody who could?")
    if not incident.rollback and incident.release:
        asked.insert(2, "Production was not taken back: was that a decision, and was it the right one?")
    return tuple(asked)
