"""What the company's people push: every push gives a commit, a pipeline and a deployment."""

from dataclasses import dataclass, replace
from random import Random

from watchkeeper.sandbox.chance import between, digits, noise, seal
from watchkeeper.sandbox.company import DAY, HOUR, PEOPLE, Project, is_weekend

COMMIT, PIPELINE, WORKFLOW, JOB, DEPLOYMENT = 1, 2, 3, 4, 5
NUMBERS_A_DAY = 24  # room for the pushes of a day: numbers rise, with gaps
FIRST_EXTRA = NUMBERS_A_DAY - 6  # from here on the numbers of pushes that scenarios make
BUILD_AND_DEPLOY, LOAD_TEST = "build-and-deploy", "load-test"
FLAKY_TESTS = 4  # how many of the tests are not to be trusted

TITLES = (
    "Show delivery date in the basket",
    "Retry the payment provider once",
    "Load product pictures lazily",
    "Fix <b>bold</b> in the order e-mail",
    "Remove the old voucher table",
    "Cache the price list | 5 minutes",
    "Speed up `GET /orders`",
    "Translate the login page",
    "Bump the design system",
    "Keep the session when the tab sleeps",
    "Log the reason of a refused card",
    "Let people change their address",
)
BRANCHES = (
    "feat/basket-date",
    "fix/login-loop",
    "chore/upgrade-next",
    "feat/<img src=x>",
    "fix/عربة-التسوق",
    "feat/search",
)


@dataclass(frozen=True, slots=True)
class Build:
    """One push of one commit, with how its pipeline and its deployment go.

    Attributes:
        number: counts the pushes of the project's day.
        pushed_at: when the commit was pushed. `pipeline_ends`, `ready_at`: when the pipeline and the deployment end.
        revealed_at: when it can be seen first. A broken push of the main branch is only told of together with its
            repair, so that a calm company is calm at every moment.
        failing: "" when all goes well, else tests, build, config or canceled (by a push that came right after it).
        flakes: how many times the tests fail before they pass when they are run again; `flaky_test` is which.
        is_bad: it breaks the product.
        workflow: what CircleCI runs for it.
    """

    project: int
    day: int
    number: int
    branch: str
    title: str
    person: int
    pushed_at: int
    pipeline_ends: int
    ready_at: int
    revealed_at: int
    failing: str = ""
    flakes: int = 0
    flaky_test: int = 0
    is_bad: bool = False
    workflow: str = BUILD_AND_DEPLOY

    @property
    def is_main(self) -> bool:
        return self.branch == "main"

    @property
    def is_release(self) -> bool:
        """True when it goes to production by itself."""
        return self.is_main and not self.failing

    @property
    def building_at(self) -> int:
        """Return when Vercel begins to build: mostly at once, now and then it waits for up to a minute."""
        return self.pushed_at + 3 + int(45 * noise(self.project, self.pushed_at, "queue") ** 4)

    @property
    def committed_at(self) -> int:
        return self.pushed_at - int(between(40, 1200, self.project, self.pushed_at, "committed"))

    @property
    def authored_at(self) -> int:
        """Return when the work on it began: minutes before the commit, at most a day and a half."""
        return self.committed_at - int(600 + 36 * HOUR * noise(self.project, self.pushed_at, "authored") ** 3)

    @property
    def sha(self) -> str:
        return seal(COMMIT, self.project, self.day, self.number) + digits(24, self.project, self.day, self.number)

    @property
    def serial(self) -> int:
        """A number that rises with each push of the project."""
        return (self.day - 19_000) * NUMBERS_A_DAY + self.number

    @property
    def author(self) -> tuple[str, str, str]:
        """Name, login, e-mail."""
        return PEOPLE[self.person]


def release_name(project: Project, build: Build) -> str:
    """Return the version that the product gives itself in Sentry."""
    if project.release_form == "package":
        minor, patch = divmod(build.serial, NUMBERS_A_DAY)
        return f"{project.sentry_slug}@1.{minor}.{patch}+{build.sha[:12]}"
    return build.sha if project.release_form == "sha" else build.sha[:12]


def builds_of_day(seed: int, project: Project, day: int) -> tuple[Build, ...]:
    """Return the pushes of one UTC day, oldest first: about one release, some branches, now and then a broken one."""
    dice = Random(f"{seed}/{project.slug}/{day}")
    pushes = sorted(_release_pushes(dice, day) + _branch_pushes(dice, day, busy=project.is_busy))
    return numbered([_build(dice, (project.index, day, 0), at, kind) for at, kind in pushes])


def numbered(builds: list[Build]) -> tuple[Build, ...]:
    """Return the pushes of a day in their order, with the numbers that this gives them."""
    ordered = sorted(builds, key=lambda build: build.pushed_at)
    return tuple(replace(build, number=number) for number, build in enumerate(ordered[:FIRST_EXTRA]))


def _release_pushes(dice: Random, day: int) -> list[tuple[int, str]]:
    weights = (70, 30, 0) if is_weekend(day) else (12, 60, 28)
    count = dice.choices((0, 1, 2), weights)[0]
    first = day * DAY + 7 * HOUR + dice.randrange(5 * HOUR)
    times = [first + position * 5 * HOUR + dice.randrange(HOUR) for position in range(count)]
    broken = [(at - 1500, f"broken {at}") for at in times if dice.random() < 0.10]
    return [(at, "release") for at in times] + broken


def _branch_pushes(dice: Random, day: int, *, busy: bool) -> list[tuple[int, str]]:
    count = dice.randrange(2, 6) if busy and not is_weekend(day) else dice.choice((0, 0, 0, 1))
    return [(day * DAY + 6 * HOUR + dice.randrange(13 * HOUR), "branch") for _ in range(count)]


def _build(dice: Random, place: tuple[int, int, int], at: int, kind: str) -> Build:
    """Return a push; `place` is its project, day and number."""
    ready, ends = at + dice.randrange(95, 240), at + dice.randrange(250, 520)
    branch = dice.choice(BRANCHES) if kind == "branch" else "main"
    title, person, luck = dice.choice(TITLES), dice.randrange(len(PEOPLE)), dice.random()
    failing, revealed = "", at
    if kind == "branch" and luck < 0.14:
        failing = "build" if luck < 0.04 else "tests"
    elif kind == "branch" and luck < 0.19:
        failing, ends = "canceled", ready
    elif kind.startswith("broken"):
        failing = "config" if luck < 0.1 else "build" if luck < 0.5 else "tests"
        revealed = int(kind.split()[1]) + 600
    flakes = int(not failing and luck > 0.95)
    test = int(luck * 1000) % FLAKY_TESTS
    return Build(*place, branch, title, person, at, ends, ready, revealed, failing, flakes, test)


def main_push(index: int, pushed_at: int, title: str, *, seconds: int = 150, is_bad: bool = False) -> Build:
    """Return a push of the main branch that is ready after `seconds`; its pipeline takes a little longer."""
    ready, day = pushed_at + seconds, pushed_at // DAY
    ends = ready + 170
    return Build(index, day, 0, "main", title, 2, pushed_at, ends, ready, pushed_at, is_bad=is_bad)


def repair(project: Project, ready_at: int, number: int) -> Build:
    """Return the release that mends what the bad one broke."""
    return replace(main_push(project.index, ready_at - 150, "Give the new provider the amount"), number=number)


def bad_release(project: Project, ready_at: int, number: int) -> Build:
    """Return the release that breaks the product, built in two and a half minutes and live at `ready_at`."""
    built = main_push(project.index, ready_at - 150, "Charge cards through the new provider", is_bad=True)
    return replace(built, number=number)
