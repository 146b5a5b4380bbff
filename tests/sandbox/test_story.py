"""What happened before the company was born, and that nothing of it is left when it is."""

from collections.abc import Iterator

import pytest

from tests.sandbox.clock import NOON, Clock
from watchkeeper.sandbox.builds import LOAD_TEST, Build
from watchkeeper.sandbox.circleci_insights import credits_of
from watchkeeper.sandbox.circleci_shapes import Run, runs_of
from watchkeeper.sandbox.company import DAY, HOUR, Project
from watchkeeper.sandbox.issues import issues_of
from watchkeeper.sandbox.story import BAD_RELEASES, PORTAL, SHOP, BadRelease
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.world import World

MIDNIGHT = NOON // DAY * DAY
SEEDS = range(5)


def _world(seed: int = 7, now: float = NOON) -> World:
    return World(seed, clock=Clock(now), born=NOON)


def _rate(world: World, project: Project, start: float, end: float) -> float:
    counts = tally(world, project, start, end, sessions=not project.requests_per_hour).values()
    return sum(count.failures for count in counts) / sum(count.total for count in counts)


def _runs(world: World, index: int, days_ago: int) -> Iterator[Run]:
    for build in world.builds_on(index, world.born - days_ago):
        yield from runs_of(build, world.now())


def _told(world: World, bad: BadRelease) -> tuple[Project, Build]:
    ((told, build),) = world.bad_releases(bad.project)
    assert told == bad
    return world.projects[bad.project], build


