from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from tests.store.alert_samples import (
    ALERT,
    DIGEST,
    GROUP,
    MINUTE,
    NOTIFICATION,
    message,
    new_group,
    passed,
    resolved,
    saved,
    what_is_known,
)
from tests.store.samples import NOON
from watchkeeper.domain.alert_groups import Group
from watchkeeper.domain.alert_passes import Pass
from watchkeeper.store.alert_groups import UnknownGroup, acknowledge, assign, group, open_groups
from watchkeeper.store.alert_ledger import ledger_of
from watchkeeper.store.alert_messages import claim_message, pending_messages
from watchkeeper.store.database import reading, transaction
from watchkeeper.store.projects import forget_project
from watchkeeper.store.retention import prune


def groups(engine: Engine) -> tuple[Group, ...]:
    with reading(engine) as session:
        return open_groups(session)


def test_groups_ledger_and_outbox_are_saved_together(engine: Engine) -> None:
    assert passed(engine, Pass(groups=(GROUP,), messages=(message(),)))
    (found,) = groups(engine)
    assert replace(found, id=0, version=0) == GROUP
    with transaction(engine) as session:
        (entry,) = ledger_of(session, found.id)
        (waiting,) = pending_messages(session, NOON)
        claimed = claim_message(session, waiting.id, NOON)
    assert entry.notification == NOTIFICATION
    assert entry.message == waiting.id
    assert claimed is not None
    assert claimed.digest == replace(DIGEST, group=found.id)


def test_who_was_slower_writes_nothing(engine: Engine) -> None:
    saved(engine, ALERT)
    passed(engine, Pass(groups=(new_group(),)))
    (alert,), (stored,) = what_is_known(engine).alerts, groups(engine)
    assert passed(engine, Pass(groups=(replace(stored, escalation_step=1),)))
    slower = Pass(alerts=(replace(alert, is_flapping=False),), groups=(stored,), messages=(message(),))
    assert not passed(engine, slower)
    assert what_is_known(engine).alerts == (alert,)
    with reading(engine) as session:
        assert pending_messages(session, NOON) == ()


@pytest.mark.parametrize("other", ["a group", "an alert", "an entry"])
def test_one_thing_that_has_changed_is_enough(engine: Engine, other: str) -> None:
    saved(engine, ALERT)
    passed(engine, Pass(groups=(GROUP,), messages=(message(),)))
    (alert,), (stored,) = what_is_known(engine).alerts, groups(engine)
    result = {
        "a group": Pass(groups=(new_group("api"), new_group())),
        "an alert": Pass(groups=(new_group("api"),), alerts=(replace(alert, version=9),)),
        "an entry": Pass(groups=(new_group("api"), stored), messages=(message(),)),
    }[other]
    assert not passed(engine, result)
    assert groups(engine) == (stored,)


def test_a_group_comes_again_once_it_is_closed(engine: Engine) -> None:
    passed(engine, Pass(groups=(new_group(),)))
    (first,) = groups(engine)
    assert passed(engine, Pass(groups=(replace(first, closed_at=NOON), new_group()), messages=(message(),)))
    (second,) = groups(engine)
    assert second.id != first.id
    with reading(engine) as session:
        assert group(session, first.id).closed_at == NOON
        assert len(ledger_of(session, second.id)) == 1


def test_one_message_may_tell_of_many_groups(engine: Engine) -> None:
    many = tuple(new_group(f"p{number}") for number in range(3))
    told = tuple(replace(NOTIFICATION, group=each.key) for each in many)
    assert passed(engine, Pass(groups=many, messages=(replace(message(), notifications=told),)))
    with transaction(engine) as session:
        (waiting,) = pending_messages(session, NOON)
        claimed = claim_message(session, waiting.id, NOON)
        assert claimed is not None
        assert claimed.digest.group == 0
        assert [len(ledger_of(session, each.id)) for each in open_groups(session)] == [1, 1, 1]


def test_what_nobody_needs_any_more_is_settled_with_the_pass(engine: Engine) -> None:
    saved(engine, ALERT)
    (alert,) = what_is_known(engine).alerts
    saved(engine, resolved(alert))
    assert passed(engine, Pass(settled=frozenset({alert.id})))
    assert what_is_known(engine).alerts == ()


def test_of_passes_at_once_one_is_saved(engine: Engine) -> None:
    result = Pass(groups=(new_group(), new_group("api")), messages=(message(),))
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(lambda _: passed(engine, result), range(4))) == 1
    assert len(groups(engine)) == 2
    with reading(engine) as session:
        assert len(pending_messages(session, NOON)) == 1


def test_people_take_groups_on_once_and_the_next_pass_looks_at_them(engine: Engine) -> None:
    passed(engine, Pass(groups=(replace(new_group(), due_at=NOON + 60 * MINUTE),)))
    (before,) = groups(engine)
    with transaction(engine) as session:
        assert acknowledge(session, before.id, "Grace", NOON + MINUTE)
        assert not acknowledge(session, before.id, "Ada", NOON + MINUTE)
        assert assign(session, before.id, "Ada", NOON + 2 * MINUTE)
    (after,) = groups(engine)
    assert (after.acknowledged_by, after.acknowledged_at, after.assigned_to) == ("Grace", NOON + MINUTE, "Ada")
    assert after.version == before.version + 2
    assert after.due_at == NOON + 2 * MINUTE
    assert not passed(engine, Pass(groups=(before,))), "a pass that has not seen it is made again"


def test_nobody_takes_on_what_is_over_or_was_never_there(engine: Engine) -> None:
    passed(engine, Pass(groups=(replace(new_group(), closed_at=NOON),)))
    with transaction(engine) as session:
        assert not acknowledge(session, 1, "Grace", NOON)
        assert not assign(session, 1, "Grace", NOON)
        with pytest.raises(UnknownGroup, match="no group 99"):
            group(session, 99)


def test_what_was_told_goes_after_a_long_time_and_with_its_project(engine: Engine) -> None:
    closed = replace(new_group(), closed_at=NOON)
    for project, result in (("api", replace(new_group("api"), opened_at=NOON)), ("shop", closed)):
        passed(engine, Pass(groups=(result,), messages=(message(group=result.key, key=project),)))
    gone = prune(engine, NOON + timedelta(days=500))
    assert (gone["alert_groups"], gone["alert_notifications"], gone["alert_messages"]) == (1, 2, 2)
    with transaction(engine) as session:
        assert forget_project(session, "api")["alert_groups"] == 1
