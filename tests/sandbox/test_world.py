import time
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.clock import NIGHT, NOON, Clock
from watchkeeper.sandbox.builds import release_name
from watchkeeper.sandbox.chance import as_uuid, from_uuid, seal, unseal
from watchkeeper.sandbox.company import DAY, HOUR
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.world import World


def _portrait(seed: int) -> list[object]:
    world = World(seed, clock=Clock())
    builds = [list(islice(world.builds(project), 50)) for project in world.projects]
    counts = [tally(world, project, NOON - DAY, NOON, sessions=False) for project in world.projects]
    return [builds, [[(b.sha, c.total, c.failures) for b, c in count.items()] for count in counts]]


def test_the_same_seed_gives_the_same_company() -> None:
    assert _portrait(7) == _portrait(7)


def test_another_seed_gives_another_company() -> None:
    assert _portrait(7) != _portrait(8)


def test_the_past_stays_as_it_was() -> None:
    early, late = World(clock=Clock()), World(clock=Clock(NOON + 3 * DAY), born=NOON)
    for project in early.projects:
        span = (NOON - 5 * HOUR, NOON - HOUR)
        assert tally(early, project, *span, sessions=True) == tally(late, project, *span, sessions=True)


@given(start=st.integers(0, 6 * HOUR), lengths=st.lists(st.integers(1, 4000), min_size=1, max_size=6))
def test_counts_of_adjoining_spans_add_up(start: int, lengths: list[int]) -> None:
    world = World(clock=Clock(NOON + DAY))
    world.play("slow-burn")
    shop = world.projects[0]
    at = first = NOON - 4 * HOUR + start
    totals = failures = 0
    for length in lengths:
        parts = tally(world, shop, at, at + length, sessions=False).values()
        totals += sum(part.total for part in parts)
        failures += sum(part.failures for part in parts)
        at += length
    whole = tally(world, shop, first, at, sessions=False).values()
    assert totals == sum(part.total for part in whole)
    assert abs(failures - sum(part.failures for part in whole)) <= len(lengths)


def test_no_moment_counts_less_than_nothing_while_two_releases_share_the_visitors() -> None:
    world = World(clock=Clock(NOON))
    world.play("bad-release")
    moments = [NOON - 300 + tenth / 10 for tenth in range(3000)]
    counted = [tally(world, world.projects[0], at, at + 0.1, sessions=False) for at in moments]
    assert len({build for each in counted for build in each}) == 2
    assert all(part.total > 0 <= part.failures for each in counted for part in each.values())


@pytest.mark.parametrize("moment", [NOON, NIGHT, NIGHT + 90 * DAY], ids=["noon", "night", "another night"])
@pytest.mark.parametrize("seed", range(5))
def test_a_calm_company_is_calm_and_busy_enough(moment: float, seed: int) -> None:
    for hour in range(0, 24, 3):
        now = moment + hour * HOUR
        world = World(seed, clock=Clock(now))
        shop, portal, api = world.projects
        for project, least in ((shop, 400), (api, 200)):
            counts = tally(world, project, now - 900, now, sessions=False).values()
            assert sum(count.total for count in counts) >= least
            assert sum(count.failures for count in counts) / sum(count.total for count in counts) < 0.012
        sessions = tally(world, portal, now - HOUR, now, sessions=True).values()
        assert sum(count.total for count in sessions) >= 100


@pytest.mark.parametrize("seed", range(5))
def test_the_newest_finished_pipeline_of_main_succeeded(seed: int) -> None:
    for quarter in range(96):
        world = World(seed, clock=Clock(NOON + quarter * 900))
        for project in world.projects:
            newest = next(build for build in world.builds(project) if build.is_main)
            assert newest.failing == ""


def test_releases_come_about_once_a_day() -> None:
    world = World(clock=Clock())
    for project in world.projects:
        assert 60 <= sum(build.is_release for build in world.builds(project)) <= 130


def test_busy_days_have_more_traffic_than_quiet_nights() -> None:
    world = World(clock=Clock())
    shop = world.projects[0]
    day = tally(world, shop, NOON, NOON + HOUR, sessions=False)
    assert not day  # the future has not happened
    afternoon = tally(world, shop, NOON - 21 * HOUR, NOON - 20 * HOUR, sessions=False).values()
    night = tally(world, shop, NOON - 9 * HOUR, NOON - 8 * HOUR, sessions=False).values()
    assert sum(c.total for c in afternoon) > 2 * sum(c.total for c in night)


@given(st.tuples(*(st.integers(0, limit) for limit in (255, 65_535, 65_535, 255, 255))))
def test_a_sealed_id_opens_again(place: tuple[int, int, int, int, int]) -> None:
    sealed = seal(*place)
    assert unseal(sealed) == place
    assert from_uuid(as_uuid(sealed)) == sealed


def test_an_id_of_somebody_else_does_not_open() -> None:
    assert unseal("0123456789abcdef") is None
    assert unseal("not hexadecimal!") is None
    assert from_uuid("nonsense") == ""


def test_products_name_their_releases_in_three_ways() -> None:
    world = World(clock=Clock())
    shop, portal, api = ((project, next(world.releases(project))) for project in world.projects)
    assert release_name(*shop) == shop[1].sha
    assert release_name(*portal).startswith("portal-web@1.")
    assert release_name(*portal).endswith(f"+{portal[1].sha[:12]}")
    assert release_name(*api) == api[1].sha[:12]


def test_a_commit_is_found_by_the_beginning_of_its_sha() -> None:
    world = World(clock=Clock())
    shop = world.projects[0]
    build = next(world.releases(shop))
    assert world.find_commit(shop, build.sha[:7]) == build
    assert world.find_commit(shop, build.sha[:6]) is None


@pytest.mark.parametrize("days_ago", [0, 30, 89])
def test_an_hour_of_fifty_products_is_told_quickly(days_ago: int) -> None:
    world = World(size=50, clock=Clock())
    start = NOON - days_ago * DAY - 2 * HOUR
    seconds = []
    for hour in range(5):
        begun = time.perf_counter()
        span = start - hour * HOUR, start - (hour - 1) * HOUR
        counts = [tally(world, project, *span, sessions=False) for project in world.projects]
        seconds.append(time.perf_counter() - begun)
        assert any(counts)
    assert min(seconds) < 0.02
