"""How many requests and sessions the products had, and how many failed, by release."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import HOUR, Project
from watchkeeper.sandbox.world import World

OLD_TABS = 0.08  # share of the visitors that still use the release before
OLD_TABS_SECONDS = 2 * HOUR
BAD_SHARE = 0.12
BURN_LEAD, BURN_AN_HOUR, BURN_MOST = 2 * HOUR, 0.015, 0.09
BURN_STEP = 300
QUIET_LEAD, QUIET_AN_HOUR = HOUR, 12.0  # low traffic: 3 in 15 minutes
PLATFORM_SHARE = 0.07


@dataclass(slots=True)
class Tally:
    total: int = 0
    failures: int = 0


def tally(world: World, project: Project, start: float, end: float, *, sessions: bool) -> dict[Build, Tally]:
    """Return requests (or sessions) and failures in `[start, end)`, by the release that answered them.

    Counts of adjoining spans add up, and nothing is counted of the future.
    """
    result: dict[Build, Tally] = {}
    for begin, finish in _pieces(world, project, start, min(end, world.now())):
        build = world.serving(project, begin)
        if build is None:
            continue
        for release, low, high in _split(world, project, build, begin):
            total, failures = _count(world, project, release, (begin, finish), (low, high), sessions=sessions)
            entry = result.setdefault(release, Tally())
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
    moments = [start, *sorted(cut for cut in cuts if start < cut < end), end]
    yield from zip(moments, moments[1:], strict=False)


def _split(world: World, project: Project, build: Build, at: float) -> Iterator[tuple[Build, float, float]]:
    """Yield which share of the visitors met which release: a few keep the old one for two hours."""
    before = None
    move = world.last_move(project, at)
    if move is None and at - build.ready_at < OLD_TABS_SECONDS:
        before = world.serving(project, build.ready_at - 1)
    if before is None or before == build:
        yield build, 0.0, 1.0
        return
    yield before, 0.0, OLD_TABS
    yield build, OLD_TABS, 1.0


def _count(
    world: World,
    project: Project,
    release: Build,
    span: tuple[float, float],
    share: tuple[float, float],
    *,
    sessions: bool,
) -> tuple[int, int]:
    """Return total and failures of a span that lies within one hour, as the difference of two running counts."""
    hour = int(span[0] // HOUR) * HOUR
    volume = world.company.hourly(project, hour, sessions=sessions)
    if (quiet := world.scenario("low-traffic")) and span[0] >= quiet.at - QUIET_LEAD:
        volume = min(volume, QUIET_AN_HOUR)
    rate = _failure_rate(world, project, release, span[0], hour)
    phase = noise(world.company.seed, project.slug, hour, "phase")
    curve = world.company.share_of_hour
    ends = 1.0 if span[1] >= hour + HOUR else curve(span[1])
    counts = []
    for progress in (curve(span[0]), ends):
        whole = floor(volume * progress * share[1]) - floor(volume * progress * share[0])
        counts.append((whole, floor(whole * rate + phase)))
    total = counts[1][0] - counts[0][0]
    return total, min(counts[1][1] - counts[0][1], total)


def _failure_rate(world: World, project: Project, release: Build, at: float, hour: int) -> float:
    rate = world.company.failure_rate(project, hour)
    if release.is_bad:
        rate = BAD_SHARE
    burn = world.scenario("slow-burn", project.slug)
    if burn and at >= burn.at - BURN_LEAD:
        rate += min(BURN_AN_HOUR * (at - burn.at + BURN_LEAD) / HOUR, BURN_MOST)
    outage = world.scenario("platform-incident")
    if outage and at >= outage.at:
        rate += PLATFORM_SHARE
    return rate
