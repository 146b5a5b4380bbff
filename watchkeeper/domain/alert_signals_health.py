"""Signals of the latest health check: the error rate, the score, and what could not be seen."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from watchkeeper.domain.alert_facts import PLATFORM, US, AlertFacts, cause_of, count_of
from watchkeeper.domain.alert_signals import Signal
from watchkeeper.domain.alert_values import labels_of
from watchkeeper.domain.blame import Fault
from watchkeeper.domain.error_rates import wilson_interval
from watchkeeper.domain.health import HealthCheck
from watchkeeper.domain.phrases import amount, clock, percent
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Verdict

MOST_DETAILS = 4


def error_rate(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the lower bound of the error rate in percent; nothing where errors are not looked at."""
    if Component.ERRORS not in facts.components:
        return
    check = facts.check_at(now)
    judgement = check.components.get(Component.ERRORS) if check else None
    counted = count_of(judgement) if judgement else None
    if check is None or judgement is None or counted is None:
        yield Signal(facts.project, "error_rate", None, now)
        return
    count, noun = counted
    low, _ = wilson_interval(count.failures, count.total)
    proven = low if count.failures >= facts.limits.errors.min_failures else 0.0
    told = f"{percent(count.rate)} of {amount(count.total, noun)} fail ({count.failures:,}; at least {percent(low)})"
    yield Signal(
        facts.project,
        "error_rate",
        round(100 * proven, 6),
        check.window.end,
        sample=count.total,
        details=(told, *_more(check)),
        release=check.blame.release,
        cause=cause_of(check),
        url=_link(judgement),
    )


def score(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the health score, laid on what has brought it down most."""
    check = facts.check_at(now)
    if check is None or check.score is None:
        yield Signal(facts.project, "score", None, now)
        return
    yield Signal(
        facts.project,
        "score",
        check.score,
        check.window.end,
        details=check.reasons[:MOST_DETAILS],
        release=check.blame.release,
        cause=_cause_of_score(check),
    )


def critical_for(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield the minutes since the first of the checks in a row that have found the project critical."""
    check = facts.check_at(now)
    if check is None or check.verdict is Verdict.UNKNOWN:
        yield Signal(facts.project, "critical_for", None, now)
        return
    newest_first = reversed(facts.checks_until(now))
    critical = list(takewhile(lambda each: each.verdict is Verdict.CRITICAL, newest_first))
    if not critical:
        yield Signal(facts.project, "critical_for", 0.0, check.window.end)
        return
    since = critical[-1].window.end
    yield Signal(
        facts.project,
        "critical_for",
        (check.window.end - since).total_seconds() / 60,
        check.window.end,
        details=(clock(since), *check.reasons[:MOST_DETAILS]),
        release=check.blame.release,
        cause=_cause_of_score(check),
    )


def blind(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield for each part of the project whether it could not be looked at; too little to judge is not blindness."""
    check = facts.check_at(now)
    for component in sorted(facts.components):
        labels = labels_of(component=component.value)
        judgement = check.components.get(component) if check else None
        if check is None or judgement is None:
            yield Signal(facts.project, "blind", None, now, labels)
            continue
        gap = judgement.gap
        is_blind = gap is not None and gap.is_blind
        told = (f"{component}: {judgement.reasons[0]}",) if is_blind else ()
        cause = US if gap is Gap.OFFLINE else "watch"
        yield Signal(facts.project, "blind", float(is_blind), check.window.end, labels, details=told, cause=cause)


def platform_incident(facts: AlertFacts, now: datetime) -> Iterator[Signal]:
    """Yield whether the vendor's status page explains what is wrong with the project."""
    if Component.DELIVERY not in facts.components:
        return
    labels, check = labels_of(vendor="vercel"), facts.check_at(now)
    if check is None:
        yield Signal(facts.project, "platform_incident", None, now, labels)
        return
    is_platform = check.blame.fault is Fault.PLATFORM
    told = (check.blame.reason, *check.reasons[:MOST_DETAILS]) if is_platform else ()
    value, at = float(is_platform), check.window.end
    yield Signal(facts.project, "platform_incident", value, at, labels, details=told, cause=PLATFORM)


def _more(check: HealthCheck) -> tuple[str, ...]:
    """Return what else is worth knowing: whom it is laid on, and other reasons."""
    blamed = [check.blame.reason] if check.blame.fault in {Fault.RELEASE, Fault.PLATFORM} else []
    errors = check.components[Component.ERRORS].reasons[1:]
    return tuple(dict.fromkeys([*blamed, *errors]))[:MOST_DETAILS]


def _cause_of_score(check: HealthCheck) -> str:
    """Return what the check is laid on, else the part that stands worst: what it is told together with."""
    known = {part: judgement.score for part, judgement in check.components.items() if judgement.score is not None}
    worst = min(known, key=lambda part: (known[part], part), default=None)
    return cause_of(check) or (worst.value if worst else "")


def _link(judgement: Judgement) -> str:
    return next((fact.url for fact in judgement.evidence if fact.url), "")
