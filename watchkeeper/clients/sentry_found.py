"""What the calls to Sentry gave, before it is put together by project."""

from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from watchkeeper.clients.base import VendorError
from watchkeeper.clients.sentry_parsing import SessionCount
from watchkeeper.domain.errors import ErrorCount, Issue, SentryRelease
from watchkeeper.domain.verdicts import Missing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """Ids of the organization's projects by slug. `is_cut`: it has more of them. `flaws`: entries that are not read."""

    ids: dict[str, str]
    is_cut: bool
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Read(Generic[T]):
    """What one call gave, by the slug or id of the project; or why it gave nothing.

    Attributes:
        is_cut: there was more than was read.
        incomplete: projects of whose figures a part could not be read: all of theirs is missing, not half of it.
    """

    by_project: defaultdict[str, list[T]]
    warnings: tuple[str, ...] = ()
    refusal: VendorError | None = None
    is_cut: bool = False
    incomplete: Mapping[str, Missing] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        pairs: Iterable[tuple[str, T]],
        warnings: Iterable[str] = (),
        *,
        is_cut: bool = False,
        incomplete: Mapping[str, Missing] | None = None,
    ) -> "Read[T]":
        by_project: defaultdict[str, list[T]] = defaultdict(list)
        for project, value in pairs:
            by_project[project].append(value)
        return cls(by_project, tuple(warnings), is_cut=is_cut, incomplete=incomplete or {})


async def or_warning(call: Coroutine[None, None, Read[T]], lack: str, tolerated: type[VendorError]) -> Read[T]:
    """Return what the call gives, or nothing with a warning that begins with `lack`."""
    try:
        return await call
    except tolerated as error:
        return Read(defaultdict(list), (f"{lack}: {error}",), error)


@dataclass(frozen=True, slots=True)
class Found:
    """All that was read about an organization. `flaws`: entries of its list of projects that could not be read."""

    spans: Read[ErrorCount]
    sessions: Read[SessionCount]
    issues: Read[Issue]
    releases: Read[SentryRelease]
    flaws: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        reads: tuple[Read[ErrorCount] | Read[SessionCount] | Read[Issue] | Read[SentryRelease], ...]
        reads = (self.spans, self.sessions, self.issues, self.releases)
        return (*self.flaws, *(warning for read in reads for warning in read.warnings))
