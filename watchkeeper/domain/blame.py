"""Whose fault it is that a project is not healthy: the platform's, ours, a release's, or not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.delivery import PlatformStatus
from watchkeeper.domain.error_rates import Comparison, ErrorCount, compare_releases
from watchkeeper.domain.errors import ErrorSample
from watchkeeper.domain.phrases import amount, clock, listed
from watchkeeper.domain.releases import Release, counts_of
from watchkeeper.domain.verdicts import Component, Judgement, Missing, Verdict, worst


class Fault(StrEnum):
    """Whose fault it is that a project is not healthy."""

    NONE = "none"  # nothing is wrong
    PLATFORM = "platform"  # the vendor's status page says so
    US = "us"  # our own connectivity
    RELEASE = "release"  # this release fails more than the one before it
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Blame:
    """Whose fault, why we think so, and the commit SHA of the release if it is one."""

    fault: Fault
    reason: str
    release: str = ""


@dataclass(frozen=True, slots=True)
class Suspects:
    """All that the question of fault is decided by.

    Attributes:
        releases: newest first; `serving` the newest one that visitors get, `before` the one that served before it.
        earlier: failures of releases before the window, counted the same way: for a release that has no traffic left.
        online: False when our own connectivity is down.
        both_serve: True in a rolling release, where `before` still serves beside `serving`.
    """

    sample: ErrorSample | Missing
    releases: Sequence[Release] = ()
    serving: Release | None = None
    before: Release | None = None
    earlier: Sequence[ErrorCount] = ()
    status: PlatformStatus | Missing | None = None
    online: bool = True
    both_serve: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One release held against another. `same_time`: both had traffic in the window, so nothing else can differ."""

    release: Release
    comparison: Comparison
    same_time: bool


def assign_blame(components: Mapping[Component, Judgement], suspects: Suspects) -> Blame:
    """Return whose fault it is.

    A release is guilty by the numbers alone, never because it came shortly before. Numbers of the same window outweigh
    the vendor's status page, which outweighs numbers of different times.
    """
    bad = {c for c, judgement in components.items() if judgement.verdict in {Verdict.WARNING, Verdict.CRITICAL}}
    if not suspects.online and Component.ERRORS not in bad:
        return Blame(Fault.US, "our own connectivity is down: what could not be seen is no fault of the project")
    if not bad:
        return _nothing_wrong(components)
    trial = _trial(suspects) if Component.ERRORS in bad else None
    guilty = _guilty(trial, suspects) if trial and trial.comparison.is_worse else None
    if guilty and trial and trial.same_time:
        return guilty
    return _platform(bad, suspects.status) or guilty or Blame(Fault.UNKNOWN, _why_unknown(bad, trial, suspects))


def _nothing_wrong(components: Mapping[Component, Judgement]) -> Blame:
    if worst(judgement.verdict for judgement in components.values()) is Verdict.UNKNOWN:
        return Blame(Fault.UNKNOWN, "nothing is known that could be anyone's fault")
    return Blame(Fault.NONE, "nothing is wrong")


def _platform(bad: set[Component], status: PlatformStatus | Missing | None) -> Blame | None:
    if not isinstance(status, PlatformStatus):
        return None
    touched = bad & {Component.ENDPOINTS, Component.DELIVERY}
    if status.is_severe:
        touched = bad - {Component.BUILDS}
    if not touched or status.indicator not in {"minor", "major", "critical"}:
        return None
    told = listed(list(status.incidents)) or status.description
    return Blame(Fault.PLATFORM, f"Vercel's status page says {status.indicator}: {told}")


def _trial(suspects: Suspects) -> Trial | None:
    """Return the case against the serving release, or against an old one that most failures come from."""
    if not isinstance(suspects.sample, ErrorSample):
        return None
    trials = [_serving_trial(suspects), _old_trial(suspects)]
    found = [trial for trial in trials if trial is not None]
    return next((trial for trial in found if trial.comparison.is_worse), found[0] if found else None)


