"""The company as it lives: the pure past and present, with what scenarios and rollbacks change."""

import time
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import lru_cache, partial

from watchkeeper.sandbox.builds import FIRST_EXTRA, Build, bad_release, builds_of_day, repair
from watchkeeper.sandbox.company import DAY, HISTORY_DAYS, Company, Project
from watchkeeper.sandbox.moves import ALIAS_SECONDS, Move
from watchkeeper.sandbox.rolling import STAGES, Rolling
from watchkeeper.sandbox.scenarios import OF_A_PROJECT, Scenario, begin
from watchkeeper.sandbox.story import BadRelease, Story
from watchkeeper.sandbox.switches import Switches

BAD_RELEASE_AGE = 600
FORGOTTEN_DAYS = 30
SLOW_ALIAS_SECONDS = 20.0
BAD_FLAG_PERCENT = 50.0


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
        self.rollings: dict[int, Rolling] = {}
        self.percentages: dict[int, list[tuple[float, float]]] = {}
        self.switches = Switches()
        self.unfollowed: set[str] = set()  # projects that the user of CircleCI's token does not follow
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
            self.rollings, self.percentages = {}, {}
            self.switches.clear()
            return
        scenario = begin(name, vendor, project or self.projects[0].slug, self.now(), [p.slug for p in self.projects])
        self.scenarios[f"{name} {scenario.vendor or scenario.project}".strip()] = scenario
        began = int(scenario.at) - BAD_RELEASE_AGE
        if name == "bad-release":
            self._break(self.company.by_name[scenario.project], began)
        elif name == "repair":
            self._mend(self.company.by_name[scenario.project], int(scenario.at))
        elif name == "rolling-release":
            self._roll_out(self.company.by_name[scenario.project], began)
        elif name == "bad-flag":
            self.percentages[self.company.by_name[scenario.project].index] = [(0.0, 0.0), (began, BAD_FLAG_PERCENT)]

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
        self.rollings.pop(index, None)

    def _mend(self, project: Project, ready_at: int) -> None:
        """Put a repaired release live; in custody it is built and waits."""
        extras = self.extras.setdefault(project.index, [])
        number = FIRST_EXTRA + sum(extra.day == (ready_at - 150) // DAY for extra in extras)
        extras.append(repair(project, ready_at, number))

    def _roll_out(self, project: Project, live_at: int) -> None:
        """Give a bad release to a quarter of the visitors."""
        base = self.serving(project, live_at - 1)
        self._break(project, live_at)
        if base is not None:
            self.moves[project.index] = [move for move in self.moves[project.index] if move.asked_at < live_at]
            self.rollings[project.index] = Rolling(base, self.extras[project.index][-1], STAGES[0], live_at)

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
        held = self._held(project.index)
        return (b for b in self.builds(project, latest) if b.is_release and b.ready_at <= latest and b != held)

    def rolling(self, project: Project, at: float) -> Rolling | None:
        """Return the rolling release that goes on at a moment."""
        rolling = self.rollings.get(project.index)
        return rolling if rolling is not None and rolling.is_active(at) else None

    def _held(self, index: int) -> Build | None:
        """Return the push that a rolling release has not given to everybody."""
        rolling = self.rollings.get(index)
        return None if rolling is None or rolling.is_complete else rolling.canary

    def _moves_told(self, index: int) -> tuple[Move, ...]:
        return self._story.moves(index, partial(self._days, index))

    def moves_of(self, index: int) -> list[Move]:
        """Return the rollbacks and promotions that were asked for by now, oldest first."""
        now = self.now()
        return [move for move in (*self._told_moves(index), *self.moves.get(index, ())) if move.asked_at <= now]

    def last_move(self, project: Project, at: float) -> Move | None:
        done = [move for move in self.moves_of(project.index) if move.done_at <= at and move.is_effective]
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
        moves = (move for move in self.moves_of(project.index) if move.is_effective and move.done_at <= self.now())
        if any(move.target == build for move in moves):
            return True
        went_live = build.is_release and build.ready_at <= self.now() and build != self._held(build.project)
        return went_live and not self.in_custody(project, build.ready_at)

    def changes(self, project: Project, start: float, end: float) -> list[float]:
        """Return the moments after `start` and before `end` at which production changed, in order."""
        moments = [move.done_at for move in self.moves_of(project.index)]
        if (rolling := self.rollings.get(project.index)) is not None:
            moments += [moment for moment in (rolling.started_at, rolling.ended_at) if moment is not None]
        moments = [moment for moment in moments if moment > start]
        for build in self.releases(project, end):
            if build.ready_at <= start:
                break
            moments.append(build.ready_at)
        moments.sort()
        return moments[bisect_right(moments, start) : bisect_right(moments, end - 0.001)]

    def move(self, kind: str, project: Project, target: Build, note: str = "") -> Move | None:
        """Begin to move production to `target`, as well as switches let it; None when another move is under way."""
        moves, slug, now = self.moves.setdefault(project.index, []), project.slug, self.now()
        source = self.serving(project, now)
        if source is None or (moves and moves[-1].done_at > now):
            return None
        slow = self.switches.take("slow-alias", slug)
        seconds = ALIAS_SECONDS if slow is None else slow.value or SLOW_ALIAS_SECONDS
        fails, stays = self.switches.take("job-fails", slug), self.switches.take("alias-stays", slug)
        ends = "failed" if fails else "stays" if stays else "succeeded"
        moves.append(Move(kind, source, target, now, seconds, ends, note))
        rolling = self.rolling(project, now)
        if rolling is not None and ends == "succeeded":
            self.rollings[project.index] = replace(rolling, ended_at=moves[-1].done_at)
        return moves[-1]

    # Percentages ----------------------------------------------------------------------------------------------------

    def percentages_of(self, project: Project) -> list[tuple[float, float]]:
        """Return when the share of visitors with the new checkout was set to what, oldest first."""
        return self.percentages.get(project.index) or [(0.0, 0.0)]

    def percentage(self, project: Project, at: float) -> float:
        return next((value for since, value in reversed(self.percentages_of(project)) if since <= at), 0.0)

    def set_percentage(self, project: Project, value: float) -> None:
        self.percentages[project.index] = [*self.percentages_of(project), (self.now(), value)]
