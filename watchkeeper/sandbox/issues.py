"""The errors that the products' people see: titles as friendly and as hostile as in real life."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from watchkeeper.sandbox.builds import Build
from watchkeeper.sandbox.chance import between, noise
from watchkeeper.sandbox.company import DAY, HOUR, Project
from watchkeeper.sandbox.traffic import tally
from watchkeeper.sandbox.world import World

FATAL_SLOT, REGRESSED_SLOT = 200, 201
_REVEAL = 3 * HOUR  # a calm company has no news: an issue is shown some hours after it was first seen

# Title, culprit, level.
TEMPLATES: tuple[tuple[str, str, str], ...] = (
    ("TypeError: Cannot read properties of undefined (reading 'price')", "app/basket/total.ts in sum", "error"),
    ("<!channel> TimeoutError: upstream took longer than 10000 ms", "app/api/orders/route.ts in GET", "error"),
    ("<script>alert('checkout')</script> is not a valid voucher", "app/checkout/voucher.tsx in apply", "warning"),
    ("خطأ في الاتصال بقاعدة البيانات \u202e(connection refused)\u202c", "lib/db/pool.ts in acquire", "error"),
    ("ValidationError: " + "field `address.street` is too long, " * 6, "app/account/address.ts in validate", "warning"),
    ("RateLimitError: 429 Too Many Requests from payments|eu-west-1", "lib/payments/client.ts in charge", "warning"),
    ("AuthenticationError: token of author `ana` has expired", "lib/auth/session.ts in refresh", "error"),
    ('NotFoundError: no product "8817" & <b>no redirect</b>', "app/product/[id]/page.tsx in load", "info"),
    ("DeadlockDetected: process 4711 waits for ShareLock | relation orders", "lib/db/orders.ts in insert", "error"),
    (
        "ChunkLoadError: Loading chunk 42 failed. (https://shop.example/_next/42.js)",
        "webpack/runtime in require",
        "error",
    ),
    ("*Bold* _claim_ ~gone~ <@U000ADA> <https://evil.example|click here>", "app/reviews/post.ts in save", "warning"),
    ("ECONNRESET: socket hang up 🧨", "node:net in onread", "error"),
    ("", "app/(unknown) in anonymous", "error"),
    ("RangeError: Maximum call stack size exceeded", "lib/tree/walk.ts in visit", "error"),
)
FATAL_TITLE = "PaymentError: provider answered `amount is undefined` for <!channel> | basket <script>total()</script>"


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

    @property
    def id(self) -> int:
        return 5_000_000_000 + (self.project.index * 1000 + self.slot) * 1000 + self.generation % 1000

    @property
    def short_id(self) -> str:
        return f"{self.project.sentry_slug.upper()}-{self.slot * 37 + self.generation % 37 + 1:X}"


def issues_of(world: World, project: Project) -> Iterator[Issue]:
    """Yield every issue of a project: the standing ones, and those that a scenario brings."""
    for slot in range(len(TEMPLATES) if project.is_busy else 3):
        yield _standing(world, project, slot)
    for extra in world.extras.get(project.index, ()):
        if extra.ready_at <= world.now():
            yield from _of_bad_release(world, project, extra)


@lru_cache(maxsize=16_384)
def _habits(seed: int, slug: str, slot: int) -> tuple[int, int, float, float]:
    """Return how often an issue is born anew (s), when in that time, the seconds between events, the share of users."""
    keys = (seed, slug, slot)
    period = int(between(25, 85, *keys, "period")) * DAY
    gap = HOUR / between(0.08, 2.5, *keys, "rate")
    return period, int(noise(*keys, "phase") * period), gap, between(0.2, 0.9, *keys, "users")


def _standing(world: World, project: Project, slot: int) -> Issue:
    now = world.now()
    period, begins, gap, share = _habits(world.company.seed, project.slug, slot)
    generation = int((now - _REVEAL - begins) // period)
    first = begins + generation * period
    events = int((now - first) / gap) + 1
    last = first + (events - 1) * gap
    title, culprit, level = TEMPLATES[(slot if project.is_busy else project.index + slot * 5) % len(TEMPLATES)]
    status, substatus = "unresolved", "new" if now - first < 7 * DAY else "ongoing"
    luck = noise(world.company.seed, project.slug, slot, generation, "status")
    if luck < 0.12:
        return Issue(
            project, slot, generation, title, culprit, level, "resolved", None, events // 3 + 1,
            int(events * share / 3) + 1, first, first + events // 3 * gap,
        )  # fmt: skip
    if luck < 0.22:
        status, substatus = "ignored", "archived_until_escalating"
    elif luck < 0.30 and now - first > 4 * DAY:
        substatus, last = "regressed", min(last, now - 30 * HOUR)
    return Issue(
        project, slot, generation, title, culprit, level, status, substatus, events, int(events * share) + 1,
        first, max(first, last), slot % 3 == 0,
    )  # fmt: skip


def _of_bad_release(world: World, project: Project, release: Build) -> Iterator[Issue]:
    now = world.now()
    counted = tally(world, project, release.ready_at, now, sessions=not project.requests_per_hour).get(release)
    failures = counted.failures if counted else 0
    move = world.last_move(project, now)
    last = min(now, move.done_at) - 3 if move is not None else now - 3
    first = release.ready_at + 40.0
    yield Issue(
        project, FATAL_SLOT, 0, FATAL_TITLE, "app/checkout/charge.ts in charge", "fatal", "unresolved", "new",
        max(failures * 4 // 5, 1), max(failures * 3 // 5, 1), first, max(last, first), True, release,
    )  # fmt: skip
    title, culprit, level = TEMPLATES[1]
    yield Issue(
        project, REGRESSED_SLOT, 0, title.replace("10000", "3000"), culprit, level, "unresolved", "regressed",
        200 + failures // 5, 150 + failures // 8, release.ready_at - 40.0 * DAY, max(last - 20, first), False, None,
    )  # fmt: skip


def count_new(world: World, project: Project, release: Build) -> int:
    """Return how many issues were first seen in a release."""
    return 1 if release.is_bad else int(noise(world.company.seed, project.slug, release.serial, "new") < 0.2)
