"""The sentence that an alert is told by: a template with names in braces, filled with what is known."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Final

from watchkeeper.domain.alert_signals import SIGNALS, Signal, SignalKind
from watchkeeper.domain.commits import short_name
from watchkeeper.domain.phrases import milliseconds, percent, span
from watchkeeper.domain.redaction import shortened

NAMES: Final = ("project", "rule", "value", "limit", "sample", "release", "detail")  # besides the labels of the signal
LONGEST: Final = 300  # characters of a summary
_NAME: Final = re.compile(r"\{([a-z_]*)\}")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
_FAILED: Final = "its summary could not be written: "


@dataclass(frozen=True, slots=True)
class Summary:
    """A sentence for people. `problem`: why it is the plain one instead of the template's; "" when it is not."""

    text: str
    problem: str = ""


def write_summary(template: str, rule: str, signal: Signal, limit: float) -> Summary:
    """Return the template filled in, or the plain sentence with the reason when that cannot be done.

    What is filled in is never looked at again: a title with braces in it stays as it is.
    """
    if not template:
        return Summary(plain_summary(signal, limit))
    pieces, problem = _pieces(template)
    if problem:
        return Summary(plain_summary(signal, limit), f"{_FAILED}{problem}")
    values = []
    for text, name in pieces:
        value = _value(name, rule, signal, limit) if name else ""
        if value is None:
            told = f"there is no {{{name}}} in {template!r}"
            return Summary(plain_summary(signal, limit), f"{_FAILED}{told}")
        values.append(text + value)
    return Summary(one_line("".join(values)))


def plain_summary(signal: Signal, limit: float) -> str:
    """Return what can be said without any template."""
    kind = SIGNALS.get(signal.name)
    title = kind.title if kind else signal.name.replace("_", " ")
    named = ", ".join(value for _, value in signal.labels)
    subject = f"{title} ({named})" if named else title
    if kind is None or kind.is_flag:
        return one_line(": ".join(filter(None, [subject, *signal.details[:1]])))
    return one_line(f"{subject}: {in_unit(kind, signal.value)}, limit {in_unit(kind, limit)}")


def template_names(kind: SignalKind) -> tuple[str, ...]:
    """Return the names that a template may use for such a signal."""
    return (*NAMES, *kind.labels)


def template_problem(template: str, kind: SignalKind) -> str:
    """Return what is wrong with a template; "" when nothing is."""
    pieces, problem = _pieces(template)
    allowed = template_names(kind)
    unknown = sorted({name for _, name in pieces if name and name not in allowed})
    if problem or not unknown:
        return problem
    return f"there is no {{{unknown[0]}}}: use {', '.join(f'{{{name}}}' for name in allowed)}"


def failed_summaries(details: tuple[str, ...]) -> tuple[str, ...]:
    """Return those details of an alert that tell of a template that failed: they belong into the log."""
    return tuple(detail for detail in details if detail.startswith(_FAILED))


def in_unit(kind: SignalKind, value: float | None) -> str:
    """Return a value as people read it: `31 %`, `12 min`, `5 days`, `14.4 times`, `7 events`."""
    if value is None:
        return "not known"
    if kind.unit == "%":
        return percent(value / 100)
    if kind.unit == "min":
        return span(timedelta(minutes=value))
    if kind.unit == "ms":
        return milliseconds(value)
    return f"{value:,.1f}".removesuffix(".0") + (f" {kind.unit}" if kind.unit else "")


def one_line(text: str) -> str:
    """Return text from outside as a line that no terminal and no channel stumbles over, cut to `LONGEST`."""
    line = text if text.isprintable() else _UNPRINTABLE.sub(" ", text)
    return shortened(" ".join(line.split()), LONGEST)


@lru_cache(maxsize=1_000)
def _pieces(template: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return (text, name behind it) in their order, and what is wrong with the template."""
    pieces, end = [], 0
    for found in _NAME.finditer(template):
        pieces.append((template[end : found.start()], found.group(1)))
        end = found.end()
    pieces.append((template[end:], ""))
    if any("{" in text or "}" in text for text, _ in pieces) or any(not name for _, name in pieces[:-1]):
        return (), f"{template!r} has a brace without a name between two of them"
    return tuple(pieces), ""


def _value(name: str, rule: str, signal: Signal, limit: float) -> str | None:
    """Return what stands for a name; None when there is nothing that could."""
    if name in {"value", "limit"}:
        kind = SIGNALS.get(signal.name)
        return None if kind is None else in_unit(kind, signal.value if name == "value" else limit)
    if name in NAMES:
        return _OF_SIGNAL[name](rule, signal)
    return next((value for label, value in signal.labels if label == name), None)


_OF_SIGNAL: Final[Mapping[str, Callable[[str, Signal], str | None]]] = {
    "project": lambda _, signal: signal.project,
    "rule": lambda rule, _: rule,
    "sample": lambda _, signal: None if signal.sample is None else f"{signal.sample:,}",
    "release": lambda _, signal: short_name(signal.release) if signal.release else "an unknown release",
    "detail": lambda _, signal: signal.details[0] if signal.details else None,
}
