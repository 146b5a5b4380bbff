"""A digest as plain text and as Markdown, for channels that know no more."""

from typing import Final

from reports import markdown
from reports.alert_words import SIGNS, actions, carer, details, headline, left_out, line_words, news, sign, standing
from reports.text import is_web_url, one_line
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_values import AlertStatus

MOST_DETAILS: Final = 3  # sentences of one alert
_JOINER: Final = "\u2060"  # takes no room


def plain_title(digest: Digest) -> str:
    """Return the headline with its sign: a subject, a notification. In the plain form there is no sign."""
    if digest.is_plain:
        return headline(digest)
    return f"{sign(digest)} {headline(digest)}"


def plain_lines(digest: Digest) -> tuple[str, ...]:
    """Return what follows the title, line by line: news, alerts, standing, commands; in the plain form news only."""
    if digest.is_plain:
        return (news(digest), *(action.command for action in actions(digest)[:1]))
    lines = [f"{_called(digest)}{news(digest)}"]
    for line in digest.lines:
        lines += [f"{_mark(line)} {line_words(line, digest)}", *(f"   {words}" for words in _below(line))]
    lines += [f"{words}." for words in (left_out(digest), standing(digest), carer(digest)) if words]
    lines += [f"{action.label}: {one_line(action.command)}" for action in actions(digest)]
    return tuple(lines)


def plain_text(digest: Digest) -> str:
    return "\n".join(plain_lines(digest))


def markdown_text(digest: Digest) -> str:
    """Return title, alerts and what can be done as Markdown that is safe for text from outside."""
    paragraphs = [
        f"**{sign(digest)} {markdown.escape(headline(digest))}**",
        markdown.escape(f"{_called(digest)}{news(digest)}", 1000),
    ]
    paragraphs += [_bullet(line, digest) for line in digest.lines]
    small = ". ".join(filter(None, (left_out(digest), standing(digest), carer(digest))))
    paragraphs.append(markdown.escape(f"{small}."))
    paragraphs += [f"{action.label}: `{one_line(action.command).replace('`', '')}`" for action in actions(digest)]
    return "\n\n".join(paragraphs)


def github_text(digest: Digest) -> str:
    """Return the Markdown for GitHub, which reads mentions and references even behind a backslash: nobody is paged."""
    return markdown_text(digest).replace("\\@", f"\\@{_JOINER}").replace("\\#", f"\\#{_JOINER}")


def _called(digest: Digest) -> str:
    return f"{', '.join(one_line(name) for name in digest.people)}. " if digest.people else ""


def _mark(line: Line) -> str:
    return "✓" if line.status is AlertStatus.RESOLVED else SIGNS[line.severity]


def _below(line: Line) -> list[str]:
    closer = f"Look closer: {one_line(line.url)}" if is_web_url(line.url) else ""
    runbook = f"What to do: {one_line(line.runbook)}" if line.runbook else ""
    return [*details(line)[:MOST_DETAILS], *filter(None, (closer, runbook))]


def _bullet(line: Line, digest: Digest) -> str:
    evidence = [f"  - {markdown.escape(words)}" for words in details(line)[:MOST_DETAILS]]
    closer = markdown.link(line.url, "Look closer") if is_web_url(line.url) else ""
    runbook = line.runbook if is_web_url(line.runbook) else ""
    todo = markdown.link(runbook, "What to do") if runbook else markdown.escape(line.runbook)
    shown = " · ".join(filter(None, (closer, todo)))
    head = f"- {_mark(line)} {markdown.escape(line_words(line, digest))}"
    return "\n".join([head, *evidence, *([f"  - {shown}"] if shown else [])])
