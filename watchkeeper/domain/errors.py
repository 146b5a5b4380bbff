"""Failures of the running application: samples, releases, and how they are judged (source: Sentry)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.commits import short_name
from watchkeeper.domain.error_rates import ErrorCount, merge_counts, wilson_interval
from watchkeeper.domain.issues import (
    Issue,
    IssueLevel,
    issue_evidence,
    issue_findings,
    new_issues,
    regressed_issues,
)
from watchkeeper.domain.limits import ErrorLimits
from watchkeeper.domain.phrases import amount, clock, percent
from watchkeeper.domain.sessions import SLACK, SessionReading, session_difference
from watchkeeper.domain.verdicts import Evidence, Finding, Gap, Judgement, Missing, Verdict, conclude, falling, unknown
from watchkeeper.domain.windows import Window

__all__ = [
    "Denominator",
    "ErrorCount",
    "ErrorReport",
    "ErrorSample",
    "Issue",
    "IssueLevel",
    "SentryRelease",
    "SessionReading",
    "error_sample",
    "judge_errors",
    "merge_releases",
    "new_issues",
    "regressed_issues",
]

SHOWN_RELEASES = 5  # in the evidence
VISIBLE = 0.02  # share of the traffic below which a release of its own is not judged alone


class Denominator(StrEnum):
    """What the failures are counted against."""

    SPANS = "spans"  # requests: root spans of the window
    SESSIONS = "sessions"  # sessions: difference of two readings of the running hour

    @property
    def noun(self) -> str:
        return "request" if self is Denominator.SPANS else "session"


@dataclass(frozen=True, slots=True)
class ErrorSample:
    """Failures and totals of one project, by release, sorted by release.

    Attributes:
        window: what was really measured; wider than what was asked for when `note` says so.
        note: a sentence about what the sample does not cover; "" when there is nothing to say.
        crash_free_rate: sessions without a crash, a fraction 0..1, over the running hour; None if not known.
        url: the vendor's page with these numbers.
    """

    window: Window
    denominator: Denominator
    counts: tuple[ErrorCount, ...]
    note: str = ""
    crash_free_rate: float | None = None
    url: str = ""

    @property
    def failures(self) -> int:
        return sum(count.failures for count in self.counts)

    @property
    def total(self) -> int:
        return sum(count.total for count in self.counts)


@dataclass(frozen=True, slots=True)
class SentryRelease:
    """A release as Sentry names it. `version` may be a SHA, a short SHA, or `package@1.2.3+sha`.

    Attributes:
        new_issues: issues of the project that this was read of, first seen in the release; None where not known.
    """

    version: str
    projects: tuple[str, ...]
    created_at: datetime
    released_at: datetime | None = None
    deployed_at: datetime | None = None
    environment: str = ""
    new_issues: int | None = 0


def merge_releases(releases: Iterable[SentryRelease]) -> tuple[SentryRelease, ...]:
    """Return each release once, with the sum of the new issues of the projects that it was read of."""
    merged: dict[SentryRelease, int | None] = {}
    for release in releases:
        key = replace(release, new_issues=None)
        known = merged.get(key, 0)
        merged[key] = None if known is None or release.new_issues is None else known + release.new_issues
    return tuple(replace(release, new_issues=new) for release, new in merged.items())


@dataclass(frozen=True, slots=True)
class ErrorReport:
    """Everything read about the errors of one project in one go, nothing decided yet.

    Attributes:
        spans: failed and all root spans of the asked window, by release; empty when the project sent none.
        readings: the session hours that the asked window touches, oldest first; empty when the project sends none.
        crash_free_rate: sessions without a crash in those hours, a fraction 0..1; None if not known.
        warnings: sentences about what could not be read to the end.
        url: the vendor's page with these numbers.
    """

    spans: tuple[ErrorCount, ...] = ()
    readings: tuple[SessionReading, ...] = ()
    crash_free_rate: float | None = None
    issues: tuple[Issue, ...] = ()
    releases: tuple[SentryRelease, ...] = ()
    warnings: tuple[str, ...] = ()
    url: str = ""


def error_sample(report: ErrorReport, earlier: Sequence[SessionReading], window: Window) -> ErrorSample | Missing:
    """Return failures and totals of the window, from spans, else from sessions, else why there are none.

    Args:
        earlier: readings of the same hours that were kept from checks before.
    """
    warnings = " ".join(report.warnings)
    spans = merge_counts(report.spans)
    if any(count.total for count in spans):
        return ErrorSample(window, Denominator.SPANS, spans, warnings, report.crash_free_rate, report.url)
    difference = session_difference([*report.readings, *earlier], window) if report.readings else None
    if difference is None:
        reason = f"not enough evidence: Sentry has no request and no session {_bounds(window)}. {warnings}".strip()
        return Missing(Gap.NO_EVIDENCE, reason)
    note = " ".join(filter(None, [_widened(difference.window, window), *difference.notes, warnings]))
    sessions, rate = Denominator.SESSIONS, report.crash_free_rate
    return ErrorSample(difference.window, sessions, difference.counts, note, rate, report.url)


def judge_errors(
    sample: ErrorSample | Missing, issues: Sequence[Issue], limits: ErrorLimits, window: Window
) -> Judgement:
    """Return how the application fails: a limit is crossed when even the lower bound of the failure rate crosses it.

    Without enough requests the rate is unknown, but a grave new issue is still told.
    """
    total = sample.total if isinstance(sample, ErrorSample) else 0
    told = issue_findings(issues, window, total)
    links = issue_evidence(issues, window)
    if isinstance(sample, Missing) or sample.total < max(1, limits.min_total):
        return _without_rate(_gap(sample, limits), told, links)
    findings = [_rate_finding(sample, limits), *_release_findings(sample, limits), *told]
    notes = [Finding(Verdict.HEALTHY, sample.note)] if sample.note else []
    return conclude([*findings, *notes], (*_evidence(sample), *links))


def _gap(sample: ErrorSample | Missing, limits: ErrorLimits) -> Judgement:
    if isinstance(sample, Missing):
        return unknown(sample.gap, sample.reason)
    missing = amount(max(1, limits.min_total) - sample.total, f"more {sample.denominator.noun}")
    came = f"{sample.failures} of {sample.total} failed" if sample.total else "none came"
    reason = f"not enough evidence: {missing} needed ({came}). {sample.note}".strip()
    return unknown(Gap.NO_EVIDENCE, reason, _evidence(sample))


def _without_rate(gap: Judgement, told: Sequence[Finding], links: tuple[Evidence, ...]) -> Judgement:
    evidence = (*gap.evidence, *links)
    if not any(finding.verdict is Verdict.WARNING for finding in told):
        return unknown(gap.gap or Gap.NO_EVIDENCE, gap.reasons[0], evidence)
    return conclude([*told, Finding(Verdict.HEALTHY, f"the failure rate is unknown: {gap.reasons[0]}")], evidence)


def _rate_finding(sample: ErrorSample, limits: ErrorLimits) -> Finding:
    failures, total, noun = sample.failures, sample.total, sample.denominator.noun
    low, _ = wilson_interval(failures, total)
    verdict, limit = _crossed(low, failures, limits)
    score = falling(low, ((0, 100), (limits.warning, 70), (limits.critical, 50), (limits.emergency, 25), (1, 0)))
    if not failures:
        return Finding(verdict, f"none of {amount(total, noun)} failed", score)
    reason = (
        f"{percent(failures / total)} of {amount(total, noun)} fail ({failures:,}; at least {percent(low)}), {limit}"
    )
    if verdict is Verdict.HEALTHY and low > limits.warning:
        reason += f": a suspicion, no proof, with fewer than {limits.min_failures} failures"
    return Finding(verdict, reason, score)


def _crossed(low: float, failures: int, limits: ErrorLimits) -> tuple[Verdict, str]:
    """Return the verdict, and the limit that it names."""
    if failures >= limits.min_failures:
        if low > limits.emergency:
            return Verdict.CRITICAL, f"far above the limit {percent(limits.critical)}: an emergency"
        if low > limits.critical:
            return Verdict.CRITICAL, f"limit {percent(limits.critical)}"
    verdict = Verdict.WARNING if low > limits.warning and failures >= limits.min_failures else Verdict.HEALTHY
    return verdict, f"limit {percent(limits.warning)}"


def _release_findings(sample: ErrorSample, limits: ErrorLimits) -> list[Finding]:
    """Return a warning for each release that fails although all together look well, as a rolling one may."""
    if _crossed(wilson_interval(sample.failures, sample.total)[0], sample.failures, limits)[0] is Verdict.CRITICAL:
        return []
    return [finding for count in merge_counts(sample.counts) if (finding := _release_finding(count, sample, limits))]


def _release_finding(count: ErrorCount, sample: ErrorSample, limits: ErrorLimits) -> Finding | None:
    visible = count.release and count.total >= max(1, limits.min_total, VISIBLE * sample.total)
    low, _ = wilson_interval(count.failures, count.total)
    if not visible or _crossed(low, count.failures, limits)[0] is not Verdict.CRITICAL:
        return None
    total = amount(count.total, sample.denominator.noun)
    told = f"release {short_name(count.release)} fails {count.failures:,} of {total}"
    return Finding(Verdict.WARNING, f"{told} (at least {percent(low)}), limit {percent(limits.critical)}", 55)


def _evidence(sample: ErrorSample) -> tuple[Evidence, ...]:
    noun = sample.denominator.noun
    low, high = wilson_interval(sample.failures, sample.total)
    rate = ErrorCount("", sample.failures, sample.total).rate
    evidence = [
        Evidence(f"failed {noun}s", sample.failures, "", sample.url),
        Evidence(f"{noun}s", sample.total, "", sample.url),
        Evidence("failure rate", round(100 * rate, 3), "%"),
        Evidence("failure rate, at least", round(100 * low, 3), "%"),
        Evidence("failure rate, at most", round(100 * high, 3), "%"),
        Evidence("counted against", sample.denominator.value),
        Evidence("counted", _bounds(sample.window)),
    ]
    if sample.crash_free_rate is not None:
        evidence.append(Evidence("sessions without a crash", round(100 * sample.crash_free_rate, 3), "%", sample.url))
    shown = sorted(sample.counts, key=lambda count: (-count.failures, -count.total, count.release))[:SHOWN_RELEASES]
    return (*evidence, *(_release_evidence(count, noun) for count in shown if count.release))


def _release_evidence(count: ErrorCount, noun: str) -> Evidence:
    return Evidence(f"release {short_name(count.release)}", f"{count.failures:,} of {amount(count.total, noun)} failed")


def _bounds(window: Window) -> str:
    return f"from {clock(window.start).removesuffix(' UTC')} to {clock(window.end)}"


def _widened(measured: Window, asked: Window) -> str:
    slack = min(SLACK, asked.length / 4)
    if abs(measured.start - asked.start) <= slack and abs(measured.end - asked.end) <= slack:
        return ""
    return f"Sessions were counted {_bounds(measured)}, as near as Sentry tells them."
