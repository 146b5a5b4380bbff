from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Draft, Entry, EntryKind, Incident, IncidentChange, IncidentStatus
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.incidents import (
    add_entries,
    incident,
    incidents_in,
    incidents_of,
    last_incidents,
    mark_draft,
    open_incidents,
    save_incidents,
    timeline,
    undrafted_incidents,
)
from watchkeeper.store.projects import forget_project
from watchkeeper.store.retention import prune

DAY = timedelta(days=1)
OPENED = Entry(NOON, EntryKind.OPENED, "Shop: 31 % of requests failed")
NEW = Incident(
    "shop",
    "errors",
    "Shop: 31 % of requests failed",
    Severity.CRITICAL,
    NOON - timedelta(minutes=5),
    NOON,
    alerts=frozenset({"shop/error-rate", "shop/score-low"}),
    firing=frozenset({"shop/error-rate"}),
)


def save(engine: Engine, *changes: tuple[Incident, str]) -> tuple[Incident, ...]:
    with transaction(engine) as session:
        return save_incidents(session, [IncidentChange(each, (replace(OPENED, text=told),)) for each, told in changes])


def lines(engine: Engine, number: int) -> list[str]:
    with reading(engine) as session:
        return [entry.text for entry in timeline(session, number)]


def unfinished(engine: Engine) -> tuple[Incident, ...]:
    with reading(engine) as session:
        return open_incidents(session)


def test_an_incident_is_read_as_it_was_saved(engine: Engine) -> None:
    (saved,) = save(engine, (NEW, "opened"))
    assert saved == replace(NEW, number=saved.number, version=1)
    with reading(engine) as session:
        assert incident(session, saved.number) == saved
        assert incident(session, saved.number + 1) is None
    assert unfinished(engine) == (saved,)
    assert lines(engine, saved.number) == ["opened"]


def test_of_two_changes_at_once_the_first_counts(engine: Engine) -> None:
    (saved,) = save(engine, (NEW, "opened"))
    (changed,) = save(engine, (replace(saved, owner="Ada"), "Ada has taken it on"))
    assert save(engine, (replace(saved, owner="Grace"), "Grace has taken it on")) == ()
    assert (unfinished(engine)[0].owner, changed.version) == ("Ada", 2)
    assert lines(engine, saved.number) == ["opened", "Ada has taken it on"]


def test_of_two_that_are_opened_at_once_the_first_counts(engine: Engine) -> None:
    (saved,) = save(engine, (NEW, "opened"))
    assert save(engine, (NEW, "opened")) == ()
    assert lines(engine, saved.number) == ["opened"]
    over = replace(saved, status=IncidentStatus.RESOLVED, resolved_at=NOON)
    save(engine, (over, "over"))
    (other,) = save(engine, (NEW, "opened again"))
    assert other.number > saved.number
    assert unfinished(engine) == (other,)


def test_hostile_text_is_kept_and_stands_in_order(engine: Engine) -> None:
    (saved,) = save(engine, (replace(NEW, title="a\0b<script>"), "first"))
    with transaction(engine) as session:
        add_entries(session, saved.number, [Entry(NOON - DAY, EntryKind.NOTE, "<!channel>\0", "Ada")])
    assert "\0" not in saved.title
    assert [text[:10] for text in lines(engine, saved.number)] == ["<!channel>", "first"]


def test_those_of_a_window_and_a_project(engine: Engine) -> None:
    later = replace(NEW, project="api", opened_at=NOON + DAY)
    shop, api = save(engine, (NEW, "shop"), (later, "api"))
    with reading(engine) as session:
        assert incidents_of(session, Window(NOON, NOON + 2 * DAY)) == (shop, api)
        assert incidents_of(session, Window(NOON, NOON + 2 * DAY), "api") == (api,)
        assert incidents_of(session, Window(NOON, NOON + DAY)) == (shop,)


def test_those_that_were_not_over_before_a_window_and_the_last_ones_before_it(engine: Engine) -> None:
    over = replace(NEW, status=IncidentStatus.RESOLVED)
    first = replace(over, opened_at=NOON - 3 * DAY, resolved_at=NOON - 2 * DAY)
    into = replace(over, opened_at=NOON - 2 * DAY, resolved_at=NOON, cause="builds")
    inside = replace(over, resolved_at=NOON + 2 * DAY, cause="delivery")
    old = replace(NEW, project="api", opened_at=NOON - 60 * DAY)
    later = replace(NEW, opened_at=NOON + DAY, cause="later")
    numbers = [each.number for each in save(engine, *((each, "") for each in (old, first, into, inside, later)))]
    with reading(engine) as session:
        found = incidents_in(session, Window(NOON, NOON + DAY))
        before = last_incidents(session, NOON)
    assert [each.number for each in found] == [numbers[0], numbers[2], numbers[3]]
    assert {each.project: each.number for each in before} == {"api": numbers[0], "shop": numbers[2]}


def test_the_draft_of_what_is_over_is_asked_for_until_it_is_final(engine: Engine) -> None:
    over = replace(NEW, status=IncidentStatus.RESOLVED, resolved_at=NOON)
    _, early, none = save(engine, (NEW, ""), (replace(over, cause="builds"), ""), (replace(over, cause="x"), ""))
    with transaction(engine) as session:
        assert mark_draft(session, early, Draft.EARLY)
    assert missing(engine) == (early.number, none.number)
    assert missing(engine, most=1) == (early.number,)
    with transaction(engine) as session:
        assert not mark_draft(session, early, Draft.FINAL), "it has changed since"
        assert mark_draft(session, none, Draft.FINAL)
    assert missing(engine) == (early.number,)
    save(engine, (replace(none, owner="Ada"), "she has it"))
    with reading(engine) as session:
        found = incident(session, none.number)
    assert found is not None
    assert (found.owner, found.draft) == ("Ada", Draft.FINAL), "who changes an incident leaves its draft alone"


def missing(engine: Engine, most: int = 5) -> tuple[int, ...]:
    with reading(engine) as session:
        return undrafted_incidents(session, most)


def test_what_is_over_goes_after_400_days_with_its_timeline(engine: Engine) -> None:
    over = replace(NEW, status=IncidentStatus.RESOLVED, resolved_at=NOON)
    kept, gone = save(engine, (NEW, "lasts"), (replace(over, cause="builds"), "over"))
    assert prune(engine, NOON + 401 * DAY)["incidents"] == 1
    assert unfinished(engine) == (kept,)
    assert lines(engine, gone.number) == []


def test_a_project_that_is_forgotten_takes_its_incidents_with_it(engine: Engine) -> None:
    (saved,) = save(engine, (NEW, "opened"))
    with transaction(engine) as session:
        assert forget_project(session, "shop")["incidents"] == 1
    assert lines(engine, saved.number) == []
