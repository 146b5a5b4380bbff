"""Mistakes by which nobody is ever notified: conditions that no alert can meet, and routes that no alert reaches."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Self

from watchkeeper.config.alert_channel_checks import known_channels, unknown
from watchkeeper.config.plain import Found, mapping, mappings, merged, texts
from watchkeeper.config.problems import Place
from watchkeeper.domain.alert_inhibition import PLATFORM, RELEASE, US
from watchkeeper.domain.alert_matchers import parse_matcher, show_matcher
from watchkeeper.domain.alert_policy import Matcher
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import SIGNALS
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.issues import IssueLevel
from watchkeeper.domain.verdicts import Component

WATCH_SIGNALS: Final = frozenset({"check_age", "offline", "report_undelivered", "prefect_run", "channel_down"})
"""What is known of the watch alone, and of no project."""
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "errors": ("sentry",),
    "endpoints": ("endpoints",),
    "delivery": ("vercel",),
    "builds": ("circleci",),
}
_BUDGET: Final = "burn_rate_"  # of an objective: counted from errors, or from endpoints
_CLOSED: Final[Mapping[str, frozenset[str]]] = {
    "severity": frozenset(Severity),
    "component": frozenset(Component),
    "vendor": frozenset({"vercel"}),
    "level": frozenset(IssueLevel),
    "slo": frozenset({"Availability", "Success rate"}),
}

Placed = tuple[Place, Matcher]


@dataclass(frozen=True, slots=True)
class World:
    """What alerts there can be.

    Attributes:
        endpoints: names, by the slug of their project; the watch itself ("") has none.
        rules: those for all, and those of single projects; of one name several.
        channels: names.
    """

    endpoints: Mapping[str, frozenset[str]]
    rules: Sequence[Rule]
    channels: frozenset[str]

    @classmethod
    def of(cls, data: Mapping[str, object], rules: Iterable[Rule]) -> Self:
        """Return what the file describes, as far as it can be read."""
        defaults = mapping(data, "defaults")
        endpoints = {"": frozenset[str]()}
        for _, project in mappings(data, "projects"):
            found = (entry.get("name") for _, entry in mappings(merged(defaults, project), "endpoints"))
            endpoints[str(project.get("slug"))] = frozenset(name for name in found if isinstance(name, str))
        return cls(endpoints, tuple(rules), known_channels(data))

    def values_of(self, name: str, project: str = "") -> frozenset[str] | None:
        """Return the values that a field or label can have, without the empty one; None where any is possible.

        Args:
            project: the only one that counts; "" for all.
        """
        if name == "project":
            return frozenset(self.endpoints) - {""}
        if name == "rule":
            return frozenset(rule.name for rule in self.rules)
        if name == "endpoint":
            several = [self.endpoints.get(project, frozenset())] if project else self.endpoints.values()
            return frozenset[str]().union(*several)
        return self.channels if name == "channel" else _CLOSED.get(name)

    @property
    def causes(self) -> frozenset[str]:
        """Return the causes that are no release: families, the vendors' platforms, our own connection."""
        return frozenset({*(rule.family for rule in self.rules), f"{PLATFORM}vercel", US, *Component})


def read_matchers(data: Mapping[str, object], key: str) -> list[Placed] | None:
    """Return the matchers at a key with their places; None when one of them cannot be read, which is said elsewhere."""
    try:
        return [(place, parse_matcher(text)) for place, text in texts(data, key)]
    except ValueError:
        return None


def value_problem(matcher: Matcher, world: World, project: str = "") -> str:
    """Return why no alert meets a matcher, or why it excludes nothing; "" when there is nothing to say."""
    name, pattern = matcher.name, matcher.pattern
    if name == "cause" and not matcher.is_regex:
        is_known = not pattern or pattern in world.causes or pattern.startswith((RELEASE, PLATFORM))
        return "" if is_known else unknown(name, pattern, world.causes)
    values = world.values_of(name, project)
    if values is None:
        return ""
    if not matcher.is_regex:
        return "" if not pattern or pattern in values else unknown(name, pattern, values)
    if not any(matcher.accepts(value) for value in _with_none(name, values)):
        verb = "every value is excluded by" if matcher.is_negated else "nothing matches"
        return f"{verb} {show_matcher(matcher)}: {_listed(name, values)}"
    return ""


