"""The health of projects as people read it: Slack messages and the artifacts in Prefect's UI."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from reports import markdown, slack
from reports.slack import SlackMessage
from reports.text import amount, is_web_url, sentence
from watchkeeper.domain.health import Fault, HealthCheck
from watchkeeper.domain.phrases import listed
from watchkeeper.domain.verdicts import Component, Judgement, Verdict

EMOJI: Final = {Verdict.HEALTHY: "🟢", Verdict.WARNING: "🟡", Verdict.CRITICAL: "🔴", Verdict.UNKNOWN: "⚪"}
WORST_FIRST: Final = (Verdict.CRITICAL, Verdict.WARNING, Verdict.UNKNOWN, Verdict.HEALTHY)
CUSTODY: Final = (
    "Production is held at an earlier release since a rollback: new pushes do not go live until someone promotes one."
)
_STATES: Final = {
    Verdict.HEALTHY: "is healthy",
    Verdict.WARNING: "needs a look",
    Verdict.CRITICAL: "is critical",
    Verdict.UNKNOWN: "cannot be judged right now",
}
_CHANGES: Final[Mapping[tuple[Verdict, Verdict | None], str]] = {
    (Verdict.HEALTHY, Verdict.WARNING): "is healthy again",
    (Verdict.HEALTHY, Verdict.CRITICAL): "is healthy again",
    (Verdict.HEALTHY, Verdict.UNKNOWN): "can be judged again, and is healthy",
    (Verdict.WARNING, Verdict.CRITICAL): "is no longer critical, but not well yet",
}
_MOST_REASONS: Final = 3
_MOST_EVIDENCE: Final = 4
_MOST_HISTORY: Final = 96  # a day of quarter hours


# --- Slack


def check_message(
    check: HealthCheck,
    previous: Verdict | None,
    name: str,
    links: Mapping[str, str],
    before: HealthCheck | None = None,
) -> SlackMessage:
    """Return what is told about a project whose verdict is another one than was told last.

    Args:
        previous: what was told last; None when nothing was.
        name: of the project, for people.
        links: URLs by label, in the order they are shown.
        before: the check that `previous` comes from, to say what has ended.
    """
    headline = f"{EMOJI[check.verdict]} *{slack.escape(name, 100)}* {_change(check.verdict, previous)}"
    lead = _lead(check, previous, before)
    paragraphs = [
        f"{headline}\n{lead}",
        slack.bullets([slack.escape(sentence(reason), 300) for reason in _further_reasons(check)], _MOST_REASONS),
        _attribution(check),
        _evidence_line(check),
    ]
    blocks = [slack.section(paragraph) for paragraph in paragraphs if paragraph]
    blocks += [slack.context(_small_print(check)), *slack.links_line(links)]
    return slack.slack_message(f"{headline}: {lead}".replace("*", ""), blocks)


def _change(verdict: Verdict, previous: Verdict | None) -> str:
    return _CHANGES.get((verdict, previous)) or _STATES[verdict]


def _lead(check: HealthCheck, previous: Verdict | None, before: HealthCheck | None) -> str:
    """Return what is wrong, or what was wrong and has ended."""
    now = slack.escape(sentence(_first(check.reasons)), 600)
    if check.verdict is not Verdict.HEALTHY or previous not in {Verdict.WARNING, Verdict.CRITICAL}:
        return now
    if before is None or not before.reasons:
        return f"It was {previous} until {check.window.start:%H:%M} UTC. {now}"
    ended = slack.escape(sentence(before.reasons[0]), 600)
    return f"This has ended ({_span(before.window.start, check.window.start)}): {ended}\nNow: {now}"


def _further_reasons(check: HealthCheck) -> tuple[str, ...]:
    """Return what else is wrong; whose fault it is has a line of its own."""
    if check.verdict is Verdict.HEALTHY:
        return ()
    return tuple(reason for reason in check.reasons[1:] if check.blame.reason not in reason)


def _attribution(check: HealthCheck) -> str:
    """Return whose fault it is; "" when nothing is wrong."""
    reason = slack.escape(sentence(check.blame.reason), 600)
    match check.blame.fault:
        case Fault.RELEASE:
            return f"*Release `{_release(check.blame.release)}`* looks like the cause. {reason}"
        case Fault.PLATFORM:
            return f"*The platform* has trouble of its own. {reason}"
        case Fault.US:
            return f"*Our own connection* is down. {reason}"
        case Fault.UNKNOWN if check.verdict in {Verdict.WARNING, Verdict.CRITICAL}:
            return f"The cause is not clear. {reason}"
    return ""


def _evidence_line(check: HealthCheck) -> str:
    """Return a few numbers of the worst component; "" when the project is well or there is none."""
    if check.verdict is Verdict.HEALTHY:
        return ""
    worst = min(check.components.values(), key=lambda judgement: WORST_FIRST.index(judgement.verdict), default=None)
    facts = worst.evidence[:_MOST_EVIDENCE] if worst else ()
    return " · ".join(
        f"{slack.link(fact.url, fact.name)} {slack.escape(amount(fact.value, fact.unit), 80)}" for fact in facts
    )


def _small_print(check: HealthCheck) -> list[str]:
    lines = [_facts(check)]
    if unseen := _unseen(check):
        lines.append(f"Not known: {slack.escape(unseen, 600)}")
    if check.in_custody:
        lines.append(CUSTODY)
    return lines


# --- Markdown


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
    details = f"[details](/artifacts/key/health-{check.project})"
    return " · ".join([details, *(markdown.link(url, component) for component, url in urls.items())])


# --- words of both


def _facts(check: HealthCheck) -> str:
    release = [f"release `{_release(check.release)}`"] if check.release else []
    return " · ".join([_span(check.window.start, check.window.end), *release, _score(check)])


def _score(check: HealthCheck) -> str:
    if check.score is None:
        return "no score: nothing is known"
    return f"score {check.score:.0f} of 100 over the {check.coverage:.0%} that is known"


def _unseen(check: HealthCheck) -> str:
    """Return the components that should be known and are not; "" when there is none."""
    return listed(
        [
            f"{component} ({judgement.reasons[0]})"
            for component, judgement in check.components.items()
            if judgement.gap is not None and not judgement.gap.is_meant
        ]
    )


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
