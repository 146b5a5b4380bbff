"""Lists of people in which one person stands twice, or could: nobody could tell then who is who."""

from collections.abc import Iterable, Mapping, Sequence

from watchkeeper.config.plain import Found, mappings, texts
from watchkeeper.config.problems import Place
from watchkeeper.domain.people import Doubt, doubles, possible_doubles, why_no_name

_Listed = tuple[Place, str]


def check_approvers(rollback: Mapping[str, object]) -> Found:
    """Yield the approvers and requesters that are one person."""
    people = _approvers(rollback)
    yield from _told(people, doubles([name for _, name in people]))


def check_two_people(rollback: Mapping[str, object]) -> Found:
    """Yield where two people are needed, and too few are listed, or two who could be one."""
    if rollback.get("two_person") is not True or any(
        not isinstance(rollback.get(key) or [], list) for key in ("approvers", "requesters")
    ):
        return  # what is no list is said elsewhere
    people = _approvers(rollback)
    names = [name for _, name in people]
    yield from _told(people, possible_doubles(names))
    if not rollback.get("approvers"):
        yield ("two_person",), "expected approvers beside it: who asks may not approve, so others must be listed"
    elif len(people) - len({doubt.second for doubt in doubles(names)}) < 2:
        yield ("approvers",), "expected at least two people beside two_person: who asks may not approve alone"


def check_alert_people(alerts: Mapping[str, object]) -> Found:
    """Yield where two people of `alerts.people` are one."""
    people: list[_Listed] = [
        (("people", place, "name"), str(name))
        for place, person in mappings(alerts, "people")
        if (name := person.get("name"))
    ]
    exact = {name for _, name in people}
    if len(exact) == len(people):  # what is written twice is said elsewhere
        people = _usable(people)
        yield from _told(people, doubles([name for _, name in people]))


def _approvers(rollback: Mapping[str, object]) -> list[_Listed]:
    return _usable([*texts(rollback, "approvers"), *texts(rollback, "requesters")])


def _usable(entries: Iterable[_Listed]) -> list[_Listed]:
    """Return the entries that name somebody; what is wrong with the others is said elsewhere."""
    return [(place, name) for place, name in entries if not why_no_name(name)]


def _told(people: Sequence[_Listed], doubts: Iterable[Doubt]) -> Found:
    for doubt in doubts:
        yield people[doubt.second][0], doubt.reason
