"""Mistakes of rules and matchers: what can never fire, what always does, signals and labels that are not there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from pydantic import ValidationError

from watchkeeper.config.alert_channel_checks import unknown
from watchkeeper.config.alert_reach_checks import WATCH_SIGNALS, World, read_matchers, source_problem, value_problem
from watchkeeper.config.alert_rules import AlertRule, limit_rules, rules_by_name, written_rules
from watchkeeper.config.alert_values import OWN_NAME
from watchkeeper.config.limits import Limits, Weights
from watchkeeper.config.plain import Found, below, mapping, mappings, merged, texts
from watchkeeper.config.problems import Place
from watchkeeper.domain.alert_defaults import default_rules
from watchkeeper.domain.alert_matchers import parse_matcher, unknown_names
from watchkeeper.domain.alert_policy import FIELDS
from watchkeeper.domain.alert_rule_problems import rule_problems
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import LABELS, SIGNALS
from watchkeeper.domain.limits import HealthLimits

_KEYS: Final = {"for_": "for_minutes", "keep": "keep_minutes", "matchers": "match"}


@dataclass(frozen=True, slots=True)
class _Place:
    """Rules that stand at one place of the file.

    Attributes:
        written: as they stand there; base: what they are written over.
        project: as it is configured; None where the rules are for all.
        is_of_projects: False where they are for the watch itself, too.
    """

    where: Place
    written: Mapping[str, object]
    base: Mapping[str, Rule]
    project: Mapping[str, object] | None = None
    is_of_projects: bool = True

    @property
    def slug(self) -> str:
        return "" if self.project is None else str(self.project.get("slug"))


def _places(data: Mapping[str, object]) -> Iterator[_Place]:
    house = rules_by_name(default_rules())
    alerts, defaults = mapping(data, "alerts"), mapping(data, "defaults")
    yield _Place(("alerts",), mapping(alerts, "rules"), house, is_of_projects=False)
    shared = house | _read(mapping(alerts, "rules"), house)
    yield _Place(("defaults",), mapping(defaults, "rules"), shared)
    for place, project in mappings(data, "projects"):
        if written := mapping(project, "rules"):
            limits = _limits(merged(mapping(defaults, "limits"), mapping(project, "limits")))
            base = shared | limit_rules("", limits, shared)
            base |= _read(mapping(defaults, "rules"), base)
            yield _Place(("projects", place), written, base, merged(defaults, project))


def all_rules(data: Mapping[str, object]) -> tuple[Rule, ...]:
    """Return every rule that can be read: those for all, of the defaults, and of each project."""
    found = rules_by_name(default_rules())
    own: list[Rule] = []
    for place in _places(data):
        rules = _read(place.written, place.base)
        if place.project is None and not place.is_of_projects:
            found |= rules
        else:
            own += [replace(rule, project=place.slug) for rule in rules.values()]
    return (*found.values(), *own)


def check_rules(data: Mapping[str, object], world: World) -> Found:
    """Yield the mistakes of the rules of `alerts`, of `defaults` and of every project."""
    for place in _places(data):
        yield from below(place.where, _rules(place, world))


def check_matchers(data: Mapping[str, object], *keys: str, names: str = "") -> Found:
    """Yield the matchers at these keys that name what no alert has, and the names in the list at `names` that do."""
    for key in keys:
        yield from _unknown_labels(data, key, LABELS)
    for place, name in texts(data, names):
        if name not in {*FIELDS, *LABELS}:
            yield place, _no_label(name, LABELS)


def _rules(place: _Place, world: World) -> Found:
    for name, entry in place.written.items():
        if isinstance(entry, dict) and re.fullmatch(OWN_NAME, name):
            yield from below(("rules", name), _rule(name, entry, place.base))
            if entry.get("enabled") is not False:
                yield from below(("rules", name), _reach(name, entry, place, world))


def _reach(name: str, entry: Mapping[str, object], place: _Place, world: World) -> Found:
    """Yield why a rule can never fire: conditions that nothing meets, signals that are never known there."""
    for where, matcher in read_matchers(entry, "match") or ():
        if problem := value_problem(matcher, world, place.slug):
            yield where, f"it can never fire: {problem}"
        elif place.project is not None and matcher.name == "project" and not matcher.accepts(place.slug):
            yield where, f"it can never fire: it is a rule of {place.slug}"
    signal = entry.get("signal")
    rule = place.base.get(name)
    if not isinstance(signal, str) and rule is not None and rule.signal in WATCH_SIGNALS and place.is_of_projects:
        yield (), source_problem(rule.signal, {})
    elif isinstance(signal, str) and place.project is not None and (problem := source_problem(signal, place.project)):
        yield ("signal",), problem


def _rule(name: str, entry: Mapping[str, object], base: Mapping[str, Rule]) -> Found:
    missing = [key for key in ("signal", "enter") if entry.get(key) is None]
    signal = entry.get("signal")
    if name not in base and missing == ["signal", "enter"]:
        yield (), f"{unknown('rule', name, base)} (a rule of your own needs signal and enter)"
    elif name not in base and missing:
        yield (missing[0],), "is missing: a rule of your own needs it"
    elif isinstance(signal, str) and signal not in SIGNALS:
        yield ("signal",), unknown("signal", signal, SIGNALS)
    else:
        for rule in _read({name: entry}, base).values():
            yield from map(_problem, rule_problems(rule))


def _problem(problem: str) -> tuple[Place, str]:
    """Return place and sentence of what is wrong with a rule, by the key that a person has written."""
    attribute, _, sentence = problem.partition(": ")
    return (_KEYS.get(attribute, attribute),), sentence


def _limits(written: Mapping[str, object]) -> HealthLimits:
    """Return the limits that are written; those of the house where they cannot be read."""
    try:
        return Limits.model_validate(written).value(Weights())
    except ValidationError:
        return HealthLimits()


def _read(written: Mapping[str, object], base: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rules that can be read; what is wrong with the others is said elsewhere."""
    sound = {}
    for name, entry in written.items():
        try:
            sound[name] = AlertRule.model_validate(entry)
        except ValidationError:
            continue
    return rules_by_name(written_rules(base, sound))


def _unknown_labels(data: Mapping[str, object], key: str, labels: Iterable[str]) -> Found:
    for place, text in texts(data, key):
        try:
            names = unknown_names([parse_matcher(text)], labels)
        except ValueError:
            continue  # said elsewhere
        yield from ((place, _no_label(name, labels)) for name in names)


def _no_label(name: str, labels: Iterable[str]) -> str:
    return unknown("field or label", name, {*FIELDS, *labels})