def test_a_restart_with_the_same_birthday_gives_the_same_history() -> None:
    early, late = _world(), World(7, clock=Clock(NOON + 5 * DAY), born=NOON - 11 * HOUR)
    for project in early.projects:
        for days_ago in range(40, 0, -1):
            day = early.born - days_ago
            assert early.builds_on(project.index, day) == late.builds_on(project.index, day)
            span = day * DAY, day * DAY + DAY
            assert tally(early, project, *span, sessions=False) == tally(late, project, *span, sessions=False)
        moves = [[(m.kind, m.asked_at, m.target) for m in world.moves_of(project.index)] for world in (early, late)]
        assert moves[0] == moves[1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("days_ago", [*range(89, 30, -7), 31])
def test_the_first_two_months_are_calm(seed: int, days_ago: int) -> None:
    world = _world(seed)
    for project in world.projects:
        for hour in range(0, 24, 5):
            start = MIDNIGHT - days_ago * DAY + hour * HOUR
            assert _rate(world, project, start, start + 5 * HOUR) < 0.012


@pytest.mark.parametrize("bad", BAD_RELEASES, ids=["shop", "api"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_bad_release_fails_until_somebody_rolls_it_back(bad: BadRelease, seed: int) -> None:
    world = _world(seed)
    project, build = _told(world, bad)
    live, back = build.ready_at, build.ready_at + bad.lasts
    assert live == MIDNIGHT - bad.days_ago * DAY + bad.at
    assert 40 * 60 <= bad.lasts <= 50 * 60
    counted = tally(world, project, live, back, sessions=False)[build]
    assert 0.11 < counted.failures / counted.total < 0.13
    assert _rate(world, project, live - 3 * HOUR, live) < 0.012
    assert _rate(world, project, back + 5, back + 3 * HOUR) < 0.012


@pytest.mark.parametrize("bad", BAD_RELEASES, ids=["shop", "api"])
@pytest.mark.parametrize("seed", SEEDS)
def test_its_repair_waits_in_custody_until_it_is_promoted(bad: BadRelease, seed: int) -> None:
    world = _world(seed)
    project, build = _told(world, bad)
    back, promote = world.moves_of(project.index)
    assert (back.kind, promote.kind, promote.target.title) == ("rollback", "promote", bad.repair)
    assert back.target.is_release
    assert not back.target.is_bad
    assert 1.5 * HOUR < promote.asked_at - back.asked_at < 2.5 * HOUR
    assert world.serving(project, build.ready_at) == build
    assert world.serving(project, promote.target.ready_at + 30) == back.target
    assert world.in_custody(project, promote.asked_at - 60)
    assert world.serving(project, promote.done_at) == promote.target
    assert not world.in_custody(project, NOON)
    assert world.has_served(project, promote.target)


def test_a_flaky_week_has_reruns_that_cost_time_and_credits() -> None:
    world = _world()
    week = [run for days_ago in range(14, 7, -1) for run in _runs(world, PORTAL, days_ago)]
    before = [run for days_ago in range(28, 21, -1) for run in _runs(world, PORTAL, days_ago)]
    flaky = {run.build.sha for run in week if run.build.flakes}
    assert 0.2 < len(flaky) / len({run.build.sha for run in week}) < 0.6
    assert all(run.failing == "test" for run in week if run.place < run.build.flakes)
    assert all(run.outcome == "success" for run in week if run.build.flakes and run.place == run.build.flakes)
    assert sum(map(credits_of, week)) > 1.2 * sum(map(credits_of, before))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_runaway_costs_several_ordinary_days(seed: int) -> None:
    world = _world(seed)
    spent = {days_ago: sum(map(credits_of, _runs(world, SHOP, days_ago))) for days_ago in range(1, 30)}
    busy = sorted(spent_then for days_ago, spent_then in spent.items() if days_ago != 2 and spent_then)
    assert 3 < spent[2] / busy[len(busy) // 2] < 9
    (runaway,) = (run for run in _runs(world, SHOP, 2) if run.name == LOAD_TEST)
    assert runaway.ends - runaway.starts > 2 * HOUR
    assert not runaway.build.is_main


@pytest.mark.parametrize("seed", SEEDS)
def test_yesterday_main_was_broken_for_35_minutes(seed: int) -> None:
    world = _world(seed)
    runs = [run for run in _runs(world, PORTAL, 1) if run.build.is_main]
    (broken,) = (place for place, run in enumerate(runs) if run.build.title.startswith("Require a second"))
    assert (runs[broken].outcome, runs[broken + 1].outcome) == ("failed", "success")
    assert runs[broken + 1].ends - runs[broken].ends == 35 * 60


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("hours", [0, 0.25, 2, 5, 11, 23, 30, 47, 96])
def test_from_its_birth_on_a_calm_company_is_calm(seed: int, hours: float) -> None:
    now = MIDNIGHT + hours * HOUR + 1
    world = _world(seed, now)
    for project in world.projects:
        assert _rate(world, project, now - HOUR, now) < 0.012
        assert not world.in_custody(project, now)
        assert next(build for build in world.builds(project) if build.is_main).failing == ""
        issues = [issue for issue in issues_of(world, project) if issue.status == "unresolved"]
        assert all(issue.level != "fatal" for issue in issues)
        assert all(issue.first_seen < now - 2 * HOUR for issue in issues)
        assert all(issue.last_seen < now - DAY for issue in issues if issue.substatus == "regressed")


@pytest.mark.parametrize("seed", SEEDS)
def test_numbers_rise_with_the_pushes_of_a_day(seed: int) -> None:
    world = _world(seed)
    for project in world.projects:
        builds = list(world.builds(project))
        assert [build.serial for build in builds] == sorted({build.serial for build in builds}, reverse=True)
        assert all(world.find(build.project, build.day, build.number) == build for build in builds)
        assert all(build.building_at < build.ready_at for build in builds)
        assert all(build.authored_at < build.committed_at < build.pushed_at for build in builds)


def test_several_bad_releases_can_be_played_one_after_the_other() -> None:
    clock = Clock()
    world = World(clock=clock)
    shop = world.projects[0]
    world.play("bad-release")
    first = world.serving(shop, clock())
    assert first is not None
    before = world.serving(shop, first.ready_at - 1)
    assert before is not None
    world.move("rollback", shop, before)
    clock.advance(HOUR)
    assert world.in_custody(shop, clock())
    world.play("bad-release")
    second = world.serving(shop, clock())
    assert second is not None
    assert second.is_bad
    assert second.sha != first.sha
    assert [build.sha for build in world.builds(shop)][:2] == [second.sha, first.sha]
    fatal = [issue for issue in issues_of(world, shop) if issue.level == "fatal" and issue.first_seen > NOON - HOUR]
    assert sorted((issue.status, issue.first_release == second) for issue in fatal) == [
        ("resolved", False),
        ("unresolved", True),
    ]
