"""Rules as projects.yaml writes them: what differs from the rules of the house, and rules of one's own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any, Literal

from pydantic import Field

from watchkeeper.config import alert_values as a
from watchkeeper.config import values as v
from watchkeeper.config.limits import Section
from watchkeeper.domain.alert_defaults import rules_of_limits
from watchkeeper.domain.alert_matchers import parse_matchers
from watchkeeper.domain.alert_rules import Rule
from watchkeeper.domain.alert_values import Severity
from watchkeeper.domain.limits import HealthLimits


class AlertRule(Section):
    """When an alert fires, and when it is resolved. Of a rule of the house only what differs is written."""

    enabled: bool | None = None
    """Whether it is looked at."""
    signal: a.LabelName | None = Field(None, examples=["endpoint_latency"])
    """What it looks at; needed for a rule of your own."""
    severity: Literal["critical", "warning", "info"] | None = None
    """How bad it is; `warning` for a rule of your own."""
    enter: a.Number | None = Field(None, examples=[800])
    """It fires at this value, in the unit of the signal; needed for a rule of your own."""
    exit: a.Number | None = Field(None, examples=[600])
    """It is calm again beyond this value; without it beyond `enter`, or as far from it as in the rule of the house."""
    when: Literal["above", "below"] | None = None
    """Whether it fires above `enter` (at it, too) or below; `above` for a rule of your own."""
    for_minutes: a.Held | None = None
    """Minutes that it must hold before it fires; 0 for a rule of your own."""
    keep_minutes: a.Held | None = None
    """Minutes that it must be calm before it is resolved; 0 for a rule of your own."""
    min_sample: a.Sample | None = None
    """Requests, sessions or probes below which nothing is said."""
    match: a.Matchers | None = Field(None, examples=["endpoint=checkout"])
    """Only what meets all of these conditions."""
    summary: v.Line | None = Field(None, examples=["{endpoint} answers in {value}"])
    """The sentence for people, with names in braces."""
    runbook: v.Line | None = Field(None, examples=["https://wiki.example.com/checkout"])
    """Address of what to do."""
    family: a.OwnName | None = None
    """What its alerts are told together with, where no release and no platform is the cause; `own` for a rule of your
    own."""

    @property
    def said(self) -> dict[str, Any]:
        """Return what is written, as attributes of a rule."""
        values = {
            "is_enabled": self.enabled,
            "signal": self.signal,
            "severity": self.severity and Severity(self.severity),
            "enter": self.enter,
            "exit": self.exit,
            "is_above": None if self.when is None else self.when == "above",
            "for_": _minutes(self.for_minutes),
            "keep": _minutes(self.keep_minutes),
            "min_sample": self.min_sample,
            "matchers": None if self.match is None else parse_matchers(self.match),
            "summary": self.summary,
            "runbook": self.runbook,
            "family": self.family,
        }
        return {name: value for name, value in values.items() if value is not None}


AlertRules = Annotated[dict[a.OwnName, AlertRule], Field(max_length=200)]


def _minutes(minutes: float | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def written_rules(base: Mapping[str, Rule], written: Mapping[str, AlertRule], project: str = "") -> Iterator[Rule]:
    """Yield the rules that are written, each over the one of its name in `base`, for the project alone.

    A rule that stands nowhere else and names no signal or no limit is left out; the checks have said so.
    """
    for name, rule in written.items():
        said = {**rule.said, "project": project}
        if name in base:
            yield replace(base[name], **_nearer(base[name], said))
        elif rule.signal is not None and rule.enter is not None:
            yield Rule(**{"name": name, "severity": Severity.WARNING, **said})


def _nearer(base: Rule, said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what is said, with a limit to leave that has moved along with the one to enter."""
    if "enter" not in said or "exit" in said or base.exit is None or not base.enter:
        return said
    return {**said, "exit": base.exit * said["enter"] / base.enter}


def limit_rules(project: str, limits: HealthLimits, shared: Mapping[str, Rule]) -> dict[str, Rule]:
    """Return the rules of the project that follow from limits of its own."""
    rules = _rules_of(limits, tuple(shared.values()))
    return {rule.name: replace(rule, project=project) for rule in rules}


@lru_cache(maxsize=256)
def _rules_of(limits: HealthLimits, shared: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Return them for any project: many have the same limits."""
    return rules_of_limits("", limits, shared)


def rules_by_name(rules: Iterable[Rule]) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules}
