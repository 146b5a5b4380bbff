"""The health of projects as people read it in the artifacts of Prefect's UI."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from urllib.parse import quote

from reports import markdown
from reports.text import amount, is_web_url, sentence
from watchkeeper.domain.health import Fault, HealthCheck
from watchkeeper.domain.verdicts import Component, Judgement, Verdict

EMOJI: Final = {Verdict.HEALTHY: "🟢", Verdict.WARNING: "🟡", Verdict.CRITICAL: "🔴", Verdict.UNKNOWN: "⚪"}
WORST_FIRST: Final = (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN, Verdict.HEALTHY)
CUSTODY: Final = (
    "Production is held at an earlier release since a rollback: new pushes do not go live until someone promotes one."
)
_MOST_HISTORY: Final = 96  # a day of quarter hours


def check_table(checks: Sequence[HealthCheck], names: Mapping[str, str]) -> str:
    """Return one row a project, the worst first, as Markdown. `names` gives the name for people by slug."""
    head = ("Project", "Verdict", "Score", "Known", "Release", "Why", "Links")
    ordered = sorted(checks, key=lambda check: (WORST_FIRST.index(check.verdict), check.project))
    rows = [
        (markdown.escape(names.get(check.project, check.project)), *_cells(check), _links(check)) for check in ordered
    ]
    return markdown.table(head, rows, right=("Score", "Known"))


def history_table(history: Sequence[HealthCheck], name: str) -> str:
    """Return the checks of one project, newest first, as Markdown; the last day's at most."""
    title = f"### How {markdown.escape(name)} got here"
    if not history:
        return f"{title}\n\nThis was the first check."
    newest = sorted(history, key=lambda check: check.window.end, reverse=True)
    rows = [(f"{check.window.end:%Y-%m-%d %H:%M}", *_cells(check)) for check in newest[:_MOST_HISTORY]]
    head = ("Until (UTC)", "Verdict", "Score", "Known", "Release", "Why")
    rest = f"\n\n… and {len(newest) - _MOST_HISTORY} older ones" if len(newest) > _MOST_HISTORY else ""
    return f"{title}\n\n{markdown.table(head, rows, right=('Score', 'Known'))}{rest}"


def check_details(check: HealthCheck, name: str) -> str:
    """Return everything that one check found, with its evidence, as Markdown."""
    lines = [
        f"## {EMOJI[check.verdict]} {markdown.escape(name)}: {check.verdict}",
        _facts(check),
    ]
    if check.blame.fault is not Fault.NONE:
        lines.append(f"**Whose fault: {check.blame.fault}.** {markdown.escape(sentence(check.blame.reason))}")
    if check.in_custody:
        lines.append(f"**{CUSTODY}**")
    lines += [_component(*item) for item in check.components.items()]
    return "\n\n".join(lines)


def _component(component: Component, judgement: Judgement) -> str:
    score = "" if judgement.score is None else f", {judgement.score:.0f} of 100"
    facts = [
        f"{markdown.link(fact.url, fact.name)}: {markdown.escape(amount(fact.value, fact.unit))}"
        for fact in judgement.evidence
    ]
    reasons = [markdown.escape(sentence(reason)) for reason in judgement.reasons]
    items = "\n".join(f"- {line}" for line in (*reasons, *facts))
    return f"### {EMOJI[judgement.verdict]} {component.capitalize()}: {judgement.verdict}{score}\n\n{items}"


def _cells(check: HealthCheck) -> tuple[str, str, str, str, str]:
    return (
        f"{EMOJI[check.verdict]} {check.verdict}",
        "–" if check.score is None else f"{check.score:.0f}",
        f"{check.coverage:.0%}",
        f"`{_release(check.release)}`" if check.release else "–",
        markdown.escape(_first(check.reasons), 300),
    )


def _links(check: HealthCheck) -> str:
    """Return a link to the project's own artifact, and one to the evidence of each component."""
    urls = {
        component: fact.url
        for component, judgement in check.components.items()
        for fact in reversed(judgement.evidence)
        if is_web_url(fact.url)
    }
    details = f"[details](/artifacts/key/health-{quote(check.project)})"
    return " · ".join([details, *(markdown.link(url, component) for component, url in urls.items())])


def _facts(check: HealthCheck) -> str:
    release = [f"release `{_release(check.release)}`"] if check.release else []
    return " · ".join([_span(check.window.start, check.window.end), *release, _score(check)])


def _score(check: HealthCheck) -> str:
    if check.score is None:
        return "no score: nothing is known"
    return f"score {check.score:.0f} of 100 over the {check.coverage:.0%} that is known"


def _span(start: datetime, end: datetime) -> str:
    day = "" if start.date() == end.date() else "%Y-%m-%d "
    return f"{start:%Y-%m-%d %H:%M} to {end:{day}%H:%M} UTC"


def _release(release: str) -> str:
    """Return the short form of a commit SHA, without what none has in it."""
    return "".join(c for c in release[:7] if c.isascii() and c.isalnum()) or "unknown"


def _first(reasons: Sequence[str]) -> str:
    return reasons[0] if reasons else ""


def summary(checks: Sequence[HealthCheck]) -> str:
    """Return one line: the projects that are not healthy by name, the healthy ones as a count."""
    healthy = sum(check.verdict is Verdict.HEALTHY for check in checks)
    others = [f"{check.project} {check.verdict}" for check in checks if check.verdict is not Verdict.HEALTHY]
    return ", ".join([*others[:10], f"{healthy} of {len(checks)} healthy"])
