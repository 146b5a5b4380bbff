"""Mistakes in what is said of alerts that show only when several places of the file are read together.

They are looked for in the plain data, beside whatever else is wrong there, so that one look finds everything.
"""

from collections.abc import Collection, Mapping

from watchkeeper.config.alert_channel_checks import (
    check_channels,
    known_channels,
    references,
    unknown,
    unknown_channels,
)
from watchkeeper.config.alert_parent_checks import check_parents
from watchkeeper.config.alert_reach_checks import World, check_escalations, check_inhibition, check_routes
from watchkeeper.config.alert_rule_checks import all_rules, check_matchers, check_rules
from watchkeeper.config.alerts import AlertTiming
from watchkeeper.config.people_checks import check_alert_people
from watchkeeper.config.plain import Found, below, is_number, mapping, mappings, own_names, texts
from watchkeeper.config.problems import Place
from watchkeeper.domain.alert_policy import ON_CALL


def check_alerts(data: Mapping[str, object]) -> Found:
    """Yield the mistakes of `alerts`, of all rules and default channels, and of who depends on whom."""
    alerts = mapping(data, "alerts")
    channels = known_channels(data)
    world = World.of(data, all_rules(data))
    yield from below(("alerts",), _section(alerts, channels, world))
    yield from unknown_channels(data, channels)
    yield from check_rules(data, world)
    yield from check_parents(data)


def _section(alerts: Mapping[str, object], channels: Collection[str], world: World) -> Found:
    yield from check_channels(alerts)
    yield from _routes(alerts, channels)
    yield from check_routes(alerts, world)
    yield from _escalations(alerts, channels)
    yield from check_escalations(alerts)
    yield from _people(alerts, channels)
    for place, inhibition in mappings(alerts, "inhibit"):
        yield from below(("inhibit", place), check_matchers(inhibition, "source", "target", names="equal"))
        yield from below(("inhibit", place), check_inhibition(inhibition, world))
    yield from _timing(mapping(alerts, "timing"))


def _routes(alerts: Mapping[str, object], channels: Collection[str]) -> Found:
    escalations = _names(alerts, "escalations")
    last = None
    for place, route in mappings(alerts, "routes"):
        where: Place = ("routes", place)
        yield from below(where, check_matchers(route, "match"))
        yield from below(where, references(route, "channels", channels, "channel"))
        escalation = route.get("escalation")
        if isinstance(escalation, str) and escalation not in escalations:
            yield (*where, "escalation"), unknown("escalation", escalation, escalations)
        hours = mapping(route, "hours")
        if hours.get("start") == "24:00":
            yield (*where, "hours", "start"), 'it never begins: expected a time before "24:00", such as "00:00"'
        elif hours and hours.get("start") == hours.get("end"):
            yield (*where, "hours", "end"), "expected another time than start; leave hours out for always"
        if last is not None:
            yield where, f"no alert comes here: routes[{last}] before it matches every alert at all hours"
        elif not route.get("match") and not hours:
            last = place


def _escalations(alerts: Mapping[str, object], channels: Collection[str]) -> Found:
    yield from own_names(alerts, "escalations")
    people = _names(alerts, "people")
    for place, escalation in mappings(alerts, "escalations"):
        for number, step in mappings(escalation, "steps"):
            where: Place = ("escalations", place, "steps", number)
            if not step.get("channels") and not step.get("people"):
                yield where, "nobody is told in this step: expected channels or people"
            yield from below(where, references(step, "channels", channels, "channel"))
            yield from below(where, references(step, "people", {*people, ON_CALL}, "person"))
            if not mapping(alerts, "on_call"):
                yield from (((*where, *at), _NO_TURNS) for at, name in texts(step, "people") if name == ON_CALL)


_NO_TURNS = f"nobody takes turns: {ON_CALL} needs alerts.on_call with people and since"


def _people(alerts: Mapping[str, object], channels: Collection[str]) -> Found:
    yield from own_names(alerts, "people")
    yield from check_alert_people(alerts)
    for place, person in mappings(alerts, "people"):
        where: Place = ("people", place)
        yield from below(where, references(person, "channels", channels, "channel"))
        if person.get("name") == ON_CALL:
            yield (*where, "name"), f"expected another name: {ON_CALL} is whoever is on call"
        if not person.get("channels") and not person.get("handles"):
            yield where, "there is no way to this person: expected channels or handles"
    yield from below(("on_call",), references(mapping(alerts, "on_call"), "people", _names(alerts, "people"), "person"))


def _timing(timing: Mapping[str, object]) -> Found:
    house = AlertTiming()
    interval = timing.get("group_interval_minutes") or house.group_interval_minutes
    repeat = timing.get("repeat_interval_minutes") or house.repeat_interval_minutes
    if is_number(interval) and is_number(repeat) and repeat < interval:
        where = ("timing", "repeat_interval_minutes")
        yield where, f"expected at least group_interval_minutes ({interval:g}), got {repeat:g}"


def _names(alerts: Mapping[str, object], key: str) -> frozenset[str]:
    return frozenset(str(entry.get("name")) for _, entry in mappings(alerts, key))
