"""Whatever happens in whatever order: production changes once per approval at most, and never without one."""

from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Final

import pytest
from hypothesis import HealthCheck, event, given, note, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.store.rollback_world import GOOD, World
from watchkeeper.domain.rollback import RollbackState

NUMBERS: Final = count()
RUNS: Final = ("run-1", "run-1 that was believed dead", "run-2")
CARRIED_OUT: Final = frozenset(
    {
        RollbackState.APPROVED,
        RollbackState.EXECUTING,
        RollbackState.VERIFYING,
        RollbackState.SUCCEEDED,
        RollbackState.FAILED,
        RollbackState.REFUSED,
        RollbackState.DECLINED,
    }
)
Event = tuple[str, Callable[[World], None]]


def start(run: str, told_by: str) -> Callable[[World], None]:
    return lambda world: world.start(f"{world.project}/{run}", told_by and f"{world.project}/{told_by}")


def step(run: str, times: int) -> Callable[[World], None]:
    def go(world: World) -> None:
        for _ in range(times):
            if f"{world.project}/{run}" in world.runs:
                world.step(f"{world.project}/{run}")

    return go


def kill(run: str) -> Callable[[World], None]:
    return lambda world: (world.runs.pop(f"{world.project}/{run}", None), None)[1]


def dies(world: World) -> None:
    world.dies_in_transaction = True


def recover(world: World) -> None:
    world.has_recovered = True


def wait(seconds: int) -> Callable[[World], None]:
    def go(world: World) -> None:
        world.uptime += timedelta(seconds=seconds)
        world.clock += timedelta(seconds=seconds)

    return go


def jump(minutes: int) -> Callable[[World], None]:
    def go(world: World) -> None:
        world.clock += timedelta(minutes=minutes)

    return go


def trouble(kind: str) -> Callable[[World], None]:
    return lambda world: setattr(world.vendor, "trouble", kind)


def reply(word: str, person: str, asked_in: int) -> Callable[[World], None]:
    return lambda world: world.reply(word, person, asked_in)


def adopt(run: str) -> Callable[[World], None]:
    return lambda world: world.adopt(f"{world.project}/{run}")


runs = st.sampled_from(RUNS)
EVENTS: Final[st.SearchStrategy[Event]] = st.one_of(
    st.tuples(runs, st.integers(1, 6)).map(lambda a: (f"step {a}", step(*a))),
    st.tuples(runs, st.integers(1, 6)).map(lambda a: (f"step {a}", step(*a))),
    st.tuples(st.sampled_from(["run-1", "run-2"]), st.sampled_from(["", "event"])).map(
        lambda a: (f"start {a}", start(*a))
    ),
    st.tuples(st.sampled_from(["YES", "YES", "NO", "yes"]), st.sampled_from(["Ada", "Grace"]), st.integers(0, 2)).map(
        lambda a: (f"reply {a}", reply(*a))
    ),
    runs.map(lambda run: (f"kill {run}", kill(run))),
    st.just(("adopt run-2", adopt("run-2"))),
    st.sampled_from([1, 20, 46, 1_900, 3_700]).map(lambda s: (f"wait {s} s", wait(s))),
    st.sampled_from([-90, -2, 2, 90]).map(lambda m: (f"the clock jumps {m} min", jump(m))),
    st.sampled_from(["lost", "late_answer", "slow", "fails", "stays"]).map(lambda k: (f"trouble {k}", trouble(k))),
    st.just(("dies in a transaction", dies)),
    st.just(("production recovers", recover)),
    st.just(("a newer release arrives", lambda world: world.vendor.release("dpl_newer"))),
    st.just(("the vendor finishes", lambda world: world.vendor.finish())),
)
# What happens when all goes well; between any two of its steps anything else may.
GOING_WELL: Final[list[Event]] = [
    *[("step run-1", step("run-1", 1))] * 3,
    ("reply YES", reply("YES", "Grace", 0)),
    *[("step run-1", step("run-1", 1))] * 10,
]


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Return events of the usual course with others between them."""
    between = draw(st.lists(st.tuples(st.integers(0, len(GOING_WELL)), EVENTS), max_size=14))
    return [
        event
        for place, usual in enumerate([*GOING_WELL, ("the end", lambda _world: None)])
        for event in [*(other for at, other in between if at == place), usual]
    ]


def check(world: World) -> None:
    """Make sure that nothing has happened that must not, at this very moment."""
    known = world.approved()
    assert sum(each.is_active for each, _ in known) <= 1
    for each, rounds in known:
        may_change = each.round in rounds if each.require_approval else world.automatic
        assert world.vendor.moves.count(each.id) <= may_change
        assert may_change or each.state not in {
            RollbackState.EXECUTING,
            RollbackState.VERIFYING,
            RollbackState.SUCCEEDED,
        }
        # No approval is lost: it is carried out, or was asked for again.
        assert all(each.state in CARRIED_OUT or each.round > asked_in for asked_in in rounds)
        # Nor is a NO: what somebody has declined ends there, if the vendor was not called before.
        assert each.round not in world.declined(each.id) or each.state is RollbackState.DECLINED


def settle(world: World) -> None:
    """Let everything come to an end: nothing more goes wrong, and whatever was lost is started again."""
    world.dies_in_transaction, world.vendor.trouble, world.has_recovered = False, "", False
    for _ in range(60):
        wait(50)(world)
        world.vendor.finish()
        for each in [each for each in world.all() if each.is_active]:
            if each.flow_run_id not in world.runs:
                world.start(each.flow_run_id, "")
        for run in list(world.runs):
            for _step in range(8):
                if run in world.runs:
                    world.step(run)
        check(world)
        if not any(each.is_active for each in world.all()):
            return


@pytest.mark.parametrize("automatic", [False, True])
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(events=stories())
def test_production_changes_once_per_approval_at_most(
    engine: Engine,
    automatic: bool,  # noqa: FBT001
    events: list[Event],
) -> None:
    world = World(engine, f"p{next(NUMBERS)}", automatic)
    start("run-1", "event")(world)
    for name, happens in events:
        note(name)
        happens(world)
        check(world)
    settle(world)
    assert all(not each.is_active or each.state is RollbackState.AWAITING_APPROVAL for each in world.all())
    for each in world.all():
        if each.state is RollbackState.SUCCEEDED:
            assert each.id in world.vendor.moves or world.vendor.serving == GOOD
    event(f"production was changed {len(world.vendor.moves)} times")


def test_undisturbed_it_goes_through_in_one_go(engine: Engine) -> None:
    world = World(engine, "p", automatic=False)
    start("run-1", "event")(world)
    step("run-1", 6)(world)
    reply("YES", "Grace", 1)(world)
    settle(world)
    (only,) = world.all()
    assert (only.state, world.vendor.moves, world.vendor.serving) == (RollbackState.SUCCEEDED, [only.id], GOOD)
