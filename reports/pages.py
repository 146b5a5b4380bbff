"""Templates, with text from outside escaped in every one of them."""

from functools import cache
from typing import Any, Final

import jinja2

from reports import figures
from reports.incident_words import counted, mean_time
from reports.palette import COLOURS
from reports.replay import RIGHT, replay_sentence
from reports.text import is_web_url, one_line, sentence
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.error_categories import categorise
from watchkeeper.domain.redaction import redacted
from watchkeeper.domain.text import visible
from watchkeeper.domain.verdicts import Verdict

ICONS: Final = {  # a form for each verdict: colour alone tells nobody
    Verdict.HEALTHY: "M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0Zm3.6 4.6L7 9.3 4.5 6.9 3.1 8.3 7 12.1l6-6Z",
    Verdict.WARNING: "M8 .8 16 15H0Zm-1 5v4.6h2V5.8Zm0 5.8v1.9h2v-1.9Z",
    Verdict.CRITICAL: "M4.7 0h6.6L16 4.7v6.6L11.3 16H4.7L0 11.3V4.7ZM7 3.4v6h2v-6Zm0 7.2v2h2v-2Z",
    Verdict.UNKNOWN: "M8 0a8 8 0 1 1 0 16A8 8 0 0 1 8 0Zm0 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2ZM4.5 7h7v2h-7Z",
}
URGENCY: Final = {"critical": "today", "warning": "this week", "info": "when there is time"}
SOURCES: Final = {
    "sentry": "Sentry",
    "endpoints": "our own probes",
    "circleci": "CircleCI",
    "vercel": "Vercel",
    "github": "GitHub",
    "credits": "CircleCI's credits",
    "watchkeeper": "health checks",
}
FAULTS: Final = {
    Fault.NONE: "nobody",
    Fault.PLATFORM: "the platform",
    Fault.US: "our own connection",
    Fault.RELEASE: "release",
    Fault.UNKNOWN: "no release",
}


def cut(text: str, most: int = 300) -> str:
    """Return text from outside as one line of at most `most` characters."""
    line = one_line(str(text))
    return line if len(line) <= most else line[: most - 1] + "…"


def word(text: str) -> str:
    """Return the first word of a text, fit for the name of a class: `rolled` of `rolled back`."""
    first = one_line(text).partition(" ")[0][:20]
    return first if first.isascii() and first.isalpha() else "other"


def shown_value(value: object) -> object:
    """Return what a template shows of a value: text without tokens and without what cannot be seen."""
    return visible(redacted(value)) if type(value) is str else value  # markup is made here, of such values


@cache
def environment() -> jinja2.Environment:
    """Return the templates; a name that is missing in one is an error, never an empty place."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown_value,
    )
    found.globals.update(colours=COLOURS, icons=ICONS, urgency=URGENCY, faults=FAULTS, sources=SOURCES)
    found.globals.update(right=RIGHT, replay_sentence=replay_sentence)
    found.tests["web_url"] = is_web_url
    found.filters.update(_FILTERS)
    return found


def category(title: str) -> str:
    """Return what kind of error a title speaks of, as it follows the issue's name: `, database`; "" if unknown."""
    kind = categorise(title).words
    return f", {kind}" if kind else ""


_FILTERS: Final[dict[str, Any]] = {
    "category": category,
    "cut": cut,
    "word": word,
    "sentence": sentence,
    "shown": figures.shown,
    "share": figures.share,
    "change": figures.change,
    "figure_value": figures.figure_value,
    "interval": figures.interval,
    "made_of": figures.made_of,
    "length_of": figures.length,
    "short": short_name,
    "count": lambda number: f"{number:,}",
    "mean_time": mean_time,
    "counted": counted,
}
