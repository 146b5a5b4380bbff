"""From what was seen of a project to its health: each part judged, the releases joined, the fault assigned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from watchkeeper.domain.blame import Suspects, assign_blame
from watchkeeper.domain.builds import BuildReport, judge_builds
from watchkeeper.domain.delivery import DeliveryReport, PlatformStatus, Production, judge_delivery
from watchkeeper.domain.endpoints import Endpoint, EndpointReport, judge_endpoints
from watchkeeper.domain.error_rates import ErrorCount, merge_counts
from watchkeeper.domain.errors import ErrorReport, ErrorSample, error_sample, judge_errors, merge_releases
from watchkeeper.domain.health import CheckType, HealthCheck, check_health
from watchkeeper.domain.limits import HealthLimits
from watchkeeper.domain.observations import Observation, observations_of
from watchkeeper.domain.past import Past
from watchkeeper.domain.releases import Release, is_rolling, join_releases, release_before, serving_release
from watchkeeper.domain.sessions import SessionReading
from watchkeeper.domain.verdicts import Component, Gap, Judgement, Missing, Verdict, unknown
from watchkeeper.domain.windows import Window

LIVE_WITHIN = timedelta(minutes=5)  # a window that ended longer ago is past: what is live now says nothing about it


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen of one project in one go; what could not be had says why."""

    errors: ErrorReport | Missing
    delivery: DeliveryReport | Missing
    builds: BuildReport | Missing
    endpoints: EndpointReport | Missing
    platform: PlatformStatus | Missing


@dataclass(frozen=True, slots=True)
class Parts:
    """The judged parts of a project, and what the question of fault is decided by."""

    seen: Observed
    components: Mapping[Component, Judgement]
    suspects: Suspects
    releases: tuple[Release, ...]

    @property
    def in_custody(self) -> bool:
        delivery = self.seen.delivery
        return isinstance(delivery, DeliveryReport) and delivery.production.in_custody

    def observations(self, project: str, window: Window) -> tuple[Observation, ...]:
        """Return what was measured of the project in the window."""
        delivery, builds, endpoints = self.seen.delivery, self.seen.builds, self.seen.endpoints
        return observations_of(
            project,
            window,
            sample=self.suspects.sample,
            probes=endpoints.probes if isinstance(endpoints, EndpointReport) else (),
            deployments=delivery.deployments if isinstance(delivery, DeliveryReport) else (),
            pipelines=builds.pipelines if isinstance(builds, BuildReport) else (),
        )

    @property
    def is_troubled(self) -> bool:
        """True when errors are bad: then it is worth looking up how earlier releases did."""
        judgement = self.components[Component.ERRORS]
        return judgement.verdict in {Verdict.WARNING, Verdict.CRITICAL}


def is_live(window: Window, now: datetime) -> bool:
    """Return True when what vendors say of now can be taken for the end of the window."""
    return now - window.end < LIVE_WITHIN


def judge_parts(  # noqa: PLR0913, PLR0917 - what was seen, what is known, what counts and when
    observed: Observed, past: Past, endpoints: Sequence[Endpoint], limits: HealthLimits, window: Window, now: datetime
) -> Parts:
    """Judge errors, endpoints, delivery and builds of one project, each for itself."""
    live = is_live(window, now)
    seen, moment = (observed, now) if live else (_until(observed, window.end), window.end)
    sample = sample_of(seen.errors, past, window)
    issues = () if isinstance(seen.errors, Missing) else seen.errors.issues
    components = {
        Component.ERRORS: judge_errors(sample, issues, limits.errors, window),
        Component.ENDPOINTS: judge_endpoints(seen.endpoints, endpoints, past.probes, limits.endpoints, moment),
        Component.DELIVERY: judge_delivery(seen.delivery, seen.platform, limits.delivery, moment),
        Component.BUILDS: judge_builds(seen.builds, limits.builds, moment),
    }
    production = seen.delivery.production if live and isinstance(seen.delivery, DeliveryReport) else None
    releases = _releases(seen)
    return Parts(seen, components, _suspects(seen, sample, releases, production), releases)


