"""CircleCI Insights: runs of all branches with their credits, and flaky tests. Refreshed once a day, kept for 90.

Source: https://circleci.com/docs/api/v2/#tag/Insights
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from urllib.parse import quote

from watchkeeper.clients.base import Pages, Params, VendorClient, VendorUnavailable
from watchkeeper.clients.circleci_parsing import read_flaky_test, read_run
from watchkeeper.clients.circleci_pipelines import items_of, next_page
from watchkeeper.clients.parsing import readable, record_of
from watchkeeper.clients.patience import Patience
from watchkeeper.domain.history import BuildRun, FlakyTest
from watchkeeper.domain.verdicts import Missing
from watchkeeper.domain.windows import Window

KEPT: Final = timedelta(days=90)
REFRESHED_WITHIN: Final = timedelta(hours=24)
_REPORTING_DAYS: Final = (7, 30, 60, 90)
_MOST_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of a span, newest first; credits of runs that ended after `credits_until` are not known yet."""

    runs: tuple[BuildRun, ...]
    credits_until: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Insights:
    """What is known of one project's runs and flaky tests."""

    runs: tuple[BuildRun, ...]
    flaky_tests: tuple[FlakyTest, ...]
    credits_until: datetime
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InsightsCalls:
    """Asks for the Insights of a span; pieces that cannot be had become warnings."""

    client: VendorClient
    span: Window
    now: datetime
    patience: Patience

    async def insights(self, project: str) -> Insights:
        """Return what is known of the project; without its runs no credits are known at all."""
        runs, flaky = await asyncio.gather(
            self.patience.spend(partial(self._runs, project)), self.patience.spend(partial(self._flaky, project))
        )
        lacks = [f"{name}: {found.reason}" for name, found in _named(runs, flaky) if isinstance(found, Missing)]
        known = Runs((), self.span.start) if isinstance(runs, Missing) else runs
        tests, flaws = ((), ()) if isinstance(flaky, Missing) else flaky
        return Insights(known.runs, tests, known.credits_until, (*known.warnings, *flaws, *lacks))

    async def _runs(self, project: str) -> Runs:
        oldest = self.now - KEPT
        if self.span.start < oldest:
            days = f"CircleCI: credits are kept for {KEPT.days} days, and what was asked for is older"
            return Runs((), self.span.start, (days,))
        workflows = await self._pages(project, "", {"reporting-window": self._reporting_window()})
        names, nameless = readable(items_of(workflows), lambda raw: raw.text("name"), "workflows")
        found = [await self._runs_of(project, name) for name in dict.fromkeys(names)]
        runs = {run.id: run for each, _ in found for run in each if self.span.contains(run.created_at)}
        stops = [run.stopped_at for each, _ in found for run in each if run.stopped_at is not None]
        ends = [end for raw in items_of(workflows) if (end := raw.moment_or_none("window_end"))]
        # What Insights has shows how far it has been refreshed, if that is less than a day ago.
        until = min(self.now, max([self.now - REFRESHED_WITHIN, *stops, *ends]))
        newest_first = sorted(runs.values(), key=lambda run: (run.created_at, run.id), reverse=True)
        return Runs(tuple(newest_first), until, (*nameless, *(flaw for _, flaws in found for flaw in flaws)))

    async def _runs_of(self, project: str, workflow: str) -> tuple[list[BuildRun], list[str]]:
        bounds = {"start-date": _moment(self.span.start), "end-date": _moment(self.span.end)}
        pages = await self._pages(project, f"/{quote(workflow, safe='')}", bounds)
        return readable(items_of(pages), lambda raw: read_run(raw, workflow), "runs")

    async def _flaky(self, project: str) -> tuple[tuple[FlakyTest, ...], tuple[str, ...]]:
        answer = await self.client.get(f"{_path(project)}/flaky-tests", about=f"the flaky tests of {project}")
        tests, flaws = readable(record_of(answer).records("flaky-tests"), read_flaky_test, "flaky tests")
        return tuple(sorted(tests, key=lambda test: (-test.times, test.name, test.file))), tuple(flaws)

    async def _pages(self, project: str, workflow: str, bounds: Params) -> Pages:
        pages = await self.client.get_pages(
            f"{_path(project)}/workflows{workflow}",
            {"all-branches": "true", **bounds},
            next_page,
            most=_MOST_PAGES,
            about=f"the Insights of {project}",
        )
        if pages.is_cut:
            raise VendorUnavailable(self.client.vendor, f"has more than {_MOST_PAGES} pages of runs of {project}")
        return pages

    def _reporting_window(self) -> str:
        days = (self.now - self.span.start + REFRESHED_WITHIN) / timedelta(days=1)
        return f"last-{next((each for each in _REPORTING_DAYS if each >= days), _REPORTING_DAYS[-1])}-days"


def _named(runs: object, flaky: object) -> Iterable[tuple[str, object]]:
    return ("credits are not known", runs), ("flaky tests are not known", flaky)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _path(project: str) -> str:
    return f"/insights/{quote(project, safe='')}"
