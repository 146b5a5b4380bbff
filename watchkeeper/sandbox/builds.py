"""What the company's people push: every push gives a commit, a pipeline and a deployment."""

from dataclasses import dataclass
from random import Random

from watchkeeper.sandbox.chance import digits, seal
from watchkeeper.sandbox.company import DAY, HOUR, PEOPLE, Project, is_weekend

COMMIT, PIPELINE, WORKFLOW, JOB, DEPLOYMENT = 1, 2, 3, 4, 5
NUMBERS_A_DAY = 24  # room for the pushes of a day: numbers rise, with gaps
EXTRA_NUMBER = NUMBERS_A_DAY - 1  # the number of a push that a scenario makes

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
        failing: "" when all goes well, else tests, build or config.
        is_flaky: the tests fail once and pass when they are run again.
        pushed_at: when the commit was pushed. `pipeline_ends`, `ready_at`: when the pipeline and the deployment end.
        revealed_at: when it can be seen first. A broken push of the main branch is only told of together with its
            repair, so that a calm company is calm at every moment.
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
    is_flaky: bool = False
    is_bad: bool = False

    @property
    def is_main(self) -> bool:
        return self.branch == "main"

    @property
    def is_release(self) -> bool:
        """True when it goes to production by itself."""
        return self.is_main and not self.failing

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
    return tuple(
        _build(dice, (project.index, day, number), at, kind)
        for number, (at, kind) in enumerate(pushes[: EXTRA_NUMBER - 1])
    )


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
    elif kind.startswith("broken"):
        failing = "config" if luck < 0.1 else "build" if luck < 0.5 else "tests"
        revealed = int(kind.split()[1]) + 600
    flaky = not failing and luck > 0.95
    return Build(*place, branch, title, person, at, ends, ready, revealed, failing, flaky)


def bad_release(project: Project, ready_at: int) -> Build:
    """Return the release that breaks the product, built in two and a half minutes and live at `ready_at`."""
    pushed = ready_at - 150
    title = "Charge cards through the new provider"
    day = pushed // DAY
    return Build(
        project.index, day, EXTRA_NUMBER, "main", title, 2, pushed, pushed + 320, ready_at, pushed, is_bad=True
    )
