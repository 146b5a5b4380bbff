"""Whether a way back has helped, whatever the vendor says."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.endpoints import Probe
from watchkeeper.domain.error_rates import ErrorCount, compare_releases, wilson_interval
from watchkeeper.domain.limits import ErrorLimits, HealthLimits
from watchkeeper.domain.phrases import amount, clock, listed, percent, span
from watchkeeper.domain.production import Production
from watchkeeper.domain.releases import is_rolling
from watchkeeper.domain.rollback import Outcome, Rollback, Way
from watchkeeper.domain.rollback_moves import serves
from watchkeeper.domain.verdicts import Missing

RIGHT_ANSWERS: Final = 2  # in a row, from which an endpoint counts as answering


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured since production moved.

    Attributes:
        errors: failures of what serves now, since it serves; of the old release's visitors nothing.
        probes: of the project's endpoints, at any time; those from before the move are left out.
        percentage: value of the item, for the way of that name.
    """

    at: datetime
    production: Production | Missing
    errors: ErrorCount | Missing
    probes: tuple[Probe, ...] | Missing = ()
    noun: str = "request"
    percentage: float | Missing | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """The outcome with its reasons, the weightiest first. `is_over`: asking again later would say no more."""

    outcome: Outcome
    reasons: tuple[str, ...]
    is_over: bool


@dataclass(frozen=True, slots=True)
class _Part:
    outcome: Outcome
    reason: str


def verify(rollback: Rollback, measured: Measured, limits: HealthLimits) -> Verification:
    """Return whether production is where it should be, and whether that has helped.

    It is over when the time to verify is. Before that, what is said is how it looks so far.
    """
    since = rollback.moved_at or rollback.updated_at
    spent = measured.at - since
    was_put_back = spent <= -rollback.verify_for  # the clock: nobody waits until it is there again
    is_over = was_put_back or spent >= rollback.verify_for
    elsewhere = _not_there(rollback, measured)
    if elsewhere:
        return Verification(Outcome.NOT_MOVED, (elsewhere,), is_over)
    errors, endpoints = _errors(rollback, measured, limits.errors), _endpoints(measured, since)
    outcome = _outcome(errors, endpoints, by_endpoints=_was_not_about_errors(rollback, limits.errors))
    place = _place_unknown(rollback, measured)
    if (place or was_put_back) and outcome is Outcome.CURED:
        outcome = Outcome.NOT_ENOUGH_EVIDENCE
    parts = sorted(filter(None, (errors, endpoints)), key=lambda part: part.outcome is not outcome)
    when = f"measured over {span(spent)} since {clock(since)}"
    if was_put_back:
        when = f"the clock was put back by {span(-spent)} since production moved at {clock(since)}"
    reasons = [place, *(part.reason for part in parts), when]
    return Verification(outcome, tuple(filter(None, reasons)), is_over)


def _outcome(errors: _Part, endpoints: _Part | None, *, by_endpoints: bool) -> Outcome:
    """Return what both say together: one that is bad is bad; otherwise what the trouble was about decides."""
    if endpoints is None:
        return errors.outcome
    if Outcome.NOT_CURED in {errors.outcome, endpoints.outcome}:
        return Outcome.NOT_CURED
    return endpoints.outcome if by_endpoints and endpoints.outcome is Outcome.CURED else errors.outcome


def _was_about_errors(rollback: Rollback, limits: ErrorLimits) -> bool:
    counted = rollback.evidence.this if rollback.evidence else None
    return counted is not None and counted.failures >= limits.min_failures and counted.rate > limits.warning


def _was_not_about_errors(rollback: Rollback, limits: ErrorLimits) -> bool:
    """Return True when errors were counted and few: what nobody has counted may have been the trouble."""
    counted = rollback.evidence is not None and rollback.evidence.this is not None
    return counted and not _was_about_errors(rollback, limits)


def endpoints_that_fail(probes: Iterable[Probe]) -> tuple[str, ...]:
    """Return the names of the endpoints whose last probe failed."""
    last = {probe.endpoint: probe for probe in sorted(probes, key=lambda probe: probe.at)}
    return tuple(name for name, probe in sorted(last.items()) if not probe.ok)


