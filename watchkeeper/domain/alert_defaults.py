"""The rules of the house: what everybody is told of who has configured nothing."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from watchkeeper.domain.alert_policy import Inhibition, Matcher
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_signals import MISCONFIGURED
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.costs import CRITICAL as COST_CRITICAL
from watchkeeper.domain.costs import WARNING as COST_WARNING
from watchkeeper.domain.limits import HealthLimits

RUNBOOKS: Final = "docs/runbooks/alerts.md"
MINUTE: Final = timedelta(minutes=1)
TWO_CHECKS: Final = 15 * MINUTE  # between the first and the second of two health checks in a row
BACK: Final = 0.8  # of the limit to enter, at which a rate or a time is calm again


def default_rules(limits: HealthLimits | None = None) -> tuple[Rule, ...]:
    """Return all rules of the house, their numbers those of the limits by which health is judged."""
    known = limits or HealthLimits()
    families = {
        "errors": [*_error_rates(known), *_burn_rates(known), *_issues()],
        "endpoints": _endpoints(known),
        "delivery": _delivery(known),
        "builds": _builds(known),
        "health": _health(known),
        "cost": _costs(),
        "rollback": _rollbacks(),
        "reports": _reports(),
        "watch": _watch(),
    }
    return tuple(
        replace(rule, family=family, runbook=f"{RUNBOOKS}#{rule.name}")
        for family, rules in families.items()
        for rule in rules
    )


def rules_of_limits(project: str, limits: HealthLimits, shared: Iterable[Rule] | None = None) -> tuple[Rule, ...]:
    """Return the rules that a project needs for itself because its limits are not those of the house.

    Args:
        shared: what holds for all projects; the rules of the house when left out. One that somebody has changed for
            all stays as it is.
    """
    house = {rule.name: rule for rule in default_rules()}
    for_all = {rule.name: rule for rule in shared} if shared is not None else house
    return tuple(
        replace(rule, project=project)
        for rule in default_rules(limits)
        if rule != house[rule.name] and for_all.get(rule.name) == house[rule.name]
    )


def _rule(name: str, signal: str, severity: Severity, enter: float, summary: str, **other: Any) -> Rule:  # noqa: ANN401
    return Rule(name=name, signal=signal, severity=severity, enter=enter, summary=summary, **other)


def _error_rates(limits: HealthLimits) -> list[Rule]:
    errors = limits.errors
    levels = (
        ("error-rate-warning", Severity.WARNING, errors.warning),
        ("error-rate-critical", Severity.CRITICAL, errors.critical),
        ("error-rate-emergency", Severity.CRITICAL, errors.emergency),
    )
    return [
        _rule(
            name,
            "error_rate",
            severity,
            round(100 * share, 6),
            "{detail}, limit {limit}",
            exit=round(100 * BACK * share, 6),
            keep=TWO_CHECKS,
            min_sample=errors.min_total,
        )
        for name, severity, share in levels
    ]


def _burn_rates(limits: HealthLimits) -> list[Rule]:
    """Multi-window, multi-burn-rate. Source: Google, The Site Reliability Workbook, chapter 5, table 5-8."""
    levels = (
        ("slo-burn-1h", "burn_rate_1h", Severity.CRITICAL, 14.4),
        ("slo-burn-6h", "burn_rate_6h", Severity.CRITICAL, 6.0),
        ("slo-burn-1d", "burn_rate_1d", Severity.WARNING, 3.0),
        ("slo-burn-3d", "burn_rate_3d", Severity.WARNING, 1.0),
    )
    summary = "{slo}: {detail}"
    return [
        _rule(name, signal, severity, enter, summary, keep=TWO_CHECKS, min_sample=limits.errors.min_total)
        for name, signal, severity, enter in levels
    ]


def _issues() -> list[Rule]:
    fatal = (Matcher("level", "fatal"),)
    return [
        _rule("new-critical-issue", "new_issue", Severity.CRITICAL, 1, "new fatal issue {detail}", matchers=fatal),
        _rule("issue-regressed", "regressed_issue", Severity.WARNING, 1, "an issue came back: {detail}"),
    ]


def _endpoints(limits: HealthLimits) -> list[Rule]:
    warning, critical = limits.endpoints.certificate_warning, limits.endpoints.certificate_critical
    certificate: dict[str, Any] = {"is_above": False, "summary": "{detail}"}
    return [
        _rule("endpoint-down", "endpoint_down", Severity.CRITICAL, 1, "{detail}"),
        _rule(
            "endpoint-slow",
            "endpoint_slowness",
            Severity.WARNING,
            1,
            "{detail}",
            exit=BACK,
            for_=TWO_CHECKS,
            keep=TWO_CHECKS,
        ),
        _rule("certificate-expiring", "certificate", Severity.WARNING, warning / timedelta(days=1), **certificate),
        _rule("certificate-ending", "certificate", Severity.CRITICAL, critical / timedelta(days=1), **certificate),
    ]


def _delivery(limits: HealthLimits) -> list[Rule]:
    several = max(2, limits.delivery.failures_critical)
    stuck = limits.delivery.stuck_after / MINUTE
    return [
        _rule("deployment-failed", "failed_deployments", Severity.WARNING, 1, "{detail}"),
        _rule("deployments-failing", "failed_deployments", Severity.CRITICAL, several, "{detail}"),
        _rule("deployment-stuck", "waiting_deployment", Severity.WARNING, stuck, "{detail}, limit {limit}"),
        _rule("platform-incident", "platform_incident", Severity.WARNING, 1, "{detail}", keep=TWO_CHECKS),
    ]


def _builds(limits: HealthLimits) -> list[Rule]:
    builds = limits.builds
    queued, stuck = builds.queued_after / MINUTE, builds.stuck_after / MINUTE
    several = max(2, builds.failures_critical)
    return [
        _rule("build-broken", "failed_builds", Severity.WARNING, 1, "{detail}"),
        _rule("consecutive-failures", "failed_builds", Severity.CRITICAL, several, "{detail}"),
        _rule("job-stuck", "running_build", Severity.WARNING, stuck, "{detail}, limit {limit}"),
        _rule("queue-backlog", "build_queue", Severity.WARNING, queued, "{detail}, limit {limit}"),
    ]


def _health(limits: HealthLimits) -> list[Rule]:
    below: dict[str, Any] = {"is_above": False, "summary": "health score {value}: {detail}"}
    times: dict[str, Any] = {"for_": TWO_CHECKS, "keep": TWO_CHECKS}
    return [
        _rule("score-low", "score", Severity.WARNING, limits.warning_score, **below, **times),
        _rule("score-critical", "score", Severity.CRITICAL, limits.critical_score, **below, **times),
        _rule("slow-recovery", "critical_for", Severity.CRITICAL, 60, "critical since {detail}, and not recovered"),
        _rule("blind", "blind", Severity.WARNING, 1, "cannot be looked at: {detail}", for_=30 * MINUTE),
    ]


def _costs() -> list[Rule]:
    return [
        _rule("cost-anomaly", "cost_over", Severity.WARNING, 100 * COST_WARNING, "{detail}"),
        _rule("cost-anomaly-critical", "cost_over", Severity.CRITICAL, 100 * COST_CRITICAL, "{detail}"),
    ]


def _rollbacks() -> list[Rule]:
    return [
        _rule("rollback-waiting", "rollback_waiting", Severity.CRITICAL, 10, "{detail}"),
        _rule("rollback-expired", "rollback_expired", Severity.CRITICAL, 1, "{detail}"),
        _rule("rollback-not-cured", "rollback_not_cured", Severity.CRITICAL, 1, "{detail}"),
        _rule("in-custody", "in_custody", Severity.INFO, 1, "{detail}"),
    ]


def _reports() -> list[Rule]:
    return [_rule("report-undelivered", "report_undelivered", Severity.WARNING, 1, "{detail}")]


_LEVEL: Final = Matcher("level", Severity.CRITICAL.value)


def _watch() -> list[Rule]:
    return [
        _rule("watch-late", "check_age", Severity.CRITICAL, 35, "no health check for {value}: nobody stands the watch"),
        _rule("offline", "offline", Severity.CRITICAL, 1, "{detail}"),
        _rule("run-in-trouble", "prefect_run", Severity.WARNING, 1, "{detail}"),
        _rule("channel-down", "channel_down", Severity.WARNING, 1, "{detail}"),
        replace(
            _rule("critical-message-lost", "message_lost", Severity.CRITICAL, 1, "{detail}"),
            matchers=(_LEVEL,),
        ),
        replace(
            _rule("message-lost", "message_lost", Severity.WARNING, 1, "{detail}"),
            matchers=(replace(_LEVEL, is_negated=True),),
        ),
        _rule("project-misconfigured", MISCONFIGURED, Severity.WARNING, 1, "{detail}"),
    ]


_SCORE: Final = Matcher("rule", "score-.*", is_regex=True)
_NO_SCORE: Final = replace(_SCORE, is_negated=True)


def _covers(source: str, target: str) -> Inhibition:
    reason = f"{source} says the same more clearly"
    return Inhibition((Matcher("rule", source),), (Matcher("rule", target),), ("project",), reason)


def _covers_one(source: str, target: str, label: str) -> Inhibition:
    return replace(_covers(source, target), equal=("project", label))


DEFAULT_INHIBITIONS: Final = (
    _covers("error-rate-emergency", "error-rate-critical"),
    _covers_one("slo-burn-1h", "slo-burn-6h", "slo"),
    _covers("deployments-failing", "deployment-failed"),
    _covers("consecutive-failures", "build-broken"),
    _covers("cost-anomaly-critical", "cost-anomaly"),
    _covers_one("certificate-ending", "certificate-expiring", "endpoint"),
    _covers_one("endpoint-down", "endpoint-slow", "endpoint"),
    Inhibition(
        (Matcher("severity", Severity.CRITICAL.value), _NO_SCORE),
        (_SCORE,),
        ("project", "cause"),
        "what has brought the score down is told already",
    ),
    Inhibition(
        (Matcher("severity", Severity.WARNING.value), _NO_SCORE),
        (_SCORE, Matcher("severity", Severity.WARNING.value)),
        ("project", "cause"),
        "what has brought the score down is told already",
    ),
)
