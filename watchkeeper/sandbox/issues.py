"""The errors that the products' people see, and what becomes of them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import DAY, HISTORY_DAYS, HOUR, Project
from watchkeeper.sandbox.issue_lives import Life, Look, Step, habits, life_of
from watchkeeper.sandbox.issue_texts import FATAL, TEMPLATES, Text
from watchkeeper.sandbox.story import NEWS, BadRelease, News
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.world import World

FATAL_SLOT, REGRESSED_SLOT, STORY_SLOT, NEWS_SLOT = 200, 201, 210, 220
_REVEAL = 3 * HOUR  # a calm company has no news: an issue is shown some hours after it was first seen


@dataclass(frozen=True, slots=True)
class Issue:
    """A group of errors. `slot` and `generation` name it within its project; moments are epoch seconds."""

    project: Project
    slot: int
    generation: int
    title: str
    culprit: str
    level: str
    status: str
    substatus: str | None
    count: int
    users: int
    first_seen: float
    last_seen: float
    is_unhandled: bool = False
    first_release: Build | None = None
    steps: tuple[Step, ...] = ()

    @property
    def id(self) -> int:
        return 5_000_000_000 + (self.project.index * 1000 + self.slot) * 1000 + self.generation % 1000

    @property
    def short_id(self) -> str:
        return f"{self.project.sentry_slug.upper()}-{self.slot * 37 + self.generation % 37 + 1:X}"


def issues_of(world: World, project: Project) -> Iterator[Issue]:
    """Yield every issue of a project: the standing ones, those of its story, and those that a scenario brings."""
    for slot in range(len(TEMPLATES) if project.is_busy else 3):
        yield from _standing(world, project, slot)
    yield from issues_told(world, project)
    extras = [extra for extra in world.extras.get(project.index, ()) if extra.is_bad and extra.ready_at <= world.now()]
    for place, extra in enumerate(extras):
        yield from _of_bad_release(world, project, extra, place, is_over=extra != extras[-1])


def _standing(world: World, project: Project, slot: int) -> Iterator[Issue]:
    """Yield an issue each time it was born within the company's memory."""
    now, seed = world.now(), world.company.seed
    period, begins, _, share = habits(seed, project.slug, slot)
    text = TEMPLATES[(slot if project.is_busy else project.index + slot * 5) % len(TEMPLATES)]
    oldest = now - HISTORY_DAYS * DAY
    for generation in range(int((now - _REVEAL - begins) // period), int((oldest - begins) // period) - 1, -1):
        look = life_of(seed, project.slug, slot, generation).at(now)
        if look.last_seen >= oldest:
            yield _issue(project, (slot, generation), text, look, share)


def _issue(project: Project, place: tuple[int, int], text: Text, look: Look, share: float) -> Issue:
    """Return an issue as it looks; `place` is its slot and generation, `share` how many events are of new people."""
    users = int(look.events * share) + 1
    first = look.steps[0][1]
    return Issue(
        project, *place, *text, look.status, look.substatus, look.events, users, first, look.last_seen,
        place[0] % 3 == 0, None, look.steps,
    )  # fmt: skip


def issues_told(world: World, project: Project) -> Iterator[Issue]:
    """Yield the issues of the company's story."""
    for place, (told, release) in enumerate(world.bad_releases(project.index)):
        yield from _of_story(world, project, told, release, STORY_SLOT + 2 * place)
    for place, news in enumerate(NEWS):
        if news.project == project.index and (issue := _of_news(world, project, news, NEWS_SLOT + place)):
            yield issue


def _of_news(world: World, project: Project, news: News, slot: int) -> Issue | None:
    midnight = (world.born - news.days_ago) * DAY
    first = float(midnight + news.at)
    if first > world.now():
        return None
    life = Life(first, news.gap, first + news.lasts, first + 3 * DAY)
    issue = _issue(project, (slot, 0), news.text, life.at(world.now()), 0.7)
    return replace(issue, first_release=world.serving(project, first))


def _of_story(world: World, project: Project, told: BadRelease, release: Build, slot: int) -> Iterator[Issue]:
    """Yield what a bad release of the story brought: a fatal issue and an old one, both resolved by its repair."""
    now, first = world.now(), release.ready_at + 40.0
    back = release.ready_at + told.lasts
    fixed = float(back + told.repaired + HOUR / 2)
    failures, last = _failures(world, project, release), max(min(now, back) - 3, first)
    steps: list[Step] = [("first_seen", first), ("set_resolved", fixed)]
    is_over = fixed <= now
    yield Issue(
        project, slot, 0, *told.fatal, *_state("new", is_over),
        max(failures * 4 // 5, 1), max(failures * 3 // 5, 1), first, last, True, release, tuple(steps[: 1 + is_over]),
    )  # fmt: skip
    yield _comeback(project, (slot + 1, 0), release, (failures, last), fixed if is_over else None)


def _of_bad_release(world: World, project: Project, release: Build, place: int, *, is_over: bool) -> Iterator[Issue]:
    """Yield what a bad release of a scenario brings; with the next one it is over."""
    now, failures = world.now(), _failures(world, project, release)
    move, first = world.last_move(project, now), release.ready_at + 40.0
    rolled_back = move is not None and move.done_at > release.ready_at
    last = max((min(now, move.done_at) if move is not None and rolled_back else now) - 3, first)
    yield Issue(
        project, FATAL_SLOT, place, *FATAL, *_state("new", is_over), max(failures * 4 // 5, 1),
        max(failures * 3 // 5, 1), first, last, True, release, (("first_seen", first),),
    )  # fmt: skip
    seen = failures, max(last - 20, first)
    yield _comeback(project, (REGRESSED_SLOT, place), release, seen, now if is_over else None)


def _state(substatus: str, is_over: bool) -> tuple[str, str | None]:  # noqa: FBT001
    return ("resolved", None) if is_over else ("unresolved", substatus)


def _comeback(
    project: Project, place: tuple[int, int], release: Build, seen: tuple[int, float], resolved: float | None
) -> Issue:
    """Return the old issue that a bad release brings back; `seen` are the release's failures and the last of them."""
    title, culprit, level = TEMPLATES[1]
    first, (failures, last) = release.ready_at - 40.0 * DAY, seen
    steps = [("first_seen", first), ("set_resolved", first + 6 * DAY), ("set_regression", release.ready_at + 60.0)]
    steps += [("set_resolved", resolved)] if resolved is not None else []
    return Issue(
        project, *place, title.replace("10000", "3000"), culprit, level, *_state("regressed", resolved is not None),
        200 + failures // 5, 150 + failures // 8, first, last, False, None, tuple(steps),
    )  # fmt: skip


def _failures(world: World, project: Project, release: Build) -> int:
    """Return how many requests (or sessions) failed in a bad release, within a day of it."""
    until = min(world.now(), release.ready_at + DAY)
    counted = tally(world, project, release.ready_at, until, sessions=not project.requests_per_hour).get(release)
    return counted.failures if counted else 0


def count_new(world: World, project: Project, release: Build) -> int:
    """Return how many issues were first seen in a release."""
    if release in world.extras.get(project.index, ()):
        return 1
    told = sum(issue.first_release == release for issue in issues_told(world, project))
    return told or int(noise(world.company.seed, project.slug, release.serial, "new") < 0.2)
