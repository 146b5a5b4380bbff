"""Sentry's sessions, whole: Sentry answers with a limited number of groups, and does not say what it leaves out.

Pages do not help. With `session.status` among the groups Sentry compares the number of groups that it answers with to
the number of projects and releases that it was asked for, so the next link says that there is nothing more when there
is; without `per_page` the size of a page is larger than what it ever answers with. So an answer that has as many pairs
of project and release as an older Sentry keeps counts as cut, and its span is asked for again in two halves.

Source: getsentry/sentry `src/sentry/api/endpoints/organization_sessions.py` (`SessionsDataSeriesPaginator`),
`src/sentry/release_health/metrics_sessions_v2.py` (`max_groups`), `src/sentry/snuba/sessions_v2.py` (`SNUBA_LIMIT`);
getsentry/sentry#48692, #62260.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from watchkeeper.clients.parsing import Record

FEWEST_POINTS: Final = 5_000  # that any Sentry keeps; since 2023 it is 10,000


@dataclass(frozen=True, slots=True)
class Part:
    """Hours, sorted, and the ids of projects whose sessions are asked for in one call."""

    hours: Sequence[datetime]
    ids: tuple[str, ...]

    def halves(self) -> tuple["Part", "Part"] | None:
        """Return two parts that make up this one; None for a single hour of a single project."""
        if len(self.hours) > 1:
            middle = len(self.hours) // 2
            return replace(self, hours=self.hours[:middle]), replace(self, hours=self.hours[middle:])
        middle = len(self.ids) // 2
        return (replace(self, ids=self.ids[:middle]), replace(self, ids=self.ids[middle:])) if middle else None


@dataclass(frozen=True, slots=True)
class Parts:
    """The answers that are whole, and the parts that could not be had whole."""

    answers: tuple[Record, ...]
    cut: tuple[Part, ...]


async def read_whole(ask: Callable[[Part], Awaitable[Record]], whole: Part, most: int) -> Parts:
    """Ask for the whole, and for halves of what is cut, at most `most` times."""
    answers: list[Record] = []
    cut: list[Part] = []
    pending = [whole]
    for _ in range(most):
        if not pending:
            break
        part = pending.pop()
        answer = await ask(part)
        if is_whole(answer):
            answers.append(answer)
        else:
            halves = part.halves()
            pending.extend(halves or ())
            cut.extend(() if halves else (part,))
    return Parts(tuple(answers), (*cut, *pending))


def is_whole(answer: Record) -> bool:
    """Return whether nothing can have been left out."""
    pairs = {(group.text("by.project", ""), group.text("by.release", "")) for group in answer.records("groups")}
    return len(pairs) < FEWEST_POINTS // (len(answer.values("intervals")) + 1)
