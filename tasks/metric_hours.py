"""Makes the buckets of some hours: load -> sample -> add up -> replace -> roll up."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from tasks.metric_facts import Loaded, failures_observed, load
from tasks.metric_outages import find_again
from tasks.metric_rollups import roll_up_again
from watchkeeper.domain.aggregation import ProbeColumns, aggregate_probes
from watchkeeper.domain.bucket_columns import BucketColumns
from watchkeeper.domain.costs import fixed_costs
from watchkeeper.domain.delivery import DeliveryReport
from watchkeeper.domain.delivery_samples import built_at
from watchkeeper.domain.history import BuildHistory, ErrorHour, History
from watchkeeper.domain.hour_samples import Subject, hour_samples, scored_by_errors
from watchkeeper.domain.hour_states import Seen, error_hour, observed_hour, source_hours, told_gaps
from watchkeeper.domain.hours import CREDITS, GITHUB, HourState, SourceHour, metrics_of, source_of
from watchkeeper.domain.samples import Sample, aggregate_samples
from watchkeeper.domain.windows import Period, Window, floor
from watchkeeper.store.metric_columns import Slot, probe_columns, replace_buckets, take_turn
from watchkeeper.store.metrics import save_source_hours
from watchkeeper.store.text import storable_key

HOUR: Final = timedelta(hours=1)
LATER: Final = timedelta(days=1)  # how long after the hours that were read something that began in them may end
EVENTS: Final = ("circleci", CREDITS, "vercel", GITHUB)  # sources of what takes its time

Slots = dict[tuple[str, str], set[datetime]]  # hours whose buckets are replaced, by project and source


@dataclass(frozen=True, slots=True)
class Aggregated:
    """What was done. `buckets` of hours; `incomplete`: what is missing and may still come, a sentence each."""

    hours: tuple[datetime, ...]
    buckets: int
    incomplete: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Batch:
    """All that the buckets of some hours are made of.

    Attributes:
        later: complete hours after these in which something ended that the histories tell.
        errors: the failures by project and hour; `stand_ins`: where only observations tell of them.
    """

    subjects: Sequence[Subject]
    histories: Mapping[str, History]
    hours: Sequence[datetime]
    later: frozenset[datetime]
    now: datetime
    loaded: Loaded
    probes: ProbeColumns
    errors: Mapping[str, Mapping[datetime, ErrorHour]]
    stand_ins: frozenset[tuple[str, datetime]]


def aggregate(
    session: Session,
    subjects: Sequence[Subject],
    histories: Mapping[str, History],
    hours: Sequence[datetime],
    now: datetime,
) -> Aggregated:
    """Make the buckets of these complete hours, and of all larger periods that they touch.

    What is complete already is not given up for something that is not. Hours soon after these are made again as far as
    something that began in these has ended in them.
    """
    if not hours or not subjects:
        return Aggregated((), 0, ())
    take_turn(session)
    batch = _load(session, subjects, histories, hours, now)
    states = _states(batch)
    slots = _slots(batch, states)
    buckets = BucketColumns.joined([aggregate_samples(_samples(batch, slots)), _of_probes(batch.probes, slots)])
    replace_buckets(session, Period.HOUR, _grouped(slots), buckets)
    save_source_hours(session, states, now)
    for key, changed in find_again(session, subjects, Window(min(hours), max(hours) + HOUR), now).items():
        slots[key] |= changed
    touched = _hours_of(slots)
    roll_up_again(session, {subject.slug: subject.zone for subject in subjects}, touched)
    return Aggregated(tuple(hours), len(buckets), told_gaps(states))


def _load(
    session: Session,
    subjects: Sequence[Subject],
    histories: Mapping[str, History],
    hours: Sequence[datetime],
    now: datetime,
) -> _Batch:
    slugs = [subject.slug for subject in subjects]
    later = _later_hours(histories, hours, now)
    span = Window(min(hours), max(hours) + HOUR)
    loaded = load(session, slugs, Window(span.start, max([*hours, *later]) + HOUR), now)
    errors = {
        slug: {hour: told for hour in hours if (told := error_hour(histories[slug], hour)) is not None}
        for slug in slugs
    }
    missing = {
        (each.slug, hour)
        for each in subjects
        if "sentry" in each.sources
        for hour in hours
        if hour not in errors[each.slug]
    }
    observed = failures_observed(session, {slug for slug, _ in missing}, span) if missing else {}
    stand_ins = {(slug, hour): observed_hour(hour, observed.get(slug, ())) for slug, hour in missing}
    for (slug, hour), stand_in in stand_ins.items():
        if stand_in is not None:
            errors[slug][hour] = stand_in
    standing_in = frozenset(key for key, stand_in in stand_ins.items() if stand_in is not None)
    probes = probe_columns(session, slugs, sorted(hours))
    return _Batch(subjects, histories, hours, later, now, loaded, probes, errors, standing_in)


def _later_hours(histories: Mapping[str, History], hours: Sequence[datetime], now: datetime) -> frozenset[datetime]:
    first = max(hours) + HOUR
    end = min(first + LATER, floor(now, HOUR))
    ended = {floor(moment, HOUR) for history in histories.values() for moment in _ends(history)}
    return frozenset(hour for hour in ended if first <= hour < end)


def _ends(history: History) -> Iterator[datetime]:
    if isinstance(history.builds, BuildHistory):
        yield from (run.stopped_at for run in history.builds.runs if run.stopped_at)
        for pipeline in history.builds.pipelines:
            workflows = pipeline.workflows if isinstance(pipeline.workflows, tuple) else ()
            yield from (workflow.stopped_at for workflow in workflows if workflow.stopped_at)
    if isinstance(history.delivery, DeliveryReport):
        yield from (built_at(deployment) for deployment in history.delivery.deployments)


def _states(batch: _Batch) -> list[SourceHour]:
    """Return how the hours stand now, without those that are known better from before."""
    probed = {(project, hour) for project, _, hour in batch.probes.keys.names}
    found: list[SourceHour] = []
    for subject in batch.subjects:
        facts, errors = batch.loaded.facts[subject.slug], batch.errors[subject.slug]
        checked, scored = facts.checked_hours(), scored_by_errors(subject, facts, errors)
        for hour in batch.hours:
            key = (subject.slug, hour)
            seen = Seen(
                has_probes=key in probed,
                first_probe=batch.loaded.first_probes.get(subject.slug),
                has_checks=hour in checked,
                has_score=hour in scored,
                stands_in=key in batch.stand_ins,
            )
            history = batch.histories[subject.slug]
            found += source_hours(subject.slug, subject.sources, history, hour, seen, batch.now)
    return [each for each in found if _is_news(each, batch.loaded.earlier.get((each.project, each.source, each.hour)))]


def _is_news(state: SourceHour, earlier: SourceHour | None) -> bool:
    """Return False for what is known better from before."""
    return state.state is HourState.COMPLETE or earlier is None or earlier.state is not HourState.COMPLETE


def _slots(batch: _Batch, states: Sequence[SourceHour]) -> Slots:
    slots: Slots = defaultdict(set)
    for state in states:
        if state.state is not HourState.NOT_CONFIGURED:
            slots[state.project, state.source].add(state.hour)
    for subject in batch.subjects:
        for source in EVENTS:
            slots[subject.slug, source] |= {
                hour for hour in batch.later if (subject.slug, source, hour) in batch.loaded.earlier
            }
        if fixed_costs(subject.prices, batch.hours[0], subject.zone) and CREDITS not in subject.sources:
            slots[subject.slug, CREDITS] |= set(batch.hours)
    return slots


def _samples(batch: _Batch, slots: Slots) -> Iterator[tuple[str, Sample]]:
    """Yield the samples that belong into the slots, with their project."""
    for subject in batch.subjects:
        slug = subject.slug
        hours = slots[slug, CREDITS] | slots[slug, "circleci"]
        labels: dict[str, str] = {}
        for sample in hour_samples(subject, batch.loaded.facts[slug], batch.errors[slug], hours):
            if sample.hour in slots.get((slug, source_of(sample.metric)), ()):
                label = labels.setdefault(sample.label, str(storable_key(sample.label)))
                yield slug, sample if label == sample.label else replace(sample, label=label)


def _of_probes(probes: ProbeColumns, slots: Slots) -> BucketColumns:
    buckets = aggregate_probes(probes)
    left_out = {(p, hour) for p, _, hour in probes.keys.names if hour not in slots.get((p, "endpoints"), ())}
    if not left_out:
        return buckets
    kept = [key not in left_out for key in zip(buckets.project, buckets.start, strict=True)]
    return buckets.where(np.array(kept, np.bool_))


def _grouped(slots: Slots) -> list[Slot]:
    """Return the slots with those projects together that have the same hours."""
    groups: defaultdict[tuple[str, frozenset[datetime]], list[str]] = defaultdict(list)
    for (project, source), hours in slots.items():
        if hours:
            groups[source, frozenset(hours)].append(project)
    return [Slot(projects, metrics_of(source), hours) for (source, hours), projects in groups.items()]


def _hours_of(slots: Slots) -> dict[str, set[datetime]]:
    hours: defaultdict[str, set[datetime]] = defaultdict(set)
    for (project, _), several in slots.items():
        hours[project] |= several
    return hours
