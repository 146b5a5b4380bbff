from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Engine

from tests.store.samples import NOON
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.incidents import Entry, EntryKind, Incident, IncidentChange, IncidentStatus
from watchkeeper.domain.windows import Window
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.incidents import add_entries, incident, incidents_of, open_incidents, save_incidents, timeline
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