def _with_none(name: str, values: frozenset[str]) -> frozenset[str]:
    """Return the values with the empty one, where an alert can be without."""
    return values if name in {"severity", "rule"} else values | {""}


def _listed(name: str, values: frozenset[str]) -> str:
    shown = sorted(values)
    return f"expected one of {', '.join(shown[:10])}" if shown else f"there is no {name}"


def check_reach(data: Mapping[str, object], key: str, world: World, never: str) -> Found:
    """Yield why no alert can meet all the matchers at a key. `never`: what follows, to begin the sentence with."""
    placed = read_matchers(data, key)
    if placed is None:
        return
    single = [(place, problem) for place, matcher in placed if (problem := value_problem(matcher, world))]
    if single:
        yield from ((place, f"{never}: {problem}") for place, problem in single)
    elif contradiction := _contradiction(placed, world):
        yield contradiction[0], f"{never}: {contradiction[1]}"
    elif placed and not _can_be(placed, world):
        yield (key,), f"{never}: {_no_rule([matcher for _, matcher in placed], world)}"


def _contradiction(placed: Sequence[Placed], world: World) -> tuple[Place, str] | None:
    """Return the place of a matcher that excludes others of its name, and what was expected."""
    ordered = sorted(placed, key=lambda pair: pair[1].name)
    for name, several in groupby(ordered, key=lambda pair: pair[1].name):
        same = list(several)
        values = world.values_of(name)
        possible = {matcher.pattern for _, matcher in same if not matcher.is_regex} | _with_none(
            name, values or frozenset()
        )
        if len(same) > 1 and (values is not None or _names_one(same)) and not _meets(same, possible):
            wanted = "|".join(re.escape(m.pattern) for _, m in same if not m.is_regex and not m.is_negated)
            shown = " and ".join(show_matcher(matcher) for _, matcher in same)
            hint = f'; for either of them write "{name}=~{wanted}"' if "|" in wanted else ""
            return same[-1][0], f"expected conditions on {name} that do not exclude each other, got {shown}{hint}"
    return None


def _names_one(same: Sequence[Placed]) -> bool:
    return any(not matcher.is_regex and not matcher.is_negated for _, matcher in same)


def _meets(same: Sequence[Placed], possible: Iterable[str]) -> bool:
    return any(all(matcher.accepts(value) for _, matcher in same) for value in possible)


def _can_be(placed: Sequence[Placed], world: World) -> bool:
    """Return whether some rule makes an alert that meets all of these."""
    matchers = [matcher for _, matcher in placed]
    projects = frozenset(slug for slug in world.endpoints if _accept(matchers, "project", slug))
    return any(rule.is_enabled and _makes(rule, matchers, projects, world) for rule in world.rules)


def _accept(matchers: Iterable[Matcher], name: str, value: str) -> bool:
    return all(matcher.accepts(value) for matcher in matchers if matcher.name == name)


def _makes(rule: Rule, matchers: Sequence[Matcher], projects: frozenset[str], world: World) -> bool:
    """Return whether a rule makes an alert that meets the matchers in one of the projects."""
    own = projects & {rule.project} if rule.project else _projects_of(rule, projects)
    if not own or not _accept(matchers, "rule", rule.name) or not _accept(matchers, "severity", rule.severity):
        return False
    kind = SIGNALS.get(rule.signal)
    labels = kind.labels if kind is not None else ()
    endpoints = frozenset[str]().union(*(world.endpoints[slug] for slug in own))
    for name in {matcher.name for matcher in matchers} - {"project", "rule", "severity", "cause", "release"}:
        values = endpoints if name == "endpoint" else world.values_of(name)
        if name not in labels:
            values = frozenset({""})
        if values is not None and not any(_accept(matchers, name, value) for value in values):
            return False
    return True


def _projects_of(rule: Rule, projects: frozenset[str]) -> frozenset[str]:
    """Return of which of the projects a rule for all can tell: those of the watch of the watch alone."""
    is_watch = rule.signal in WATCH_SIGNALS
    return frozenset(slug for slug in projects if bool(slug) is not is_watch)


