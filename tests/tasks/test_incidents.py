"""Incidents follow alerts in the real store, on both engines."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from tasks import incidents, store
from tasks.alert_actions import acknowledge_storm
from tests.domain.test_incidents import MINUTE, NOON, SHA, alert
from watchkeeper.domain.alert_groups import Group, Told, group_key
from watchkeeper.domain.alert_passes import Known
from watchkeeper.domain.alert_values import Alert
from watchkeeper.domain.incidents import EntryKind, Incident, IncidentStatus
from watchkeeper.domain.rollback import RollbackRequest
from watchkeeper.domain.windows import Window
from watchkeeper.store.alert_groups import add_groups, open_groups
from watchkeeper.store.audit import audit_entries
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.rollbacks import open_rollback

DAY = Window(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
ERROR = alert("error-rate-critical", release=SHA)


@pytest.fixture(autouse=True)
def _database(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("WATCHKEEPER_DATABASE_URL", url)
    store.database.cache_clear()
    yield
    store.database().dispose()
    store.database.cache_clear()


def look(minute: float, *alerts: Alert, groups: tuple[Group, ...] = (), silent: bool = False) -> tuple[Incident, ...]:
    muted = {each.fingerprint: "maintenance" for each in alerts} if silent else {}
    return incidents.follow_incidents(Known(alerts, groups), muted, NOON + minute * MINUTE)


def kinds(number: int) -> list[EntryKind]:
    return [entry.kind for entry in incidents.story_of(number).timeline]


def test_an_incident_from_its_first_alert_to_its_end() -> None:
    assert look(0, ERROR, silent=True) == ()
    (opened,) = look(1, ERROR)
    assert look(2, ERROR) == ()
    group = Group(group_key("shop", "errors"), "shop", "errors", NOON, NOON)
    taken = replace(group, acknowledged_at=NOON + 3 * MINUTE, acknowledged_by="Ada")
    (owned,) = look(4, ERROR, groups=(taken,))
    assert owned.owner == "Ada"
    assert incidents.with_incidents((group,), (ERROR,), (owned,))[0].incident == opened.number
    look(10)
    (over,) = look(25)
    assert (over.status, over.number) == (IncidentStatus.RESOLVED, opened.number)
    assert look(26) == ()
    assert kinds(opened.number) == [
        EntryKind.OPENED,
        EntryKind.ACKNOWLEDGED,
        EntryKind.CALMED,
        EntryKind.MITIGATED,
        EntryKind.RESOLVED,
    ]
    assert incidents.unfinished_incidents() == ()
    assert incidents.incidents_between(DAY) == incidents.incidents_between(DAY, "shop") == (over,)


def test_a_look_that_is_repeated_after_a_death_changes_nothing() -> None:
    (opened,) = look(1, ERROR)
    assert look(1, ERROR) == ()
    assert kinds(opened.number) == [EntryKind.OPENED]


def test_a_way_back_stands_in_the_timeline() -> None:
    (opened,) = look(1, ERROR)
    request = RollbackRequest("shop", "Grace", "it fails", "run-1", dry_run=False)
    with transaction(store.database()) as session:
        asked = open_rollback(session, request, NOON + 5 * MINUTE)
    (linked,) = look(6, ERROR)
    assert linked.rollback == asked.id
    assert look(7, ERROR) == ()
    lines = [e.text for e in incidents.story_of(opened.number).timeline if e.kind is EntryKind.ROLLBACK]
    assert any(f"way back {asked.id}" in line for line in lines)


def test_people_write_into_the_timeline_and_take_it_on() -> None:
    (opened,) = look(1, ERROR)
    incidents.write_note(opened.number, "Grace", "I <b>see</b> it, too", NOON + 2 * MINUTE)
    owned = incidents.give_to(opened.number, "Ada", "Grace", NOON + 3 * MINUTE)
    assert (owned.owner, owned.acknowledged_at) == ("Grace", NOON + 3 * MINUTE)
    assert kinds(opened.number) == [EntryKind.OPENED, EntryKind.NOTE, EntryKind.OWNER]
    with reading(store.database()) as session:
        assert [(e.actor, e.subject) for e in audit_entries(session, "shop", NOON)] == [
            ("Grace", f"incident {opened.number}"),
            ("Ada", f"incident {opened.number}"),
        ]


def test_an_incident_that_is_not_there_is_named_with_the_way_out() -> None:
    for ask in (
        lambda: incidents.story_of(99),
        lambda: incidents.write_note(99, "Ada", "hello", NOON),
        lambda: incidents.give_to(99, "Ada", "Ada", NOON),
    ):
        with pytest.raises(incidents.UnknownIncident, match=r"no incident 99: `watchkeeper incidents list`"):
            ask()


def test_an_incident_says_in_which_storm_it_was_told() -> None:
    (opened,) = look(1, ERROR)
    group = Group(group_key("shop", "errors"), "shop", "errors", NOON, NOON, incident=opened.number, storm=12)
    other = replace(group, key=group_key("api", "errors"), project="api", incident=opened.number + 1, storm=13)
    with transaction(store.database()) as session:
        add_groups(session, [group, other])
    story = incidents.story_of(opened.number).timeline
    told = [(entry.at, entry.text) for entry in story if entry.kind is EntryKind.TOLD]
    assert told == [(NOON, "told in storm 12, together with others: watchkeeper alerts why --storm 12")]


def test_who_acknowledges_a_storm_has_all_its_incidents() -> None:
    bank = replace(ERROR, project="bank")
    opened = look(1, ERROR, bank)
    key = "watchkeeper/storm/20260302T120000"
    groups = [
        Group(
            group_key(each.project, each.cause),
            each.project,
            each.cause,
            NOON,
            NOON,
            storm=1,
            channels={"slack": Told(1, frozenset({each.fingerprint}), NOON, key)},
        )
        for each in (ERROR, bank)
    ]
    with transaction(store.database()) as session:
        add_groups(session, groups)
    assert "storm 1 (2 groups)" in acknowledge_storm(1, "Ada", NOON + 2 * MINUTE)
    with reading(store.database()) as session:
        taken = open_groups(session)
    owned = look(3, ERROR, bank, groups=taken)
    assert {(each.number, each.owner) for each in owned} == {(each.number, "Ada") for each in opened}
