"""What is wrong with a rule before it is armed: it can never fire, always fires, or cannot be said."""

import math
import re
from collections.abc import Callable
from datetime import timedelta

from watchkeeper.domain.alert_policy import Matcher
from watchkeeper.domain.alert_rules import SIGNAL_FIELDS, Rule
from watchkeeper.domain.alert_signals import SIGNALS, SignalKind
from watchkeeper.domain.alert_summaries import in_unit, template_problem
from watchkeeper.domain.phrases import listed


def rule_problems(rule: Rule) -> tuple[str, ...]:
    """Return a sentence for each mistake of a rule, beginning with the attribute it is about: `exit: ...`."""
    kind = SIGNALS.get(rule.signal)
    if kind is None:
        return (f"signal: there is no {rule.signal!r}: use one of {', '.join(sorted(SIGNALS))}",)
    found = [*_limits(rule, kind), *_times(rule), *_sample(rule, kind)]
    found += [problem for matcher in rule.matchers if (problem := _matcher(matcher, kind))]
    found += _contradiction(rule)
    summary = template_problem(rule.summary, kind) if rule.summary else ""
    return (*found, *([f"summary: {summary}"] if summary else []))


def _limits(rule: Rule, kind: SignalKind) -> list[str]:
    exit_ = rule.enter if rule.exit is None else rule.exit
    if not math.isfinite(rule.enter) or not math.isfinite(exit_):
        return ["enter: expected a number"]
    range_ = f"the {kind.title} lies between {_bound(kind, kind.least)} and {_bound(kind, kind.greatest)}"
    if not _can_be(kind, rule.holds):
        return [f"enter: it can never fire: {range_}"]
    if not _can_be(kind, lambda value: not rule.holds(value)):
        return [f"enter: it always fires: {range_}"]
    if (exit_ > rule.enter) if rule.is_above else (exit_ < rule.enter):
        side = "at most" if rule.is_above else "at least"
        return [f"exit: it must be {side} {in_unit(kind, rule.enter)}, or it is calm where it fires"]
    if not _can_be(kind, rule.is_calm):
        return [f"exit: it is never resolved: {range_}"]
    return []


def _can_be(kind: SignalKind, meets: Callable[[float], bool]) -> bool:
    """Return whether a value at the ends of what is possible, or far beyond any limit, meets the condition."""
    ends = (max(kind.least, -1e300), min(kind.greatest, 1e300))
    return any(meets(value) for value in ends)


def _bound(kind: SignalKind, value: float) -> str:
    return in_unit(kind, value) if math.isfinite(value) else "anything"


def _times(rule: Rule) -> list[str]:
    named = (("for_", rule.for_), ("keep", rule.keep))
    return [f"{name}: it must not be negative" for name, time in named if time < timedelta()]


def _sample(rule: Rule, kind: SignalKind) -> list[str]:
    if rule.min_sample < 0:
        return ["min_sample: it must not be negative"]
    if rule.min_sample and not kind.has_sample:
        return [f"min_sample: the {kind.title} is no sample"]
    return []


def _matcher(matcher: Matcher, kind: SignalKind) -> str:
    allowed = (*SIGNAL_FIELDS, *kind.labels)
    if matcher.name not in allowed:
        return f"matchers: {kind.name} has no {matcher.name!r}: use {listed(list(allowed), len(allowed))}"
    if not matcher.is_regex:
        return ""
    try:
        re.compile(matcher.pattern)
    except re.error as error:
        return f"matchers: {matcher.pattern!r} is no regular expression: {error}"
    return ""


def _contradiction(rule: Rule) -> list[str]:
    """Return why the matchers can never hold all at once, as far as single values tell."""
    wanted: dict[str, str] = {}
    for matcher in rule.matchers:
        if matcher.is_regex or matcher.is_negated:
            continue
        if wanted.setdefault(matcher.name, matcher.pattern) != matcher.pattern:
            return [f"matchers: it can never fire: {matcher.name} cannot be {wanted[matcher.name]!r} and another"]
    own = wanted.get("project", rule.project)
    if rule.project and own != rule.project:
        return [f"matchers: it can never fire: it is a rule of {rule.project!r}"]
    if any(not matcher.accepts(wanted[matcher.name]) for matcher in rule.matchers if matcher.name in wanted):
        return ["matchers: it can never fire: they exclude each other"]
    return []
