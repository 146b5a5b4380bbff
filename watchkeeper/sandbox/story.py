"""What happened before the company opened its doors: two quiet months, then one that is worth a report.

Everything is told by days before the day on which the company was born. From that day on nothing is told: what happens
then is up to the scenarios.

    19  a bad release of the shop, rolled back after 47 minutes, repaired two hours later
    14 .. 8  a flaky week of the portal: a test fails in every third pipeline, and is run again
    10, 5  a release is canceled, since the next one is pushed right after it
    3   a bad release of the API, rolled back after 42 minutes, repaired two hours later
    2   a load test of the shop runs away on a branch and costs as much as five ordinary days
    1   a slow release of the shop with new issues; the main branch of the portal is broken for 35 minutes
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from watchkeeper.sandbox.builds import LOAD_TEST, Build, main_push, numbered
from watchkeeper.sandbox.chance import noise
from watchkeeper.sandbox.company import DAY, HISTORY_DAYS, HOUR, Project
from watchkeeper.sandbox.issue_texts import CHARGE, Text
from watchkeeper.sandbox.moves import Move

SHOP, PORTAL, API = 0, 1, 2
MINUTE = 60
FLAKY_FIRST, FLAKY_LAST = 14, 8  # days ago
FLAKY_SHARE, FLAKY_TEST = 0.36, 1
BEFORE, AFTER = 30 * MINUTE, 15 * MINUTE  # nobody else pushes to the main branch around something that goes wrong


@dataclass(frozen=True, slots=True)
class BadRelease:
    """A release that fails about 12 % of its requests, rolled back by a person and repaired.

    Attributes:
        at: when it goes live, second of the day.
        lasts: seconds until the rollback. `repaired`: seconds from there to the promotion of the repair.
    """

    project: int
    days_ago: int
    at: int
    lasts: int
    repaired: int
    title: str
    repair: str
    fatal: Text

    def pushes(self, midnight: int) -> list[Build]:
        live = midnight + self.at
        promoted = live + self.lasts + self.repaired
        bad = main_push(self.project, live - 150, self.title, is_bad=True)
        return [bad, main_push(self.project, promoted - 9 * MINUTE, self.repair)]

    @property
    def quiet(self) -> tuple[int, int]:
        """Return between which seconds of the day nobody else pushes to the main branch."""
        return self.at - 150 - BEFORE, self.at + self.lasts + self.repaired + AFTER


BAD_RELEASES = (
    BadRelease(
        SHOP, 19, 10 * HOUR + 15 * MINUTE, 47 * MINUTE, 125 * MINUTE,
        "Charge cards in the currency of the card", "Do not charge baskets without a currency",
        ("CurrencyError: no rate for `undefined` | <!here> basket <script>rate()</script>", CHARGE, "fatal"),
    ),
    BadRelease(
        API, 3, 14 * HOUR + 28 * MINUTE, 42 * MINUTE, 114 * MINUTE,
        "Answer orders from the read replica", "Read an order from the primary after it was written",
        ("ConsistencyError: order `4711` is not there after its insert", "app/api/orders/route.ts in POST", "fatal"),
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """An issue that is new. `at`: second of the day; `gap`: seconds between its events; `lasts`: how long they come."""

    project: int
    days_ago: int
    at: int
    gap: float
    lasts: int
    text: Text


NEWS = (
    News(SHOP, 1, 10 * HOUR + 47 * MINUTE, 640, 9 * HOUR, (
        "TypeError: basket.lines is not iterable (reading 'design')", "app/basket/lines.tsx in render", "error",
    )),
    News(SHOP, 1, 11 * HOUR + 24 * MINUTE, 2900, 8 * HOUR, (
        "HydrationWarning: <b>total</b> differs between server & client", "app/basket/total.tsx in hydrate", "warning",
    )),
    News(API, 1, 16 * HOUR + 5 * MINUTE, 1500, 3 * HOUR, (
        "TimeoutError: webhook of customer `عميل-42` took longer than 5000 ms", "lib/webhooks/send.ts in post", "error",
    )),
    News(PORTAL, 6, 9 * HOUR + 40 * MINUTE, 1800, 7 * HOUR, (
        "ForbiddenError: invoice 8817 belongs to another customer", "app/invoices/[id]/page.tsx in load", "error",
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """Pushes of one project and day, and between which seconds of the day nobody else pushes to its main branch."""

    project: int
    days_ago: int
    quiet: tuple[int, int]
    pushes: Callable[[int], list[Build]]


def _canceled(project: int, at: int) -> Callable[[int], list[Build]]:
    """Return a release that is canceled by the next one, 70 seconds later."""

    def pushes(midnight: int) -> list[Build]:
        first = midnight + at
        gone = main_push(project, first, "Show the stock of every branch", seconds=75)
        gone = replace(gone, failing="canceled", pipeline_ends=gone.ready_at)
        return [gone, main_push(project, first + 70, "Show the stock of every branch, with its unit")]

    return pushes


def _runaway(midnight: int) -> list[Build]:
    """Return the load test that nobody stopped, until CircleCI did after three hours."""
    push = main_push(SHOP, midnight + 8 * HOUR + 10 * MINUTE, "Try the load test with more visitors")
    ends = push.pushed_at + 3 * HOUR
    return [replace(push, branch="chore/load-test", pipeline_ends=ends, failing="tests", workflow=LOAD_TEST)]


def _slow_release(midnight: int) -> list[Build]:
    return [main_push(SHOP, midnight + 10 * HOUR + 31 * MINUTE, "Move the basket to the new design", seconds=655)]


def _broken_main(midnight: int) -> list[Build]:
    """Return a broken push and its repair: from the end of one pipeline to that of the other it takes 35 minutes."""
    broken = main_push(PORTAL, midnight + 13 * HOUR + 52 * MINUTE, "Require a second factor from admins")
    repair = main_push(PORTAL, broken.pushed_at + 35 * MINUTE, "Let the tests log in with a second factor")
    return [replace(broken, failing="tests"), repair]


TOLD = (
    *(Told(bad.project, bad.days_ago, bad.quiet, bad.pushes) for bad in BAD_RELEASES),
    Told(PORTAL, 10, (10 * HOUR, 13 * HOUR), _canceled(PORTAL, 11 * HOUR + 20 * MINUTE)),
    Told(SHOP, 5, (14 * HOUR, 17 * HOUR), _canceled(SHOP, 15 * HOUR + 10 * MINUTE)),
    Told(SHOP, 2, (0, 0), _runaway),
    Told(SHOP, 1, (9 * HOUR, 13 * HOUR), _slow_release),
    Told(PORTAL, 1, (13 * HOUR, 16 * HOUR), _broken_main),
)


class Story:
    """The story of a company that was born on a day, counted from 1 January 1970."""

    def __init__(self, seed: int, born: int) -> None:
        self._seed, self.born = seed, born

    @cached_property
    def _told(self) -> dict[tuple[int, int], Told]:
        return {(told.project, self.born - told.days_ago): told for told in TOLD}

    def day(self, project: Project, day: int, plain: tuple[Build, ...]) -> tuple[Build, ...]:
        """Return the pushes of a day as the story has them; `plain` are those of a day on which nothing is told."""
        builds = list(plain)
        if project.index == PORTAL and FLAKY_LAST <= self.born - day <= FLAKY_FIRST:
            builds = [self._flaky(build) for build in builds]
        if told := self._told.get((project.index, day)):
            start, end = (day * DAY + second for second in told.quiet)
            builds = [build for build in builds if not (build.is_main and start <= build.pushed_at < end)]
            builds += told.pushes(day * DAY)
        return numbered(builds)

    def _flaky(self, build: Build) -> Build:
        """Return the push with tests that fail once or twice before they pass, and take their time each time."""
        luck = noise(self._seed, build.pushed_at, "flaky week")
        if build.failing or luck >= FLAKY_SHARE:
            return build
        flakes = 2 if luck < FLAKY_SHARE / 4 else 1
        length = build.pipeline_ends - build.pushed_at
        ends = build.pushed_at + length * (1 + flakes) + 150 * flakes
        return replace(build, flakes=flakes, flaky_test=FLAKY_TEST, pipeline_ends=ends)

    def bad_releases(self, index: int, days: Callable[[int], Iterable[Build]]) -> list[tuple[BadRelease, Build]]:
        """Return what broke a project, oldest first; `days` gives the pushes of a day."""
        told = [bad for bad in BAD_RELEASES if bad.project == index]
        return [(bad, build) for bad in told for build in days(self.born - bad.days_ago) if build.is_bad]

    def moves(self, index: int, days: Callable[[int], Iterable[Build]]) -> tuple[Move, ...]:
        """Return the rollbacks and promotions of a project, oldest first; `days` gives the pushes of a day."""
        moves: list[Move] = []
        for told, bad in self.bad_releases(index, days):
            back = bad.ready_at + told.lasts
            moves.append(Move("rollback", bad, _before(bad, days), back))
            repair = next(build for build in days(bad.day) if build.title == told.repair)
            moves.append(Move("promote", moves[-1].target, repair, back + told.repaired))
        return tuple(moves)


def _before(bad: Build, days: Callable[[int], Iterable[Build]]) -> Build:
    """Return what production served before."""
    for day in range(bad.day, bad.day - HISTORY_DAYS, -1):
        ready = [build for build in days(day) if build.is_release and build.ready_at < bad.ready_at]
        if ready:
            return max(ready, key=lambda build: build.ready_at)
    return bad
