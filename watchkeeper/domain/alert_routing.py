"""Which channels an alert goes to, and who is on call."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from watchkeeper.domain.alert_policy import ON_CALL, AlertPolicy, Hours, OnCall, Person, Route, match_all
from watchkeeper.domain.alert_values import Alert


def open_routes(routes: Iterable[Route], now: datetime) -> tuple[Route, ...]:
    """Return the routes that hold at this time of the week, in their order."""
    return tuple(route for route in routes if route.hours is None or is_within(route.hours, now))


def route_of(alert: Alert, routes: Iterable[Route]) -> Route | None:
    """Return the first route that matches; None when none does, which leaves the default channels."""
    return next((route for route in routes if match_all(route.matchers, alert)), None)


def channels_of(alert: Alert, route: Route | None, policy: AlertPolicy) -> tuple[str, ...]:
    """Return the default channels of the project and those of the route, each once.

    What is said of a channel is told on the others: where it is the only default, on any that is in use elsewhere.
    """
    defaults = policy.default_channels.get(alert.project)
    if defaults is None:
        defaults = policy.default_channels.get("", ())
    if route is not None:
        defaults = tuple(dict.fromkeys((*defaults, *route.channels)))
    if alert.project or not alert.labels:
        return defaults
    itself = dict(alert.labels).get("channel")
    others = tuple(channel for channel in defaults if channel != itself)
    return others or _in_use(policy, besides=itself) or defaults


def _in_use(policy: AlertPolicy, besides: str | None) -> tuple[str, ...]:
    """Return the channels that anybody is told on, but for one."""
    told = (channel for channels in policy.default_channels.values() for channel in channels)
    routed = (channel for route in policy.routes for channel in route.channels)
    return tuple(channel for channel in dict.fromkeys((*told, *routed)) if channel != besides)


def is_within(hours: Hours, now: datetime) -> bool:
    """Return whether it is one of these hours by the clock of their time zone."""
    local = now.astimezone(hours.zone)
    minute, today = local.hour * 60 + local.minute, local.weekday()
    if hours.start < hours.end:
        return today in hours.weekdays and hours.start <= minute < hours.end
    yesterday = (today - 1) % 7
    return (today in hours.weekdays and minute >= hours.start) or (yesterday in hours.weekdays and minute < hours.end)


def on_call_at(on_call: OnCall | None, now: datetime) -> str:
    """Return the name of whoever is on call; before the first turn that is the first one. "" for nobody."""
    if on_call is None or not on_call.people or on_call.turn <= timedelta():
        return ""
    return on_call.people[max(0, _turn_at(on_call, now)) % len(on_call.people)]


def _turn_at(on_call: OnCall, now: datetime) -> int:
    """Return the number of the turn, counted from 0; below 0 before the first."""
    begin, local = _clock_time(on_call.since, on_call), _clock_time(now, on_call)
    number = (local - begin) // on_call.turn
    while turn_begin(on_call, number) > now:  # the clocks go forward or back between the begin of the turn and now
        number -= 1
    while turn_begin(on_call, number + 1) <= now:
        number += 1
    return number


def turn_begin(on_call: OnCall, number: int) -> datetime:
    """Return when a turn begins, in UTC.

    A time of the clock that comes twice is the first one; one that is skipped counts by the offset before the change.
    Source: RFC 5545, section 3.3.5.
    """
    begin = _clock_time(on_call.since, on_call) + number * on_call.turn
    return begin.replace(tzinfo=on_call.zone, fold=0).astimezone(UTC)


def _clock_time(moment: datetime, on_call: OnCall) -> datetime:
    """Return what the clock of the turns shows at a moment, without its zone."""
    return moment.astimezone(on_call.zone).replace(tzinfo=None, fold=0)


def person_of(name: str, policy: AlertPolicy) -> Person | None:
    """Return the person of that name, also when it says where it was said: `Ada in pager`."""
    return policy.people.get(name) or policy.people.get(name.rpartition(" in ")[0])


def resolve_people(names: Iterable[str], policy: AlertPolicy, now: datetime) -> tuple[str, ...]:
    """Return the names with whoever is on call instead of `on_call`, each once."""
    people = (on_call_at(policy.on_call, now) if name == ON_CALL else name for name in names)
    return tuple(dict.fromkeys(name for name in people if name))
