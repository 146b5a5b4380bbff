"""What lies between two commits of the main branch, also where a switch says that it is a great deal."""

from dataclasses import replace
from itertools import takewhile

from watchkeeper.sandbox.builds import NUMBERS_A_DAY, Build
from watchkeeper.sandbox.company import Project
from watchkeeper.sandbox.world import World

MANY = 500
_FIRST_DAY = 20_000  # long before anything was pushed: their numbers are those of no push


def between(world: World, project: Project, base: Build, head: Build) -> list[Build]:
    """Return the commits that `head` has and `base` has not, oldest first."""
    newer = takewhile(lambda build: build.pushed_at > base.pushed_at, world.builds(project, head.pushed_at))
    ahead = [build for build in newer if build.is_main][::-1]
    many = world.switches.get("many-commits", project.slug)
    if many is None or not ahead:
        return ahead
    count = max(int(many.value or MANY) - len(ahead), 0)
    seconds = (ahead[0].pushed_at - base.pushed_at) / (count + 1)
    return [*(_made_up(base, place, seconds) for place in range(1, count + 1)), *ahead]


def _made_up(base: Build, place: int, seconds: float) -> Build:
    day, number = divmod(place, NUMBERS_A_DAY)
    moment = int(base.pushed_at + place * seconds)
    title = f"{base.title}, part {place}"
    return replace(base, title=title, day=_FIRST_DAY + day, number=number, pushed_at=moment, ready_at=moment)


def made_up(world: World, project: Project) -> list[Build]:
    """Return the made-up commits since the release before the one that serves, newest first."""
    serving = world.serving(project, world.now())
    if serving is None or world.switches.get("many-commits", project.slug) is None:
        return []
    earlier = next((build for build in world.builds(project, serving.pushed_at - 1) if build.is_release), serving)
    newer = between(world, project, earlier, serving)
    return [build for build in newer if _FIRST_DAY <= build.day < _FIRST_DAY + MANY][::-1]


def is_marked(world: World, project: Project, build: Build, switch: str) -> bool:
    """True when a switch is about this push: it is what served when the switch was set."""
    found = world.switches.get(switch, project.slug)
    return found is not None and world.serving(project, found.at) == build
