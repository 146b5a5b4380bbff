"""What a visitor meets: probes of a project's own endpoints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from statistics import median_low

from watchkeeper.domain.limits import EndpointLimits
from watchkeeper.domain.phrases import clock, listed, span
from watchkeeper.domain.verdicts import Evidence, Finding, Gap, Judgement, Missing, Verdict, conclude, falling, unknown

RECENT_ANSWERS = 5  # that the latency of an endpoint is judged by
ENOUGH_ANSWERS = 2  # below which one slow answer is no slow endpoint
DOWN = " is down since "  # between the name of an endpoint and the moment, in a reason


class ProbeFailure(StrEnum):
    """Why a probe failed."""

    DNS = "dns"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    STATUS = "status"
    BODY = "body"
    TOO_LARGE = "too_large"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What to ask and what to expect.

    Attributes:
        name: unique within the project.
        expected_status: the answers that count as right.
        body_contains: text that the body must hold; "" for no condition.
        json_condition: `path == value`, `path != value` or just `path` (must be true), with dots between keys and
            numbers for list places, as in `checks.0.status == "ok"`; "" for no condition.
        latency_warning_ms, latency_critical_ms: limits of this endpoint alone; None for those of the project.
    """

    name: str
    url: str
    method: str = "GET"
    expected_status: tuple[int, ...] = (200,)
    body_contains: str = ""
    json_condition: str = ""
    timeout_ms: float = 10_000
    follow_redirects: bool = False
    latency_warning_ms: float | None = None
    latency_critical_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One request to one endpoint, and how it went.

    Attributes:
        failure: None when the probe met what was expected.
        detail: a sentence about the failure, safe to show; "" when there is none.
        dns_ms .. total_ms: milliseconds that each phase took; None when it was not reached (or not needed).
        certificate_expires_at: end of the TLS certificate; None without TLS.
        redirected_to: where the answer pointed, or where following ended; "" without a redirect.
    """

    endpoint: str
    at: datetime
    failure: ProbeFailure | None
    detail: str = ""
    status: int | None = None
    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    total_ms: float | None = None
    certificate_expires_at: datetime | None = None
    redirected_to: str = ""

    @property
    def ok(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class EndpointReport:
    """The probes of one project, oldest first. `online` is False when our own connectivity was down."""

    probes: tuple[Probe, ...]
    online: bool = True


@dataclass(frozen=True, slots=True)
class EndpointState:
    """Where an endpoint stands after its probes, oldest first: never empty.

    Attributes:
        since: when the failures began that took it down; None when it is up.
        in_a_row: how many of the last probes ended like the very last one.
    """

    down: bool
    since: datetime | None
    in_a_row: int
    probes: tuple[Probe, ...]

    @property
    def last(self) -> Probe:
        return self.probes[-1]

    @property
    def latency_ms(self) -> float | None:
        """Median of the newest right answers, the lower one of two; None without any."""
        answers = self.answers[-RECENT_ANSWERS:]
        return median_low(answers) if answers else None

    @property
    def answers(self) -> list[float]:
        return [probe.total_ms for probe in self.probes if probe.ok and probe.total_ms is not None]

    @property
    def certificate_expires_at(self) -> datetime | None:
        return next((p.certificate_expires_at for p in reversed(self.probes) if p.certificate_expires_at), None)


def endpoint_states(probes: Iterable[Probe], limits: EndpointLimits) -> dict[str, EndpointState]:
    """Return where each endpoint stands: up at first, down and up again after so many probes in a row."""
    ordered = sorted(set(probes), key=lambda p: (p.endpoint, p.at, p.ok, p.total_ms or 0, p.detail))
    return {name: _state(tuple(group), limits) for name, group in groupby(ordered, key=lambda p: p.endpoint)}


def down_endpoints(probes: Iterable[Probe], limits: EndpointLimits) -> frozenset[str]:
    """Return the names of the endpoints that are down after these probes."""
    return frozenset(name for name, state in endpoint_states(probes, limits).items() if state.down)


def told_down(judgement: Judgement) -> frozenset[str]:
    """Return the names of the endpoints that a judgement, be it stored long ago, calls down."""
    return frozenset(reason.partition(DOWN)[0] for reason in judgement.reasons if DOWN in reason)


def judge_endpoints(
    report: EndpointReport | Missing,
    endpoints: Sequence[Endpoint],
    earlier: Sequence[Probe],
    limits: EndpointLimits,
    now: datetime,
) -> Judgement:
    """Return what visitors meet. One endpoint that is down is critical; one that nobody could look at is unknown.

    Args:
        earlier: probes kept from checks before: a state holds until enough probes in a row say otherwise. Those after
            `now` are left out, as when a past window is looked at again.
    """
    if isinstance(report, Missing):
        return unknown(report.gap, report.reason)
    if not endpoints:
        return unknown(Gap.NOT_CONFIGURED, "no endpoint is configured")
    if not report.online:
        return unknown(Gap.OFFLINE, "our own connectivity is down, so no endpoint could be judged")
    probed = {probe.endpoint for probe in report.probes}
    states = endpoint_states([*(probe for probe in earlier if probe.at <= now), *report.probes], limits)
    endpoints = sorted(endpoints, key=lambda endpoint: endpoint.name)
    known = {endpoint.name: states[endpoint.name] for endpoint in endpoints if endpoint.name in probed}
    share_down = sum(state.down for state in known.values()) / len(endpoints)
    doubts = _doubts(endpoints, known)
    findings = []
    for endpoint in (e for e in endpoints if e.name in known and not _is_unsure(known[e.name])):
        findings += _findings(endpoint, known[endpoint.name], limits, share_down)
    for name, state in known.items():
        findings += _certificate(name, state.certificate_expires_at, limits, now)
    evidence = [fact for name, state in known.items() for fact in _evidence(name, state, endpoints, now)]
    if doubts and all(finding.verdict is Verdict.HEALTHY for finding in findings):
        return unknown(*doubts[0], evidence)
    return conclude([*findings, *(Finding(Verdict.HEALTHY, reason) for _, reason in doubts)], evidence)


def _state(probes: tuple[Probe, ...], limits: EndpointLimits) -> EndpointState:
    down, since, in_a_row, began = False, None, 0, probes[0].at
    for before, probe in zip((None, *probes), probes, strict=False):
        in_a_row = in_a_row + 1 if before is not None and before.ok == probe.ok else 1
        began = began if in_a_row > 1 else probe.at
        if not down and not probe.ok and in_a_row >= limits.failures_to_down:
            down, since = True, began
        elif down and probe.ok and in_a_row >= limits.successes_to_recover:
            down, since = False, None
    return EndpointState(down, since, in_a_row, probes)


def _is_unsure(state: EndpointState) -> bool:
    return not state.down and not any(probe.ok for probe in state.probes)


def _doubts(endpoints: Sequence[Endpoint], known: Mapping[str, EndpointState]) -> list[tuple[Gap, str]]:
    """Return why some endpoints can be called neither up nor down, one line each."""
    unprobed = sorted(endpoint.name for endpoint in endpoints if endpoint.name not in known)
    doubts = [(Gap.UNAVAILABLE, f"{listed(unprobed)} could not be probed")] if unprobed else []
    unsure = {name: state for name, state in known.items() if _is_unsure(state)}
    return doubts + [(Gap.NO_EVIDENCE, _unconfirmed(name, state)) for name, state in unsure.items()]


def _unconfirmed(name: str, state: EndpointState) -> str:
    times = "once" if state.in_a_row == 1 else f"{state.in_a_row} times"
    return f"not enough evidence: {name} failed {times}, which is not confirmed yet ({_why(state.last)})"


def _why(probe: Probe) -> str:
    return probe.detail or (probe.failure.value.replace("_", " ") if probe.failure else "")


def _findings(endpoint: Endpoint, state: EndpointState, limits: EndpointLimits, share_down: float) -> list[Finding]:
    name, last = endpoint.name, state.last
    if state.down:
        failed = next(probe for probe in reversed(state.probes) if not probe.ok)
        reason = f"{name}{DOWN}{clock(state.since or failed.at)}: {_why(failed)}"
        if last.ok:
            reason += f"; it answered again {state.in_a_row} of the {limits.successes_to_recover} times needed"
        return [Finding(Verdict.CRITICAL, reason, 49 * (1 - share_down))]
    if not last.ok:
        return [Finding(Verdict.HEALTHY, _unconfirmed(name, state), 70), *_slow(endpoint, state, limits)]
    return _slow(endpoint, state, limits)


def _slow(endpoint: Endpoint, state: EndpointState, limits: EndpointLimits) -> list[Finding]:
    latency, name = state.latency_ms, endpoint.name
    if latency is None:
        return [Finding(Verdict.HEALTHY, f"{name} answers")]
    warning = limits.latency_warning_ms if endpoint.latency_warning_ms is None else endpoint.latency_warning_ms
    critical = limits.latency_critical_ms if endpoint.latency_critical_ms is None else endpoint.latency_critical_ms
    score = falling(latency, ((0, 100), (warning / 2, 100), (warning, 70), (critical, 50), (4 * critical, 0)))
    for verdict, limit in ((Verdict.CRITICAL, critical), (Verdict.WARNING, warning)):
        if latency > limit and len(state.answers) >= ENOUGH_ANSWERS:
            return [Finding(verdict, f"{name} answers in {_ms(latency)}, limit {_ms(limit)}", score)]
    reason = f"{name} answers in {_ms(latency)}"
    if latency > warning:
        reason += f" (once), over the limit {_ms(warning)}: not enough evidence to call it slow"
    return [Finding(Verdict.HEALTHY, reason, score)]


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.0f} ms"


def _certificate(name: str, expires_at: datetime | None, limits: EndpointLimits, now: datetime) -> list[Finding]:
    if expires_at is None or expires_at - now >= limits.certificate_warning:
        return []
    left = expires_at - now
    if left.total_seconds() <= 0:
        return [Finding(Verdict.CRITICAL, f"the certificate of {name} expired on {clock(expires_at)}", 10)]
    critical = left < limits.certificate_critical
    reason = f"the certificate of {name} expires in {span(left)}, on {clock(expires_at)}"
    return [Finding(Verdict.CRITICAL if critical else Verdict.WARNING, reason, 40 if critical else 60)]


def _evidence(name: str, state: EndpointState, endpoints: Sequence[Endpoint], now: datetime) -> list[Evidence]:
    url = next(endpoint.url for endpoint in endpoints if endpoint.name == name)
    right = sum(probe.ok for probe in state.probes)
    facts = [Evidence(f"{name}: right answers", f"{right} of {len(state.probes)}", "", url)]
    if state.latency_ms is not None:
        facts.append(Evidence(f"{name}: latency, median", round(state.latency_ms, 1), "ms"))
    if state.last.status is not None:
        facts.append(Evidence(f"{name}: last status", state.last.status))
    if state.certificate_expires_at is not None:
        facts.append(Evidence(f"{name}: certificate holds", (state.certificate_expires_at - now).days, "days"))
    return facts