def _not_there(rollback: Rollback, measured: Measured) -> str:
    """Return where production is instead; "" when it is where it should be, or nobody knows."""
    if rollback.way is Way.PERCENTAGE:
        wanted = rollback.plan.percentage if rollback.plan else rollback.rollout_percentage
        if isinstance(measured.percentage, Missing) or measured.percentage == wanted:
            return ""
        shown = "not there" if measured.percentage is None else f"{measured.percentage:g} %"
        return f"the percentage is {shown}, not {wanted or 0:g} %"
    production = measured.production
    if isinstance(production, Missing) or serves(production, rollback.to_deployment):
        return ""
    if is_rolling(production):
        return f"a rolling release is under way, so not all visitors get {rollback.to_deployment}"
    return f"{production.deployment or 'nothing'} serves production, not {rollback.to_deployment}"


def _place_unknown(rollback: Rollback, measured: Measured) -> str:
    place = measured.percentage if rollback.way is Way.PERCENTAGE else measured.production
    return f"where production is could not be read: {place.reason}" if isinstance(place, Missing) else ""


def _endpoints(measured: Measured, since: datetime) -> _Part | None:
    """Return what the probes since the move say; None where no endpoint is probed."""
    if isinstance(measured.probes, Missing):
        return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"the endpoints could not be probed: {measured.probes.reason}")
    after = [probe for probe in measured.probes if probe.at >= since]
    if not after:
        waiting = "no endpoint was probed since production moved"
        return _Part(Outcome.NOT_ENOUGH_EVIDENCE, waiting) if measured.probes else None
    failing = endpoints_that_fail(after)
    if failing:
        return _Part(Outcome.NOT_CURED, f"{listed(list(failing))} {_do(failing, 'does', 'do')} not answer as expected")
    unsure = [name for name in sorted({probe.endpoint for probe in after}) if _answers(after, name) < RIGHT_ANSWERS]
    if unsure:
        return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"{listed(unsure)} {_do(unsure, 'has', 'have')} answered only once")
    names = {probe.endpoint for probe in after}
    return _Part(Outcome.CURED, f"{amount(len(names), 'endpoint')} {_do(names, 'answers', 'answer')} as expected")


def _answers(probes: Sequence[Probe], name: str) -> int:
    """Return how many of the last probes of an endpoint were right, one after another."""
    own = sorted((probe for probe in probes if probe.endpoint == name), key=lambda probe: probe.at)
    right = 0
    for probe in reversed(own):
        if not probe.ok:
            break
        right += 1
    return right


def _errors(rollback: Rollback, measured: Measured, limits: ErrorLimits) -> _Part:
    """Return what the failures since the move say, against those that the way back was approved for."""
    now, noun = measured.errors, measured.noun
    if isinstance(now, Missing):
        return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"errors could not be counted: {now.reason}")
    low, high = wilson_interval(now.failures, now.total)
    told = f"{now.failures:,} of {amount(now.total, noun)} fail since"
    if now.total < max(1, limits.min_total):
        return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"{told}: {limits.min_total} are needed to say anything")
    if now.failures >= limits.min_failures and low > limits.warning:
        return _Part(Outcome.NOT_CURED, f"{told} (at least {percent(low)}), limit {percent(limits.warning)}")
    then = rollback.evidence.this if rollback.evidence else None
    if then is not None and _was_about_errors(rollback, limits):
        return _against(now, then, told, limits)
    if high <= limits.critical or not now.failures:
        return _Part(Outcome.CURED, f"{told} (at most {percent(high)})")
    return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"{told} (between {percent(low)} and {percent(high)}): too few to tell")


def _against(now: ErrorCount, then: ErrorCount, told: str, limits: ErrorLimits) -> _Part:
    """Return whether what failed before would have failed more often by now."""
    compared = compare_releases(then, now)
    told += f", {then.failures:,} of {then.total:,} did before"
    if compared.is_worse:
        return _Part(Outcome.CURED, told)
    if now.rate >= then.rate and now.failures >= limits.min_failures:
        return _Part(Outcome.NOT_CURED, f"{told}: it did not get better")
    return _Part(Outcome.NOT_ENOUGH_EVIDENCE, f"{told}: too few to tell the difference")


def _do(names: Collection[str], one: str, several: str) -> str:
    return one if len(names) == 1 else several
