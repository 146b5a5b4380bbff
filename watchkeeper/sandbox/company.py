"""The make-believe company: who works there, what it makes, and how many people use it at which hour.

All of it is a pure function of the seed, the project and the hour. Moments are epoch seconds.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import cos, pi

from watchkeeper.sandbox.chance import between, noise

HOUR, DAY = 3600, 86_400
HISTORY_DAYS = 90
ORGANIZATION = "acme"

PEOPLE = (
    ("Ada Okafor", "ada", "ada@acme.example"),
    ("Björn Lindqvist", "bjorn", "bjorn@acme.example"),
    ("Chen Wei", "chenwei", "chen@acme.example"),
    ("Dalia Haddad", "dalia", "dalia@acme.example"),
    ("Eoin Murphy", "eoin", "eoin@acme.example"),
    ("Fatou Diallo", "fatou", "fatou@acme.example"),
)


@dataclass(frozen=True, slots=True)
class Project:
    """One product, and what the vendors call it.

    Attributes:
        requests_per_hour, sessions_per_hour: the mean over a week; 0 when the product does not send them.
        release_form: how the product names its releases: sha, package (`shop-web@1.2.3+sha`) or short.
    """

    index: int
    slug: str
    name: str
    requests_per_hour: float
    sessions_per_hour: float
    release_form: str

    @property
    def sentry_slug(self) -> str:
        return f"{self.slug}-web"

    @property
    def sentry_id(self) -> int:
        return 4_507_000_001 + self.index

    @property
    def vercel_id(self) -> str:
        return f"prj_{self.slug}"

    @property
    def circleci_slug(self) -> str:
        return f"gh/{ORGANIZATION}/{self.slug}"

    @property
    def repository(self) -> str:
        return f"{ORGANIZATION}/{self.slug}"

    @property
    def is_busy(self) -> bool:
        """The three that people look at have more branches, issues and flaky tests than the many."""
        return self.index < len(FIRST)


FIRST = (
    Project(0, "shop", "Shop", 6000, 1200, "sha"),
    Project(1, "portal", "Customer portal", 0, 500, "package"),
    Project(2, "api", "Public API", 3200, 0, "short"),
)
_FORMS = ("sha", "package", "short")


class Company:
    """The projects of the company and their traffic; `size` of them, the first three with names."""

    def __init__(self, seed: int, size: int) -> None:
        self.seed = seed
        self.projects = tuple(self._project(index) for index in range(size))
        # One cache an instance, small enough to stay out of the way.
        self._curve = lru_cache(maxsize=256)(self._build_curve)

    @cached_property
    def by_name(self) -> dict[str, Project]:
        """Every name that any vendor gives a project."""
        return {
            name: project
            for project in self.projects
            for name in (
                project.slug,
                project.sentry_slug,
                str(project.sentry_id),
                project.vercel_id,
                project.circleci_slug,
                project.repository,
            )
        }

    def _project(self, index: int) -> Project:
        if index < len(FIRST):
            return FIRST[index]
        slug = f"p{index + 1:04d}"
        requests = round(between(2500, 8000, self.seed, slug, "requests"))
        sends_spans = noise(self.seed, slug, "spans") < 0.75
        form = _FORMS[index % len(_FORMS)]
        return Project(index, slug, f"Product {index + 1}", requests * sends_spans, 500 + requests // 10, form)

    def hourly(self, project: Project, hour: int, *, sessions: bool) -> float:
        """Return the requests (or sessions) of the clock hour that starts at `hour`."""
        mean = project.sessions_per_hour if sessions else project.requests_per_hour
        return mean * rhythm(hour) * between(0.95, 1.05, self.seed, project.slug, hour)

    def share_of_hour(self, moment: float) -> float:
        """Return which share 0..1 of its hour's traffic has come in by `moment`."""
        hour = int(moment // HOUR) * HOUR
        curve = self._curve(hour)
        place = (moment - hour) / HOUR * 12
        step = int(place)
        return curve[step] + (curve[step + 1] - curve[step]) * (place - step)

    def _build_curve(self, hour: int) -> tuple[float, ...]:
        weights = [between(0.92, 1.08, self.seed, "curve", hour, step) for step in range(12)]
        return (*(sum_ / sum(weights) for sum_ in accumulate(weights, initial=0.0)), 1.0)

    def failure_rate(self, project: Project, hour: int) -> float:
        """Return the share of failures on an ordinary hour: 0.3 to 0.8 percent."""
        return between(0.0032, 0.0072, self.seed, project.slug, hour, "failures")


@lru_cache(maxsize=1024)
def rhythm(hour: int) -> float:
    """Return the traffic of an hour against the mean: busiest at 15:00 UTC, quieter at the weekend."""
    daily = 1 + 0.55 * cos((hour // HOUR % 24 - 15) / 24 * 2 * pi)
    return daily * (0.72 if is_weekend(hour // DAY) else 1.0)


def is_weekend(day: int) -> bool:
    """True on Saturday and Sunday; `day` counts from 1 January 1970, a Thursday."""
    return (day + 3) % 7 >= 5
