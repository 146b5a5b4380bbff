"""What alerts are made of: what is known of one thing at one moment, under a name that rules may use."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from watchkeeper.domain.alert_values import Labels

MISCONFIGURED: Final = "misconfigured"  # nothing of such a project can be looked at, so nothing of it is resolved


@dataclass(frozen=True, slots=True)
class Signal:
    """One value of one project, in the unit of its kind.

    Attributes:
        project: slug; "" for the watch itself.
        value: None when it is not known: then it neither fires nor resolves anything.
        at: the moment that it tells of: not after now, and before it where the last look was a while ago.
        labels: what tells it apart from others of its name in the project, as the endpoint.
        sample: how many single measurements are in it; None where it is no sample.
        details: sentences with reasons and evidence, the weightiest first; text from outside is in them, unescaped.
        release: commit SHA that it is laid on; "" for none.
        cause: what it is laid on, as in `Alert`; "" for the family of the rule.
        url: where to look closer.
    """

    project: str
    name: str
    value: float | None
    at: datetime
    labels: Labels = ()
    sample: int | None = None
    details: tuple[str, ...] = ()
    release: str = ""
    cause: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class SignalKind:
    """What a signal means.

    Attributes:
        title: for people: `error rate`.
        unit: `%`, `min`, `days`, `ms`, `points`, `times`, the plural of what is counted, or "" for yes (1) and no (0).
        description: what exactly the value is, for the documents.
        source: where it comes from: errors, endpoints, delivery, builds, health, cost, rollback or watch.
        labels: names of the labels that each of them has.
        least, greatest: what the value can be.
        has_sample: True when a rule may want a minimum sample of it.
    """

    name: str
    title: str
    unit: str
    description: str
    source: str
    labels: tuple[str, ...] = ()
    least: float = 0.0
    greatest: float = math.inf
    has_sample: bool = False

    @property
    def is_flag(self) -> bool:
        return not self.unit


def _named(kinds: Iterable[SignalKind]) -> Mapping[str, SignalKind]:
    return {kind.name: kind for kind in kinds}


def _burn(window: str, long: str, short: str) -> SignalKind:
    description = (
        f"how many times as fast as promised the error budget is used up, over {long} (what is sure of it) "
        f"and over the last {short}: the smaller of both"
    )
    title = f"error budget over {long}"
    return SignalKind(f"burn_rate_{window}", title, "times", description, "errors", ("slo",), has_sample=True)


def _flag(name: str, title: str, description: str, source: str, *labels: str) -> SignalKind:
    return SignalKind(name, title, "", description, source, labels, greatest=1.0)


SIGNALS: Final = _named(
    (
        SignalKind(
            "error_rate",
            "error rate",
            "%",
            "the lower bound of the share of failed requests or sessions at the latest health check; "
            "0 with too few failures to prove anything",
            "errors",
            greatest=100.0,
            has_sample=True,
        ),
        _burn("1h", "one hour", "quarter of an hour"),
        _burn("6h", "six hours", "half an hour"),
        _burn("1d", "a day", "two hours"),
        _burn("3d", "three days", "six hours"),
        SignalKind(
            "new_issue",
            "new issue",
            "events",
            "events in the life of an unresolved grave issue that is new since a week and was seen within a day",
            "errors",
            ("issue", "level"),
        ),
        SignalKind(
            "regressed_issue",
            "issue that came back",
            "events",
            "events in the life of an unresolved grave issue that was resolved before and was seen within a day",
            "errors",
            ("issue", "level"),
        ),
        _flag(
            "endpoint_down",
            "endpoint down",
            "1 after so many failed probes in a row as the project's limits say, 0 after so many right ones; "
            "not known in between",
            "endpoints",
            "endpoint",
        ),
        SignalKind(
            "endpoint_latency",
            "time to answer",
            "ms",
            "median of the newest right answers",
            "endpoints",
            ("endpoint",),
        ),
        SignalKind(
            "endpoint_slowness",
            "time to answer",
            "times",
            "median of the newest right answers, in multiples of the endpoint's own warning limit",
            "endpoints",
            ("endpoint",),
        ),
        SignalKind(
            "certificate",
            "certificate",
            "days",
            "days until the TLS certificate ends; below 0 when it has ended",
            "endpoints",
            ("endpoint",),
            least=-math.inf,
        ),
        SignalKind(
            "failed_deployments",
            "failed production builds",
            "builds",
            "production builds on Vercel that failed in a row, up to the newest finished one",
            "delivery",
        ),
        SignalKind(
            "waiting_deployment",
            "production build in work",
            "min",
            "how long the oldest production build is in work that no newer one has overtaken",
            "delivery",
        ),
        _flag(
            "platform_incident",
            "incident of the platform",
            "1 when the vendor's status page explains what is wrong",
            "delivery",
            "vendor",
        ),
        SignalKind(
            "failed_builds",
            "failed pipelines",
            "pipelines",
            "pipelines of the default branch that failed in a row, up to the newest finished one",
            "builds",
        ),
        SignalKind(
            "running_build", "workflow running", "min", "how long the oldest unfinished workflow is running", "builds"
        ),
        SignalKind(
            "build_queue",
            "wait for a machine",
            "min",
            "how long the oldest queued job of the default branch waits for a machine",
            "builds",
        ),
        SignalKind(
            "score", "health score", "points", "the health score of the latest full check", "health", greatest=100.0
        ),
        SignalKind(
            "critical_for", "critical", "min", "how long every full check has found the project critical", "health"
        ),
        _flag(
            "blind",
            "nothing to be seen",
            "1 when a part of the project is there to be seen and could not be looked at",
            "health",
            "component",
        ),
        SignalKind(
            "cost_over",
            "cost over what was expected",
            "%",
            "how much more the last finished day has cost than such days do",
            "cost",
        ),
        SignalKind(
            "rollback_waiting", "rollback waiting", "min", "how long a rollback waits for somebody's YES", "rollback"
        ),
        _flag(
            "rollback_expired", "rollback expired", "1 when nobody has answered the last rollback in time", "rollback"
        ),
        _flag("rollback_not_cured", "rollback not cured", "1 when the last rollback has not helped", "rollback"),
        _flag("in_custody", "in custody", "1 while new builds do not go live after a rollback", "rollback"),
        SignalKind(
            "check_age", "age of the last health check", "min", "minutes since a full health check was made", "watch"
        ),
        _flag("offline", "own connectivity", "1 when the latest health check found our own connectivity down", "watch"),
        _flag(
            "report_undelivered", "report not delivered", "1 when a report has not reached a place", "watch", "place"
        ),
        _flag(
            MISCONFIGURED,
            "misconfigured",
            "1 when the configuration of the project is broken: nothing of it can be looked at",
            "watch",
        ),
        _flag("prefect_run", "run in trouble", "1 for a run that failed, crashed or is late", "watch", "deployment"),
        _flag("channel_down", "channel down", "1 while a channel takes no message", "watch", "channel"),
        _flag(
            "message_lost",
            "message lost",
            "1 for an hour after a channel has refused a message in every form, or until it takes a later one",
            "watch",
            "channel",
            "level",
        ),
    )
)

LABELS: Final = frozenset(label for kind in SIGNALS.values() for label in kind.labels)
"""Every label that an alert can have."""
