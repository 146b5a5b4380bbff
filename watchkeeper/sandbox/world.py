"""The company as it lives: the pure past and present, with what scenarios and rollbacks change."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache, partial

from watchkeeper.sandbox.builds import FIRST_EXTRA, Build, bad_release, builds_of_day
from watchkeeper.sandbox.company import DAY, HISTORY_DAYS, Company, Project
from watchkeeper.sandbox.moves import Move
from watchkeeper.sandbox.scenarios import OF_A_PROJECT, Scenario, begin
from watchkeeper.sandbox.story import BadRelease, Story

BAD_RELEASE_AGE = 600
FORGOTTEN_DAYS = 30


class World:
    """The make-believe company at the present moment. Moments are epoch seconds.

    Args:
        born: a moment of the day before which its story happened; the present one when left out. The same seed and the
            same day give the same history at every later moment.
    """

    def __init__(
        self, seed: int = 7, size: int = 3, clock: Callable[[], float] = time.time, born: float | None = None
    ) -> None:
        self.company = Company(seed, size)
        self.now = clock
        self.born = int((clock() if born is None else born) // DAY)
        self.scenarios: dict[str, Scenario] = {}
        self.moves: dict[int, list[Move]] = {}
        self.extras: dict[int, list[Build]] = {}
        self._story = Story(seed, self.born)
        self._days = lru_cache(maxsize=8 * size + 2048)(self._plain_day)
        self._org_days = lru_cache(maxsize=6)(self._plain_org_day)
        self._told_moves = lru_cache(maxsize=size)(self._moves_told)

    @property
    def projects(self) -> tuple[Project, ...]:
        return self.company.projects

    def play(self, name: str, vendor: str = "", project: str = "") -> None:
        """Begin a scenario beside those that are on; `calm` ends them all, and every custody of theirs.

        Raises:
            UnknownScenarioError: no such scenario, vendor or project.
        """
        if name == "calm":
            self.scenarios, self.moves, self.extras = {}, {}, {}
            return
        scenario = begin(name, vendor, project or self.projects[0].slug, self.now(), [p.slug for p in self.projects])
        self.scenarios[f"{name} {scenario.vendor or scenario.project}".strip()] = scenario
        if name == "bad-release":
            self._break(self.company.by_name[scenario.project], int(scenario.at) - BAD_RELEASE_AGE)

    def _break(self, project: Project, live_at: int) -> None:
        """Put a bad release live, in place of whatever has happened since; it ends a custody."""
        index, pushed = project.index, bad_release(project, live_at, 0).pushed_at
        earlier = [extra for extra in self.extras.get(index, ()) if extra.pushed_at < pushed]
        number = FIRST_EXTRA + sum(extra.day == pushed // DAY for extra in earlier)
        bad = bad_release(project, live_at, number)
        self.moves[index] = [move for move in self.moves.get(index, ()) if move.done_at < pushed]
        source = self.serving(project, live_at - 1)
        if source is not None and self.in_custody(project, live_at):
            self.moves[index].append(Move("promote", source, bad, live_at))
        self.extras[index] = [*earlier, bad]

    def scenario(self, name: str, subject: str = "") -> Scenario | None:
        """Return the scenario that is on, for `subject` (a vendor or project) where it has one."""
        key = f"{name} {subject}".strip() if name in OF_A_PROJECT or subject else name
        return self.scenarios.get(key)

    # Builds ---------------------------------------------------------------------------------------------------------

    def _plain_day(self, index: int, day: int) -> tuple[Build, ...]:
        project = self.projects[index]
        return self._story.day(project, day, builds_of_day(self.company.seed, project, day))

    def _plain_org_day(self, day: int) -> tuple[tuple[int, int, int], ...]:
        pushes = [(b.pushed_at, p.index, b.number) for p in self.projects for b in self._plain_day(p.index, day)]
        return tuple(sorted(pushes, reverse=True))

    def is_visible(self, build: Build) -> bool:
        """True when the push has happened, and no scenario holds it back."""
        extras = self.extras.get(build.project)
        held_back = extras and build.number < FIRST_EXTRA and build.ready_at >= extras[0].pushed_at
        return not held_back and build.revealed_at <= self.now() and build.day > self.now() // DAY - HISTORY_DAYS

    def builds_on(self, index: int, day: int) -> list[Build]:
        """Return the pushes of one project and day that can be seen, oldest first."""
        builds = [build for build in self._days(index, day) if self.is_visible(build)]
        return [*builds, *(extra for extra in self.extras.get(index, ()) if extra.day == day)]

    def builds(self, project: Project, until: float | None = None) -> Iterator[Build]:
        """Yield the pushes of a project, newest first, beginning with those at or before `until`."""
        latest = self.now() if until is None else until
        for day in range(int(latest // DAY), int(self.now() // DAY) - HISTORY_DAYS, -1):
            for build in sorted(self.builds_on(project.index, day), key=lambda build: -build.pushed_at):
                if build.pushed_at <= latest:
                    yield build

    def all_builds(self, until: float | None = None) -> Iterator[Build]:
        """Yield the pushes of all projects, newest first, day by day."""
        latest = self.now() if until is None else until
        for day in range(int(latest // DAY), int(self.now() // DAY) - HISTORY_DAYS, -1):
            added = (extra for extras in self.extras.values() for extra in extras if extra.day == day)
            extras = [(extra.pushed_at, extra.project, extra.number) for extra in added]
            pushes = self._org_days(day)
            for at, index, number in sorted((*pushes, *extras), reverse=True) if extras else pushes:
                if at <= latest and (build := self.find(index, day, number)) is not None:
                    yield build

    def find(self, index: int, day: int, number: int) -> Build | None:
        """Return a push that can be seen; None when there is none."""
        if index >= len(self.projects):
            return None
        if number >= FIRST_EXTRA:
            extras = self.extras.get(index, ())
            return next((extra for extra in extras if (extra.day, extra.number) == (day, number)), None)
        builds = self._days(index, day)
        return builds[number] if number < len(builds) and self.is_visible(builds[number]) else None

    def find_commit(self, project: Project, sha: str) -> Build | None:
        """Return the push whose commit begins with `sha` (7 digits or more)."""
        return next((build for build in self.builds(project) if len(sha) >= 7 and build.sha.startswith(sha)), None)

    def bad_releases(self, index: int) -> list[tuple[BadRelease, Build]]:
        """Return what broke a project before the company was born, as far as it has happened and is remembered."""
        told = self._story.bad_releases(index, partial(self._days, index))
        return [(bad, build) for bad, build in told if self.is_visible(build)]

    # Production -----------------------------------------------------------------------------------------------------

    def releases(self, project: Project, until: float | None = None) -> Iterator[Build]:
        """Yield what went to production by itself or waits there in custody, by when it was ready, newest first."""
        latest = self.now() if until is None else until
        return (b for b in self.builds(project, latest) if b.is_release and b.ready_at <= latest)

    def _moves_told(self, index: int) -> tuple[Move, ...]:
        return self._story.moves(index, partial(self._days, index))

    def moves_of(self, index: int) -> list[Move]:
        """Return the rollbacks and promotions that were asked for by now, oldest first."""
        now = self.now()
        return [move for move in (*self._told_moves(index), *self.moves.get(index, ())) if move.asked_at <= now]

    def last_move(self, project: Project, at: float) -> Move | None:
        done = [move for move in self.moves_of(project.index) if move.done_at <= at]
        return done[-1] if done else None

    def in_custody(self, project: Project, at: float) -> bool:
        """True after a rollback that no promotion has ended."""
        move = self.last_move(project, at)
        return move is not None and move.kind == "rollback"

    def _forgotten(self, project: Project) -> Build | None:
        """Return what production served when the company's memory begins; no vendor tells of it any more."""
        oldest = int(self.now() // DAY) - HISTORY_DAYS
        days = (self._days(project.index, day) for day in range(oldest, oldest - FORGOTTEN_DAYS, -1))
        releases = (build for builds in days for build in reversed(builds) if build.is_release)
        return next(releases, None)

    def serving(self, project: Project, at: float) -> Build | None:
        """Return what production served at a moment; None when that is before the company's time."""
        move = self.last_move(project, at)
        release = next(self.releases(project, at), None)
        if release is None and at >= self.now() // DAY * DAY - HISTORY_DAYS * DAY:
            release = self._forgotten(project)
        if move is None:
            return release
        newer = release is not None and release.ready_at > move.done_at and move.kind == "promote"
        return release if newer else move.target

    def has_served(self, project: Project, build: Build) -> bool:
        """True when the push has been what production served at some moment."""
        if any(move.target == build and move.done_at <= self.now() for move in self.moves_of(project.index)):
            return True
        return build.is_release and build.ready_at <= self.now() and not self.in_custody(project, build.ready_at)

    def changes(self, project: Project, start: float, end: float) -> list[float]:
        """Return the moments after `start` and before `end` at which production changed, in order."""
        moments = [move.done_at for move in self.moves_of(project.index)]
        for build in self.releases(project, end):
            if build.ready_at <= start:
                break
            moments.append(build.ready_at)
        moments.sort()
        return moments[bisect_right(moments, start) : bisect_right(moments, end - 0.001)]

    def move(self, kind: str, project: Project, target: Build) -> Move | None:
        """Begin to move production to `target`; None when another move is under way."""
        moves = self.moves.setdefault(project.index, [])
        source = self.serving(project, self.now())
        if source is None or (moves and moves[-1].done_at > self.now()):
            return None
        moves.append(Move(kind, source, target, self.now()))
        return moves[-1]
