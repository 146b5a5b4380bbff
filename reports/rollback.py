"""A way back as Markdown: the plan and the question in Prefect's user interface, the incident at GitHub."""

from collections.abc import Mapping, Sequence
from typing import Final

from reports import markdown
from reports.rollback_words import (
    MARKS,
    asked_by,
    clock,
    custody_words,
    evidence_sentences,
    evidence_title,
    headline,
    hour,
    notable,
    point_words,
    points_in_order,
    question,
    runbook,
    sign,
    what,
)
from reports.text import is_web_url, one_line, sentence
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.rollback import Mark, Plan, PlannedRelease, Point, Rollback
from watchkeeper.store.rollbacks import StoredAnswer, TimelineEntry

MOST_LINES: Final = 200
_HIDDEN: Final = "\u200b"  # keeps GitHub from taking a name for a person to tell, or a number for an issue to link


def plan_text(rollback: Rollback, name: str) -> str:
    """Return the whole plan with its evidence, as Markdown for an artifact. `name`: of the project, for people."""
    plan = rollback.plan
    parts = [
        f"## {sign(rollback)} {markdown.escape(name)}: {markdown.escape(headline(rollback))}",
        markdown.escape(asked_by(rollback)),
        f"### {evidence_title(rollback)}",
        _list(evidence_sentences(rollback.evidence)),
    ]
    if plan is None:
        return "\n\n".join([*parts, markdown.escape(sentence(rollback.error))])
    parts += ["### The plan", f"**{markdown.escape(sentence(plan.summary))}**", _releases(plan), _points(plan)]
    if plan.alternative:
        parts.append(f"**What to do instead.** {markdown.escape(sentence(plan.alternative))}")
    parts += [custody_words(rollback), runbook(rollback)]
    return "\n\n".join(part for part in parts if part)


def approval_text(rollback: Rollback, name: str = "") -> str:
    """Return the question that stands above the form in Prefect's user interface, as Markdown."""
    plan = rollback.plan
    lines = [
        f"## {markdown.escape(name or rollback.project)}: {markdown.escape(what(rollback))}?",
        markdown.escape(asked_by(rollback)),
        _list(evidence_sentences(rollback.evidence)),
    ]
    warnings = notable(plan) if plan else ()
    if warnings:
        lines.append("\n".join(f"- {MARKS[point.mark]} {markdown.escape(point_words(point))}" for point in warnings))
    lines.append(custody_words(rollback))
    lines.append(f"{markdown.escape(' '.join(question(rollback)))} Choose **YES** or **NO**, and give your name.")
    return "\n\n".join(line for line in lines if line)


def issue_title(rollback: Rollback, name: str) -> str:
    """Return the title of the incident at GitHub: it stays the same while the way back goes on."""
    return one_line(f"{name}: {what(rollback)} (rollback {rollback.id})")


def issue_text(
    rollback: Rollback,
    timeline: Sequence[TimelineEntry],
    answers: Sequence[StoredAnswer],
    links: Mapping[str, str],
) -> str:
    """Return the text of the incident at GitHub, with everything that has happened so far."""
    told = [entry for entry in timeline if entry.sentence][-MOST_LINES:]
    parts = [
        f"**{sign(rollback)} {github(headline(rollback))}**",
        github(asked_by(rollback)),
        _links(links),
        f"### {evidence_title(rollback)}",
        "\n".join(f"- {github(line)}" for line in evidence_sentences(rollback.evidence)),
        _plan_points(rollback.plan),
        "### Who has answered" if answers else "",
        "\n".join(_answer(answer) for answer in answers),
        "### What has happened",
        "\n".join(_step(entry) for entry in told),
        f"**{github(sentence(rollback.error))}**" if rollback.error else "",
        custody_words(rollback) if rollback.moved_at else "",
    ]
    return "\n\n".join(part for part in parts if part)


def pull_request_comment(rollback: Rollback, name: str, links: Mapping[str, str]) -> str:
    """Return what is said at the pull request whose release was gone back from."""
    release, target = short_name(rollback.from_sha), short_name(rollback.to_sha)
    at = f" at {hour(rollback.moved_at)} of {rollback.moved_at:%Y-%m-%d}" if rollback.moved_at else ""
    parts = [
        f"This was taken off production of **{github(name)}**{at}: `{release}` went back to `{target}`.",
        "\n".join(f"- {github(line)}" for line in evidence_sentences(rollback.evidence)),
        custody_words(rollback),
        _links(links),
    ]
    return "\n\n".join(part for part in parts if part)


def github(text: str, most: int = 500) -> str:
    """Return text from outside as one line that is shown as it stands, tells nobody and links to nothing at GitHub."""
    escaped = markdown.escape(text, most)
    return escaped.replace("\\@", f"@{_HIDDEN}").replace("\\#", f"#{_HIDDEN}")


def _releases(plan: Plan) -> str:
    if plan.percentage is not None:
        now = "not known" if plan.percentage_now is None else f"{plan.percentage_now:g} %"
        return markdown.table(("", "Share of visitors"), [("now", now), ("then", f"{plan.percentage:g} %")])
    rows = [_release("serves now", plan.serving), _release("would serve", plan.target)]
    return markdown.table(("", "Release", "Built", "Deployment"), rows)


def _release(role: str, release: PlannedRelease | None) -> tuple[str, str, str, str]:
    if release is None:
        return role, "–", "–", "–"
    url = release.inspector_url or release.url
    name = short_name(release.sha) or release.deployment
    # Prefect shows the backslash of an escaped underscore within a link, so the id stands beside it.
    where = f"`{_code(release.deployment)}`" + (f" ({markdown.link(url, 'open')})" if is_web_url(url) else "")
    return role, f"`{_code(name)}`", clock(release.created_at), where


def _points(plan: Plan) -> str:
    """Return the points as a list: a table of sentences is cut off where the page is narrow."""
    return "\n".join(_point(point) for point in points_in_order(plan))


def _point(point: Point) -> str:
    word = "" if point.mark is Mark.OK else f"{'forced' if point.is_forced else point.mark}, "
    reason = markdown.escape(sentence(point.reason))
    return f"- {MARKS[point.mark]} {word}**{markdown.link(point.url, point.name)}**: {reason}"


def _plan_points(plan: Plan | None) -> str:
    if plan is None:
        return ""
    shown = "\n".join(f"- {MARKS[point.mark]} {github(point_words(point))}" for point in points_in_order(plan))
    return f"### The plan\n\n{github(sentence(plan.summary))}\n\n{shown}"


def _step(entry: TimelineEntry) -> str:
    return f"- {clock(entry.at)} · {github(entry.actor, 100)}: {github(sentence(entry.sentence))}"


def _answer(given: StoredAnswer) -> str:
    answer = given.answer
    counts = "" if given.is_accepted else f" (did not count: {github(given.reason, 200)})"
    comment = f": {github(answer.comment, 400)}" if answer.comment.strip() else ""
    who = f"{github(answer.approver, 200)} said {github(answer.word, 20)} by {github(answer.via, 20)}"
    return f"- {clock(answer.at)} · {who}{comment}{counts}"


def _links(links: Mapping[str, str]) -> str:
    shown = " · ".join(markdown.link(url, label) for label, url in links.items() if is_web_url(url))
    return shown.replace("\\@", f"@{_HIDDEN}")


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {markdown.escape(line)}" for line in lines)


def _code(name: str) -> str:
    return "".join(character for character in name if (character.isascii() and character.isalnum()) or character == "_")
