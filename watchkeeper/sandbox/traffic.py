"""How many requests and sessions the products had, and how many failed, by release."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor
from typing import NamedTuple

from watchkeeper.sandbox.builds import FIRST_EXTRA, Build
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import HOUR, Project
from watchkeeper.sandbox.world import World

OLD_TABS = 0.08  # share of the visitors that still use the release before
OLD_TABS_SECONDS = 2 * HOUR
BAD_SHARE = 0.12
BROKEN_SHARE = 0.3  # of the release that the scenario puts live: bad enough to be sure of it after a few minutes
BURN_LEAD, BURN_AN_HOUR, BURN_MOST = 2 * HOUR, 0.015, 0.09
BURN_STEP = 300
QUIET_LEAD, QUIET_AN_HOUR = HOUR, 12.0  # low traffic: 3 in 15 minutes
PLATFORM_SHARE = 0.07


@dataclass(slots=True)
class Tally:
    total: int = 0
    failures: int = 0


class Part(NamedTuple):
    """The share of the visitors, from `low` to `high`, that met one release in a span within one hour."""

    release: Build
    start: float
    end: float
    low: float
    high: float


def tally(world: World, project: Project, start: float, end: float, *, sessions: bool) -> dict[Build, Tally]:
    """Return requests (or sessions) and failures in `[start, end)`, by the release that answered them.

    Counts of adjoining spans add up, and nothing is counted of the future.
    """
    result: dict[Build, Tally] = {}
    for begin, finish in _pieces(world, project, start, min(end, world.now())):
        for part in _parts(world, project, begin, finish):
            total, failures = _count(world, project, part, sessions=sessions)
            entry = result.setdefault(part.release, Tally())
            entry.total += total
            entry.failures += failures
    return {build: entry for build, entry in result.items() if entry.total}


def _pieces(world: World, project: Project, start: float, end: float) -> Iterator[tuple[float, float]]:
    """Cut a span where the hour, what production serves, or a scenario changes."""
    if end <= start:
        return
    cuts = {float(hour * HOUR) for hour in range(floor(start / HOUR) + 1, ceil(end / HOUR))}
    changes = world.changes(project, start - OLD_TABS_SECONDS, end)
    cuts.update(changes, (moment + OLD_TABS_SECONDS for moment in changes))
    if burn := world.scenario("slow-burn", project.slug):
        cuts.update(float(step * BURN_STEP) for step in range(int(start // BURN_STEP) + 1, ceil(end / BURN_STEP)))
        cuts.add(burn.at - BURN_LEAD)
    if quiet := world.scenario("low-traffic"):
        cuts.add(quiet.at - QUIET_LEAD)
    if outage := world.scenario("platform-incident"):
        cuts.add(outage.at)
    if world.scenario("bad-flag", project.slug):
        cuts.update(since for since, _ in world.percentages_of(project))
    moments = [start, *sorted(cut for cut in cuts if start < cut < end), end]
    yield from pairwise(moments)


def _parts(world: World, project: Project, start: float, end: float) -> Iterator[Part]:
    """Yield which share of the visitors met which release: a few keep the old one for two hours."""
    build = world.serving(project, start)
    if build is None:
        return
    if rolling := world.rolling(project, start):
        kept = 1 - rolling.percent / 100
        yield Part(rolling.base, start, end, 0.0, kept)
        yield Part(rolling.canary, start, end, kept, 1.0)
        return
    before, move = None, world.last_move(project, start)
    went_live_by_itself = move is None or build.ready_at > move.done_at
    if went_live_by_itself and start - build.ready_at < OLD_TABS_SECONDS:
        before = world.serving(project, build.ready_at - 1)
    if before is None or before == build:
        yield Part(build, start, end, 0.0, 1.0)
        return
    yield Part(before, start, end, 0.0, OLD_TABS)
    yield Part(build, start, end, OLD_TABS, 1.0)


def _count(world: World, project: Project, part: Part, *, sessions: bool) -> tuple[int, int]:
    """Return total and failures of a part, as the difference of two running counts of its hour."""
    hour = int(part.start // HOUR) * HOUR
    volume = world.company.hourly(project, hour, sessions=sessions)
    if (quiet := world.scenario("low-traffic")) and part.start >= quiet.at - QUIET_LEAD:
        volume = min(volume, QUIET_AN_HOUR)
    rate = _failure_rate(world, project, part.release, part.start)
    phase = noise(world.company.seed, project.slug, hour, "phase")
    curve = world.company.share_of_hour
    counts = []
    for progress in (curve(part.start), 1.0 if part.end >= hour + HOUR else curve(part.end)):
        asked = floor(volume * progress)
        whole = floor(asked * part.high) - floor(asked * part.low)  # of whole ones: it never runs backwards
        counts.append((whole, floor(whole * rate + phase)))
    total = counts[1][0] - counts[0][0]
    return total, min(counts[1][1] - counts[0][1], total)


def _failure_rate(world: World, project: Project, release: Build, at: float) -> float:
    rate = world.company.failure_rate(project, int(at // HOUR) * HOUR)
    if release.is_bad:
        is_played = release.number >= FIRST_EXTRA and world.scenario("bad-release", project.slug) is not None
        rate = BROKEN_SHARE if is_played else BAD_SHARE
    burn = world.scenario("slow-burn", project.slug)
    if burn and at >= burn.at - BURN_LEAD:
        rate += min(BURN_AN_HOUR * (at - burn.at + BURN_LEAD) / HOUR, BURN_MOST)
    if world.scenario("bad-flag", project.slug):
        rate += BAD_SHARE * world.percentage(project, at) / 100
    outage = world.scenario("platform-incident")
    if outage and at >= outage.at:
        rate += PLATFORM_SHARE
    return rate
