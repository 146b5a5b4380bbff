"""The four keys of software delivery, with everything laid where it belongs by cause, never by nearness in time.

A release has failed when an incident is laid on it, or when it was rolled back. Incidents that are laid on no release
are counted apart: they are nobody's failure yet.

Source: D. DeBellis and others, Accelerate State of DevOps Report 2023, dora.dev/research/2023/dora-report, table
"Software delivery performance". Its elite teams deploy on demand, within a day, fail at 5 % and recover within an hour;
high: daily to weekly, a day to a week, 10 %, a day; medium: weekly to monthly, a week to a month, 15 %, a day to a
week; low fail at 64 % and recover within one to six months.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median
from typing import Final

from watchkeeper.domain.commits import Commit, short_name
from watchkeeper.domain.delivery import AliasRequest
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.outages import Outage
from watchkeeper.domain.period_reports import Dora, DoraFigure, Figure
from watchkeeper.domain.phrases import amount
from watchkeeper.domain.release_outcomes import (
    failed_releases,
    laid_on,
    lead_times,
    live_at,
    live_releases,
    rolled_back,
)
from watchkeeper.domain.releases import Release
from watchkeeper.domain.significance import SIGNIFICANT, count_difference, rank_difference, share_difference
from watchkeeper.domain.sketches import sketch_of
from watchkeeper.domain.trends import Trend, trend_of
from watchkeeper.domain.windows import Window

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(weeks=1)
MONTH: Final = timedelta(days=30)
FREQUENCIES: Final = (("elite", 1.0), ("high", 1 / 7), ("medium", 1 / 31))  # a day, more than; the first is exclusive
LEAD_TIMES: Final = (("elite", DAY), ("high", WEEK), ("medium", MONTH))  # up to
FAILURE_RATES: Final = (("elite", 0.05), ("high", 0.10), ("medium", 0.15))  # up to
RESTORE_TIMES: Final = (("elite", timedelta(hours=1)), ("high", DAY), ("medium", WEEK))  # up to
LOWEST: Final = "low"


@dataclass(frozen=True, slots=True)
class _Keys:
    """What the four are reckoned from, of one window.

    Attributes:
        failed: why, by the release's name; only releases of the window.
        restored: times of those that are over; `lasting` how many are not.
        by_hour: True when some of them are known to the hour alone.
    """

    days: float
    released: int
    lead_times: tuple[timedelta, ...]
    failed: Mapping[str, str]
    restored: tuple[timedelta, ...]
    lasting: int
    by_hour: bool


def measure_dora(  # noqa: PLR0913, PLR0917 - the four keys are made of all of it
    releases: Sequence[Release],
    commits: Sequence[Commit] | None,
    incidents: Sequence[Outage],
    moves: Sequence[AliasRequest],
    window: Window,
    previous: Window | None = None,
) -> Dora:
    """Return the four keys of a window, held against those of another.

    Args:
        releases, incidents, moves: of both windows; more does no harm.
    """
    now = _keys(releases, commits, incidents, moves, window)
    then = _keys(releases, commits, incidents, moves, previous) if previous else None
    of_window = [incident for incident in incidents if window.contains(incident.started_at)]
    return Dora(
        deployment_frequency=_frequency(now, then),
        lead_time=_lead_time(now, then, from_commits=commits is not None),
        change_failure_rate=_failure_rate(now, then),
        time_to_restore=_restore_time(now, then),
        unattributed=sum(laid_on(incident, releases) is None for incident in of_window),
        incidents=len(of_window),
    )


def _keys(
    releases: Sequence[Release],
    commits: Sequence[Commit] | None,
    incidents: Sequence[Outage],
    moves: Sequence[AliasRequest],
    window: Window,
) -> _Keys:
    live = live_releases(releases, window)
    failed = failed_releases(releases, incidents, moves)
    times = lead_times(releases, commits)
    laid = [i for i in incidents if window.contains(i.started_at) and laid_on(i, releases) is not None]
    restored = [i.ended_at - i.started_at for i in laid if i.ended_at is not None]
    return _Keys(
        days=round(window.length / DAY, 1),
        released=len(live),
        lead_times=tuple(time for release in live for time in times[release.name]),
        failed={release.name: failed[release.name] for release in live if release.name in failed},
        restored=(*restored, *_taken_back_after(live, incidents, moves)),
        lasting=sum(incident.ended_at is None for incident in laid),
        by_hour=any(incident.from_history for incident in laid),
    )


def _taken_back_after(
    live: Sequence[Release], incidents: Sequence[Outage], moves: Sequence[AliasRequest]
) -> list[timedelta]:
    """Return how long releases served until they were rolled back, of those on which no incident is laid."""
    moments = rolled_back(live, moves)
    alone = [release for release in live if not any(laid_on(incident, [release]) for incident in incidents)]
    times = [moments[release.name] - live_at(release) for release in alone if release.name in moments]
    return [time for time in times if time >= timedelta(0)]


# --- the figures


def _frequency(now: _Keys, then: _Keys | None) -> DoraFigure:
    value = now.released / now.days if now.days else None
    trends: dict[str, Trend] = {}
    if then and then.days:
        chance = count_difference(now.released, then.released, now.days, then.days)
        trends["previous"] = _trend(value, then.released / then.days, Better.MORE, chance)
    figure = Figure(
        "deployment_frequency",
        "Deployment frequency",
        value,
        "per day",
        numerator=now.released,
        denominator=now.days,
        sample=now.released,
        source=f"Vercel and Sentry, {amount(now.released, 'release')} in {now.days:g} days",
        trends=trends,
    )
    level = "" if value is None else _at_least(value)
    told = "elite more than once a day, high at least once a week, medium at least once a month, low less often"
    return DoraFigure(figure, level, told)


def _at_least(value: float) -> str:
    (elite, daily), *others = FREQUENCIES
    if value > daily:
        return elite
    return next((level for level, limit in others if value >= limit), LOWEST)


def _lead_time(now: _Keys, then: _Keys | None, *, from_commits: bool) -> DoraFigure:
    source = "GitHub and Vercel" if from_commits else "Vercel"
    note = "" if from_commits else "counted from the push: no repository tells when the commits were written"
    of = amount(len(now.lead_times), "commit" if from_commits else "release")
    title = "Lead time for changes"
    before = then.lead_times if then else None
    figure = _duration("lead_time", title, now.lead_times, before, f"{source}, median of {of}")
    told = "elite up to a day, high up to a week, medium up to a month, low longer"
    return _levelled(_noted(figure, note or ("" if now.lead_times else "no release went live")), LEAD_TIMES, told)


def _restore_time(now: _Keys, then: _Keys | None) -> DoraFigure:
    notes = []
    if now.lasting:
        notes.append(f"{amount(now.lasting, 'incident')} still lasting, not in it")
    if now.by_hour:
        notes.append("some of it known to the hour alone")
    if not now.restored and not now.lasting:
        notes.append("no release failed")
    number = len(now.restored)
    source = f"Watchkeeper, median of {amount(number, 'restored release')}" if number else "Watchkeeper"
    figure = _duration("time_to_restore", "Time to restore", now.restored, then.restored if then else None, source)
    told = "elite up to an hour, high up to a day, medium up to a week, low longer"
    return _levelled(_noted(figure, "; ".join(notes)), RESTORE_TIMES, told)


def _failure_rate(now: _Keys, then: _Keys | None) -> DoraFigure:
    failed, released = len(now.failed), now.released
    trends: dict[str, Trend] = {}
    if then:
        chance = share_difference(failed, released, len(then.failed), then.released)
        trends["previous"] = _trend(_share(now), _share(then), Better.LESS, chance)
    figure = Figure(
        "change_failure_rate",
        "Change failure rate",
        _share(now),
        "%",
        interval=wilson_interval(failed, released) if released else None,
        numerator=failed,
        denominator=released,
        sample=released,
        source=f"Watchkeeper: incidents laid on releases, and rollbacks; {amount(released, 'release')}",
        trends=trends,
        note=_named(now) if released else "no release went live",
    )
    told = "elite up to 5 %, high up to 10 %, medium up to 15 %, low more"
    value = figure.value
    level = next((level for level, limit in FAILURE_RATES if value is not None and value <= limit + 1e-12), LOWEST)
    return DoraFigure(figure, level if value is not None else "", told)


def _share(keys: _Keys) -> float | None:
    return len(keys.failed) / keys.released if keys.released else None


def _named(keys: _Keys) -> str:
    names = [short_name(name) for name in keys.failed]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"failed: {', '.join(names[:3])}{more}" if names else ""


def _duration(
    name: str, title: str, times: Sequence[timedelta], before: Sequence[timedelta] | None, source: str
) -> Figure:
    trends: dict[str, Trend] = {}
    if before is not None:
        bins, earlier = (sketch_of(time.total_seconds() for time in each).bins for each in (times, before))
        trends["previous"] = _trend(_median(times), _median(before), Better.LESS, rank_difference(bins, earlier))
    return Figure(name, title, _median(times), "s", sample=len(times), source=source, trends=trends)


def _median(times: Sequence[timedelta]) -> float | None:
    return median(time.total_seconds() for time in times) if times else None


def _noted(figure: Figure, note: str) -> Figure:
    return replace(figure, note=note)


def _levelled(figure: Figure, limits: Sequence[tuple[str, timedelta]], told: str) -> DoraFigure:
    if figure.value is None:
        return DoraFigure(figure, "", told)
    level = next((level for level, limit in limits if figure.value <= limit.total_seconds()), LOWEST)
    return DoraFigure(figure, level, told)


def _trend(value: float | None, before: float | None, better: Better, p_value: float | None) -> Trend:
    return trend_of(value, before, better, is_significant=None if p_value is None else p_value < SIGNIFICANT)
