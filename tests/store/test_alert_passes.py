from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

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
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_groups import Group, Told
from watchkeeper.domain.alert_passes import Message, Pass
from watchkeeper.store.alert_groups import (
    UnknownGroup,
    acknowledge,
    assign,
    group,
    groups_of_storm,
    open_groups,
)
from watchkeeper.store.alert_ledger import ledger_of
from watchkeeper.store.alert_messages import claim_message, mark_sent, pending_messages
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


STORM = "watchkeeper/storm/20260302T120000"


def in_storm(project: str, **more: Any) -> Group:
    return replace(new_group(project), channels={"slack": Told(1, frozenset({f"{project}/a"}), NOON, STORM)}, **more)


def of_storm(*groups: Group) -> Message:
    told = tuple(replace(NOTIFICATION, group=each.key) for each in groups)
    return replace(message(), notifications=told, is_storm=True)


def claimed_digests(engine: Engine) -> list[Digest]:
    with transaction(engine) as session:
        found = [claim_message(session, waiting.id, NOON) for waiting in pending_messages(session, NOON)]
        for each in found:
            if each is not None:
                mark_sent(session, each.id, "reference", NOON)
    return [each.digest for each in found if each is not None]


def test_a_storm_has_the_number_of_its_first_group(engine: Engine) -> None:
    passed(engine, Pass(groups=(new_group("before"),)))
    many = tuple(in_storm(f"p{number}") for number in range(3))
    alone = new_group("alone")
    assert passed(engine, Pass(groups=(*many, alone), messages=(of_storm(*many),)))
    found = {each.project: each for each in groups(engine)}
    assert {each.storm for name, each in found.items() if name.startswith("p")} == {found["p0"].id}
    assert (found["before"].storm, found["alone"].storm) == (0, 0)
    assert [(each.group, each.storm) for each in claimed_digests(engine)] == [(0, found["p0"].id)]
    with reading(engine) as session:
        assert {each.project for each in groups_of_storm(session, found["p0"].id)} == {"p0", "p1", "p2"}
        assert groups_of_storm(session, 0) == ()


def test_what_changes_in_a_storm_keeps_its_number_also_when_it_changes_alone(engine: Engine) -> None:
    many = tuple(in_storm(f"p{number}") for number in range(3))
    passed(engine, Pass(groups=many, messages=(of_storm(*many),)))
    first, *_, third = groups(engine)
    claimed_digests(engine)
    told = of_storm(third)
    later = replace(
        told,
        digest=replace(told.digest, storm=third.storm),
        notifications=(replace(told.notifications[0], sequence=2),),
    )
    assert passed(engine, Pass(groups=(third,), messages=(later,)))
    assert [(each.group, each.storm) for each in claimed_digests(engine)] == [(0, first.id)]


def test_what_is_told_in_another_storm_elsewhere_keeps_its_number(engine: Engine) -> None:
    many = tuple(in_storm(f"p{number}") for number in range(3))
    passed(engine, Pass(groups=many, messages=(of_storm(*many),)))
    stored = groups(engine)
    boss = {"boss": Told(1, frozenset({"x"}), NOON, f"{STORM}-later")}
    again = tuple(replace(each, channels={**each.channels, **boss}) for each in stored)
    new = replace(new_group("new"), channels=boss)
    told = of_storm(*again, new)
    told = replace(told, channel="boss", notifications=tuple(replace(n, channel="boss") for n in told.notifications))
    assert passed(engine, Pass(groups=(*again, new), messages=(told,)))
    assert {each.storm for each in groups(engine)} == {stored[0].id}


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
