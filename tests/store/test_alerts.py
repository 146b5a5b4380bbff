from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Engine

from tests.store.alert_samples import ALERT, MINUTE, numbered, resolved, saved
from tests.store.samples import NOON
from watchkeeper.domain.alert_values import Alert, AlertStatus
from watchkeeper.domain.windows import Window
from watchkeeper.store.alerts import (
    UnknownAlert,
    alert,
    alerts_between,
    change_alerts,
    list_alerts,
    open_alerts,
    settle_alerts,
)
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.projects import forget_project
from watchkeeper.store.retention import prune


def there(engine: Engine) -> tuple[Alert, ...]:
    with reading(engine) as session:
        return open_alerts(session)


def test_an_alert_comes_back_as_it_was_saved(engine: Engine) -> None:
    assert saved(engine, ALERT) == frozenset()
    (found,) = there(engine)
    assert replace(found, id=0, version=0) == ALERT
    with reading(engine) as session:
        assert alert(session, found.id) == found


def test_a_change_counts_its_version(engine: Engine) -> None:
    saved(engine, ALERT)
    (first,) = there(engine)
    assert saved(engine, replace(first, summary="worse", calm_since=None)) == frozenset()
    (second,) = there(engine)
    assert second == replace(first, summary="worse", calm_since=None, version=first.version + 1)


def test_who_was_slower_is_told_so_and_changes_nothing(engine: Engine) -> None:
    saved(engine, *numbered(2))
    first, other = there(engine)
    saved(engine, replace(first, summary="faster"))
    assert saved(engine, replace(first, summary="slower"), replace(other, summary="mine")) == {first.fingerprint}
    assert [found.summary for found in there(engine)] == ["faster", "mine"]
    with transaction(engine) as session:
        assert change_alerts(session, [first]) == 0


def test_an_open_alert_is_not_opened_again(engine: Engine) -> None:
    saved(engine, ALERT)
    assert saved(engine, ALERT, *numbered(1)) == {ALERT.fingerprint}
    assert len(there(engine)) == 2


def test_a_new_episode_takes_the_place_of_one_that_is_resolved_with_it(engine: Engine) -> None:
    saved(engine, ALERT)
    (first,) = there(engine)
    assert saved(engine, ALERT, resolved(first)) == frozenset()
    before, after = there(engine)
    assert (before.id, before.is_resolved, after.is_resolved) == (first.id, True, False)


def test_what_never_fired_leaves_nothing_behind(engine: Engine) -> None:
    pending = replace(ALERT, status=AlertStatus.PENDING, fired_at=None)
    saved(engine, pending)
    (found,) = there(engine)
    assert saved(engine, resolved(found), resolved(replace(pending, project="api"))) == frozenset()
    with reading(engine) as session:
        assert list_alerts(session, with_resolved=True) == ()
        with pytest.raises(UnknownAlert, match=f"no alert {found.id}"):
            alert(session, found.id)


def test_a_resolved_one_is_at_hand_until_it_is_settled(engine: Engine) -> None:
    saved(engine, *numbered(2))
    first, other = there(engine)
    saved(engine, resolved(first))
    assert [found.id for found in there(engine)] == [first.id, other.id]
    with transaction(engine) as session:
        settle_alerts(session, {first.id, other.id}, NOON)
    assert there(engine) == (other,), "an open one is never settled"
    with reading(engine) as session:
        assert list_alerts(session) == (other,)
        assert {found.id for found in list_alerts(session, with_resolved=True)} == {first.id, other.id}
        assert list_alerts(session, "api") == ()
        assert list_alerts(session, "shop", with_resolved=True, limit=1)[0].id == other.id
        assert len(alerts_between(session, Window(NOON, NOON + MINUTE))) == 2
        assert alerts_between(session, Window(NOON + MINUTE, NOON + 2 * MINUTE)) == ()


def test_two_at_once_open_it_once(engine: Engine) -> None:
    with ThreadPoolExecutor(4) as pool:
        lost = list(pool.map(lambda _: saved(engine, *numbered(20)), range(4)))
    assert sorted(map(len, lost)) == [0, 20, 20, 20]
    assert len(there(engine)) == 20


def test_hostile_text_is_stored(engine: Engine) -> None:
    odd = replace(ALERT, summary="a\x00b \ud83d", details=("\x00",), labels=(("issue", "x" * 5_000),))
    assert saved(engine, odd) == frozenset()
    (found,) = there(engine)
    assert found.summary == "a\ufffdb ?"
    assert found.labels == odd.labels


def test_history_goes_after_a_long_time_and_with_its_project(engine: Engine) -> None:
    saved(engine, *numbered(2), replace(ALERT, project="api"))
    first = next(found for found in there(engine) if found.project == "shop")
    saved(engine, resolved(first))
    with transaction(engine) as session:
        settle_alerts(session, {first.id}, NOON)
    assert prune(engine, NOON + 1440 * 500 * MINUTE)["alerts"] == 1, "what is open is kept, however old"
    with transaction(engine) as session:
        assert forget_project(session, "shop")["alerts"] == 1
    assert [found.project for found in there(engine)] == ["api"]
