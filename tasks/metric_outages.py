"""Finds the incidents around some hours anew, and what they say of releases."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.delivery_samples import incident_samples
from watchkeeper.domain.error_rates import ErrorCount
from watchkeeper.domain.errors import Denominator
from watchkeeper.domain.health import CheckType, HealthCheck
from watchkeeper.domain.history import ErrorHour
from watchkeeper.domain.hour_samples import Subject
from watchkeeper.domain.hours import INCIDENTS, metrics_of
from watchkeeper.domain.outages import Outage, find_outages, join_outages, outages_of_hours
from watchkeeper.domain.samples import aggregate_samples
from watchkeeper.domain.windows import Period, Window, floor
from watchkeeper.store import alias_requests, health, metrics, outages, releases
from watchkeeper.store.metric_columns import Slot, replace_buckets

HOUR: Final = timedelta(hours=1)
AROUND: Final = timedelta(days=1)  # beyond the hours: an incident may begin before them, and go on after them
BEFORE: Final = timedelta(days=1)  # what an hour is held against
RELEASES_BACK: Final = timedelta(days=30)  # a release that an incident is laid on may have gone live long before

Key = tuple[str, str]


def find_again(session: Session, subjects: Sequence[Subject], span: Window, now: datetime) -> dict[Key, set[datetime]]:
    """Find the incidents around these hours anew; return in which hours what they say of releases has changed.

    Incidents that reach over the bounds are looked at as a whole, so that looking again finds the same.
    """
    slugs = [subject.slug for subject in subjects]
    window = _widened(session, slugs, Window(span.start - AROUND, min(span.end + AROUND, max(now, span.end))))
    checks = health.checks(session, slugs, window, CheckType.FULL, with_components=False)
    errors = _error_hours(session, slugs, Window(window.start - BEFORE, window.end))
    known = outages.outages(session, slugs, window)
    found = {
        subject.slug: _incidents(subject, checks[subject.slug], errors[subject.slug], known[subject.slug], window, now)
        for subject in subjects
    }
    outages.save_outages(session, slugs, window, [each for several in found.values() for each in several])
    return _measure_again(session, slugs, Window(window.start, max(window.end, span.end)))


def _widened(session: Session, slugs: Sequence[str], window: Window) -> Window:
    """Return the window with the whole of the incidents that are known to reach over its bounds."""
    known = [each for several in outages.outages(session, slugs, window).values() for each in several]
    start = min([window.start, *(each.started_at for each in known)])
    return Window(start, max([window.end, *(each.ended_at for each in known if each.ended_at)]))


def _incidents(  # noqa: PLR0913, PLR0917 - all that tells of them
    subject: Subject,
    checks: Sequence[HealthCheck],
    errors: Sequence[ErrorHour],
    known: Iterable[Outage],
    window: Window,
    now: datetime,
) -> list[Outage]:
    """Return what checks have found, what the history tells where none has looked, and what is known of old checks."""
    checked = {floor(check.window.start, HOUR) for check in checks}
    starts = {check.window.start for check in checks}
    of_checks = find_outages(checks, now)
    of_hours = [
        each
        for each in outages_of_hours(subject.slug, errors, subject.limits.errors)
        if window.contains(each.started_at) and not checked.issuperset(_hours(each))
    ]
    # Single checks are deleted after a time; what they have found stays.
    of_old_checks = [each for each in known if not each.from_history and each.started_at not in starts]
    kept = [each for each in of_old_checks if floor(each.started_at, HOUR) not in checked]
    return [each for each in join_outages([*of_checks, *of_hours, *kept]) if window.contains(each.started_at)]


def _hours(incident: Outage) -> tuple[datetime, ...]:
    return Window(incident.started_at, incident.ended_at or incident.started_at + HOUR).hours()


def _error_hours(session: Session, slugs: Sequence[str], window: Window) -> dict[str, list[ErrorHour]]:
    """Return the hours of the window as their buckets tell them."""
    found = {}
    for slug, several in metrics.buckets(session, slugs, window, Period.HOUR, ["failures"]).items():
        hours: defaultdict[datetime, list[ErrorCount]] = defaultdict(list)
        for bucket in several:
            hours[bucket.start].append(ErrorCount(bucket.label, round(bucket.total), bucket.count))
        found[slug] = [ErrorHour(hour, Denominator.SPANS, tuple(hours[hour]), 0, 0, None) for hour in sorted(hours)]
    return found


def _measure_again(session: Session, slugs: Sequence[str], window: Window) -> dict[Key, set[datetime]]:
    """Replace the buckets of releases that failed and of time to restore, where they have changed.

    Nothing is said of hours that were never aggregated: not to know of an incident is not to know that there was none.
    """
    measured = _measured(session, slugs, window).buckets()
    known = metrics.aggregated_hours(session, slugs, window) if measured else frozenset()
    new = {each for each in measured if (each.project, each.start) in known}
    before = metrics.buckets(session, slugs, window, Period.HOUR, metrics_of(INCIDENTS))
    old = {each for several in before.values() for each in several}
    changed: defaultdict[Key, set[datetime]] = defaultdict(set)
    for bucket in new ^ old:
        changed[bucket.project, INCIDENTS].add(bucket.start)
    hours = {hour for several in changed.values() for hour in several}
    if hours:
        projects = {project for project, _ in changed}
        again = [each for each in new if each.project in projects and each.start in hours]
        slot = Slot(projects, metrics_of(INCIDENTS), hours)
        replace_buckets(session, Period.HOUR, [slot], BucketColumns.of(again))
    return changed


def _measured(session: Session, slugs: Collection[str], window: Window) -> BucketColumns:
    live = releases.live_releases(session, slugs, Window(window.start - RELEASES_BACK, window.end))
    moves = alias_requests.alias_requests(session, slugs, Window(window.start - RELEASES_BACK, window.end))
    known = outages.outages(session, slugs, Window(window.start - RELEASES_BACK, window.end))
    samples = (
        (slug, sample)
        for slug in slugs
        for sample in incident_samples(live[slug], known[slug], moves[slug])
        if window.contains(sample.hour)
    )
    return aggregate_samples(samples)