def _no_rule(matchers: Sequence[Matcher], world: World) -> str:
    shown = ", ".join(map(show_matcher, matchers))
    named = [rule for rule in world.rules if any(m.name == "rule" for m in matchers) and _is_named(rule, matchers)]
    if named and not any(rule.is_enabled for rule in named):
        return f"the rule {named[0].name} is not enabled"
    if named:
        rule = named[0]
        kind = SIGNALS.get(rule.signal)
        labels = ", ".join(kind.labels) if kind is not None and kind.labels else "no label"
        return f"no alert is all of {shown}: {rule.name} is {rule.severity} and has {labels}"
    return f"no rule makes an alert that is all of {shown}"


def _is_named(rule: Rule, matchers: Sequence[Matcher]) -> bool:
    return _accept(matchers, "rule", rule.name)


def check_routes(alerts: Mapping[str, object], world: World) -> Found:
    """Yield the routes that no alert can match, and those before which another one takes all that they match."""
    earlier: list[tuple[int, list[Matcher], object]] = []
    for place, route in mappings(alerts, "routes"):
        found = [*check_reach(route, "match", world, "no alert comes here")]
        yield from ((("routes", place, *inner), message) for inner, message in found)
        matchers = [matcher for _, matcher in read_matchers(route, "match") or ()]
        hours = mapping(route, "hours")
        for other, wider, when in [] if found else earlier:
            if (not when or when == hours) and matchers and all(_covers(each, matchers) for each in wider):
                yield ("routes", place), f"no alert comes here: routes[{other}] before it matches all of it"
                break
        if matchers and not found:
            earlier.append((place, matchers, hours))


def _covers(wider: Matcher, matchers: Iterable[Matcher]) -> bool:
    """Return whether whatever meets all the matchers meets the wider one, as far as single values tell."""
    return any(
        each == wider
        or (each.name == wider.name and not each.is_regex and not each.is_negated and wider.accepts(each.pattern))
        for each in matchers
    )


def check_inhibition(inhibition: Mapping[str, object], world: World) -> Found:
    """Yield why an inhibition never keeps anything quiet."""
    never = "it never keeps anything quiet"
    found = [*check_reach(inhibition, "source", world, never), *check_reach(inhibition, "target", world, never)]
    yield from found
    source, target = read_matchers(inhibition, "source"), read_matchers(inhibition, "target")
    if found or not source or not target:
        return
    wanted = [matcher for _, matcher in target]
    if all(_covers(matcher, wanted) for _, matcher in source):
        yield ("target",), f"{never}: expected other alerts than those of source, which are never quiet by themselves"
    equal = inhibition.get("equal", ["project"])
    for name in equal if isinstance(equal, list) else ():
        both = [pair for pair in (*source, *target) if pair[1].name == name]
        if len(both) > 1 and _names_one(both) and not _meets(both, {m.pattern for _, m in both}):
            yield ("equal",), f"{never}: source and target cannot have the same {name}: expected equal without it"


def check_escalations(alerts: Mapping[str, object]) -> Found:
    """Yield the escalations that no route names: nobody is ever called by them."""
    used = {route.get("escalation") for _, route in mappings(alerts, "routes")}
    for place, escalation in mappings(alerts, "escalations"):
        name = escalation.get("name")
        if isinstance(name, str) and name not in used:
            yield ("escalations", place, "name"), f"nobody is called by it: expected a route with escalation: {name}"


def source_problem(signal: str, project: Mapping[str, object]) -> str:
    """Return why a signal is never known of a project: what it is made of is not configured. "" when it is."""
    if signal in WATCH_SIGNALS:
        return f"{signal} is known of the watch alone, and of no project: expected this rule in alerts.rules"
    kind = SIGNALS.get(signal)
    needed = _NEEDS.get(kind.source, ()) if kind is not None else ()
    needed = ("sentry", "endpoints") if signal.startswith(_BUDGET) else needed
    if not needed or any(project.get(key) for key in needed):
        return ""
    return f"it can never fire: {signal} needs {' or '.join(needed)}, which this project does not have"