def _serving_trial(suspects: Suspects) -> Trial | None:
    """Return the case against the serving release: in the same window, else against what was counted earlier."""
    sample, serving = suspects.sample, suspects.serving
    if not isinstance(sample, ErrorSample) or serving is None:
        return None
    this, noun = counts_of(serving, sample.counts), sample.denominator.noun
    before = counts_of(suspects.before, sample.counts) if suspects.before else _busiest_other(serving, sample)
    if not this.total or before is None:
        return None
    now = Trial(serving, compare_releases(this, before, noun), same_time=True)
    past = counts_of(suspects.before, suspects.earlier) if suspects.before else before
    if now.comparison.is_worse or past.total <= before.total:
        return now
    return Trial(serving, compare_releases(this, past, noun), same_time=False)


def _busiest_other(serving: Release, sample: ErrorSample) -> ErrorCount | None:
    """Return the other release with most traffic: what to compare with where the one before is not known."""
    others = [c for c in sample.counts if c.release and not counts_of(serving, [c]).total]
    return max(others, key=lambda count: (count.total, count.release), default=None)


def _old_trial(suspects: Suspects) -> Trial | None:
    """Return the case against the release with most failures, when it is not the serving one, against that one."""
    sample, serving = suspects.sample, suspects.serving
    if not isinstance(sample, ErrorSample) or serving is None:
        return None
    others = [(counts_of(r, sample.counts), r) for r in suspects.releases if r != serving]
    count, release = max(others, key=lambda pair: (pair[0].failures, pair[0].release), default=(None, None))
    if count is None or release is None or 2 * count.failures <= sample.failures:
        return None
    this = counts_of(serving, sample.counts)
    return (
        Trial(release, compare_releases(count, this, sample.denominator.noun), same_time=True) if this.total else None
    )


def _guilty(trial: Trial, suspects: Suspects) -> Blame:
    reason = trial.comparison.reason
    if suspects.both_serve and trial.release == suspects.before:
        reason = reason.replace("the one before it", "the one that is rolling out", 1)
    elif trial.release != suspects.serving:
        reason = reason.replace("the one before it", "the one that serves now", 1)
        reason += "; it does not serve production any more, so going back does not help"
    elif not trial.same_time:
        reason += ", which was counted before this window"
    return Blame(Fault.RELEASE, reason, trial.release.name)


def _why_unknown(bad: set[Component], trial: Trial | None, suspects: Suspects) -> str:
    if Component.ERRORS not in bad:
        if bad <= {Component.BUILDS, Component.DELIVERY}:
            return "what is wrong stands before production, so no serving release is to blame"
        return f"no failures by release speak for or against one{_went_live(suspects.serving)}"
    if suspects.serving is None:
        return "it is not known which release serves production"
    if trial is None:
        name = short_name(suspects.serving.name)
        named = isinstance(suspects.sample, ErrorSample) and counts_of(suspects.serving, suspects.sample.counts).total
        missing = "there is no release before it" if named else "no errors were counted under its name"
        return f"release {name} could not be held against another: {missing}{_went_live(suspects.serving)}"
    return f"{trial.comparison.reason}: {_weakness(trial)}{_went_live(suspects.serving)}"


def _weakness(trial: Trial) -> str:
    comparison = trial.comparison
    if not comparison.before.total:
        return "nothing to compare with"
    if comparison.this.rate <= comparison.before.rate:
        return "the release is not the cause by these numbers"
    if comparison.this.failures < 3:
        return f"{amount(comparison.this.failures, 'failure')} prove nothing"
    return "too little of a difference to call it the cause"


def _went_live(serving: Release | None) -> str:
    if serving is None or serving.live_at is None:
        return ""
    return f" (release {short_name(serving.name)} went live at {clock(serving.live_at)}, which alone proves nothing)"