def conclude_health(  # noqa: PLR0913, PLR0917 - all that one check is made of
    project: str,
    parts: Parts,
    earlier: Sequence[ErrorCount],
    limits: HealthLimits,
    window: Window,
    check_type: CheckType,
) -> HealthCheck:
    """Put the parts together.

    Args:
        earlier: failures and totals by release before the window, for a release that has no traffic left.
    """
    blame = assign_blame(parts.components, replace(parts.suspects, earlier=tuple(earlier)))
    serving = parts.suspects.serving
    release = serving.sha if serving else ""
    return check_health(
        project, window, check_type, parts.components, limits, blame, release, in_custody=parts.in_custody
    )


def misconfigured(project: str, reason: str, window: Window, check_type: CheckType) -> HealthCheck:
    """Return the check of a project whose configuration is broken: nothing of it can be asked."""
    missing = Missing(Gap.REFUSED, reason)
    parts = Parts(
        Observed(missing, missing, missing, missing, missing),
        {component: unknown(Gap.REFUSED, reason) for component in Component},
        Suspects(missing),
        (),
    )
    return conclude_health(project, parts, (), HealthLimits(), window, check_type)


def sample_of(report: ErrorReport | Missing, past: Past, window: Window) -> ErrorSample | Missing:
    return report if isinstance(report, Missing) else error_sample(report, past.readings, window)


def merge_error_reports(reports: Sequence[ErrorReport | Missing]) -> ErrorReport | Missing:
    """Return the sum of a project's several Sentry projects; one that is missing leaves the sum unknown."""
    known = [report for report in reports if isinstance(report, ErrorReport)]
    missing = next((report for report in reports if isinstance(report, Missing)), None)
    if missing is not None or len(known) == 1:
        return missing or known[0]
    rates = [report.crash_free_rate for report in known if report.crash_free_rate is not None]
    return ErrorReport(
        spans=merge_counts(count for report in known for count in report.spans),
        readings=_merge_readings([reading for report in known for reading in report.readings]),
        crash_free_rate=min(rates, default=None),
        issues=tuple(issue for report in known for issue in report.issues),
        releases=merge_releases(release for report in known for release in report.releases),
        warnings=tuple(dict.fromkeys(warning for report in known for warning in report.warnings)),
        url=next((report.url for report in known if report.url), ""),
    )


def _merge_readings(readings: Sequence[SessionReading]) -> tuple[SessionReading, ...]:
    hours = sorted({(reading.hour, reading.taken_at) for reading in readings})
    return tuple(
        SessionReading(
            hour,
            taken_at,
            merge_counts(c for r in readings if (r.hour, r.taken_at) == (hour, taken_at) for c in r.counts),
        )
        for hour, taken_at in hours
    )


def _until(observed: Observed, end: datetime) -> Observed:
    """Return what could have been seen at `end`: nothing that was made later."""
    delivery, builds = observed.delivery, observed.builds
    if isinstance(delivery, DeliveryReport):
        delivery = replace(delivery, deployments=tuple(d for d in delivery.deployments if d.created_at < end))
    if isinstance(builds, BuildReport):
        builds = replace(builds, pipelines=tuple(p for p in builds.pipelines if p.created_at < end))
    return replace(observed, delivery=delivery, builds=builds)


def _releases(seen: Observed) -> tuple[Release, ...]:
    return join_releases(
        seen.delivery.deployments if isinstance(seen.delivery, DeliveryReport) else (),
        seen.builds.pipelines if isinstance(seen.builds, BuildReport) else (),
        seen.errors.releases if isinstance(seen.errors, ErrorReport) else (),
    )


def _suspects(
    seen: Observed, sample: ErrorSample | Missing, releases: tuple[Release, ...], production: Production | None
) -> Suspects:
    serving = serving_release(releases, production)
    return Suspects(
        sample=sample,
        releases=releases,
        serving=serving,
        before=release_before(releases, serving, production) if serving else None,
        status=seen.platform,
        online=not isinstance(seen.endpoints, EndpointReport) or seen.endpoints.online,
        both_serve=is_rolling(production),
    )
