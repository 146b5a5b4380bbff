"""What to do, because of numbers: rules over a report, ranked, and whether what was said last time has helped."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from watchkeeper.domain import recommendations_delivery, recommendations_production
from watchkeeper.domain.figure_words import change_words, value_words
from watchkeeper.domain.metrics import Better
from watchkeeper.domain.period_reports import ProjectReport, Recommendation
from watchkeeper.domain.trends import Direction, trend_of

MOST: Final = 8  # of one project
RULES: Final = (*recommendations_production.RULES, *recommendations_delivery.RULES)

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Measure:
    """What a rule measures: in which unit, which way is good, and from which source it comes ("" for several)."""

    unit: str
    better: Better
    source: str = ""


MEASURES: Final[Mapping[str, Measure]] = {
    "lasting_incident": Measure("", Better.LESS),
    "custody": Measure("", Better.LESS, "vercel"),
    "certificate": Measure("days", Better.MORE, "endpoints"),
    "slow_endpoint": Measure("ms", Better.LESS, "endpoints"),
    "error_budget": Measure("%", Better.MORE),
    "failed_releases": Measure("%", Better.LESS, "vercel"),
    "failed_release": Measure("%", Better.LESS, "sentry"),
    "top_issue": Measure("", Better.LESS, "sentry"),
    "regressed_issue": Measure("", Better.LESS, "sentry"),
    "unseen_releases": Measure("%", Better.LESS, "sentry"),
    "unseen_hours": Measure("%", Better.MORE),
    "flaky_test": Measure("minutes", Better.LESS, "circleci"),
    "slower_build": Measure("s", Better.LESS, "circleci"),
    "build_queue": Measure("s", Better.LESS, "circleci"),
    "cost_spike": Measure("money", Better.LESS, "credits"),
    "reruns": Measure("%", Better.LESS, "circleci"),
    "branch_recovery": Measure("s", Better.LESS, "circleci"),
    "broken_branch": Measure("", Better.LESS, "circleci"),
    "failing_builds": Measure("%", Better.MORE, "circleci"),
}


def recommend(report: ProjectReport, earlier: Sequence[Recommendation], days: float = 1) -> tuple[Recommendation, ...]:
    """Return what to do about a project, the weightiest first, at most eight.

    Args:
        earlier: recommendations of the report of the period before, of any project: one that is given again says
            whether its number has moved.
        days: length of the period.
    """
    found = [given for rule in RULES for given in rule(report, days)]
    ordered = sorted(found, key=lambda given: (-given.weight, given.rule, given.subject))[:MOST]
    before = {_key(given): given for given in earlier}
    return tuple(replace(given, follow_up=_follow_up(given, before.get(_key(given)), report)) for given in ordered)


def done_recommendations(report: ProjectReport, earlier: Iterable[Recommendation], days: float = 1) -> tuple[str, ...]:
    """Return what was recommended before and is not needed any more, a sentence each.

    Nothing is said of what cannot be known: its source has told no hour of the period.
    """
    return tuple(_done(report, earlier, days))


def _done(report: ProjectReport, earlier: Iterable[Recommendation], days: float) -> Iterator[str]:
    still = {_key(found) for rule in RULES for found in rule(report, days)}
    for given in earlier:
        measure = MEASURES.get(given.rule)
        if measure is None or given.project != report.slug or _key(given) in still:
            continue
        known, _ = report.coverage.hours.get(measure.source, (0, 0))
        if known or not measure.source:
            was = _words(given.measured, measure, report)
            yield f"No longer needed: {given.sentence} (it was {was} in the report before)"


def _key(given: Recommendation) -> Key:
    return given.project, given.rule, given.subject


def _follow_up(given: Recommendation, before: Recommendation | None, report: ProjectReport) -> str:
    """Return whether an earlier one of the same kind has helped; "" when there is none."""
    if before is None:
        return ""
    measure = MEASURES[given.rule]
    was, now = (_words(value, measure, report) for value in (before.measured, given.measured))
    trend = trend_of(given.measured, before.measured, measure.better)
    if trend.direction is Direction.FLAT:
        return f"Given in the report before, at {was}: nothing has moved."
    moved = f"{now} now" + (f", {change_words(trend)}" if trend.change is not None else "")
    return f"Given in the report before, at {was}: {moved}. {'It helps.' if trend.good else 'It has got worse.'}"


def _words(value: float, measure: Measure, report: ProjectReport) -> str:
    if measure.unit == "minutes":
        return value_words(60 * value, "s")
    if measure.unit == "money":
        return value_words(value, report.cost.currency) if report.cost else value_words(value)
    if measure.unit == "%" and value < 0:
        return f"{100 * value:.0f} %"
    return value_words(value, measure.unit)
