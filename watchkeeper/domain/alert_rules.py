"""Rules: from signals to alerts. A condition that holds long enough fires; calm for long enough, it is resolved."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from watchkeeper.domain.alert_policy import Matchers
from watchkeeper.domain.alert_values import Severity

REOPEN_AFTER: Final = timedelta(hours=1)  # that a condition may go on after somebody has resolved it by hand


@dataclass(frozen=True, slots=True)
class Rule:
    """When an alert fires, and when it is resolved.

    Attributes:
        name: unique, as `endpoint-down`; of two rules with one name that of the project itself counts.
        signal: one of `SIGNALS`; enter and exit are in its unit.
        enter: fires at this value or above; with `is_above` False, below it.
        exit: calm below this value; with `is_above` False, at it or above. None for the same as `enter`.
        for_: how long it must hold before it fires; keep: how long it must be calm before it is resolved.
        min_sample: with a smaller sample the value is not known.
        matchers: conditions on project, cause, release and labels of the signal; all must hold.
        summary: template of the sentence that people read, with names in braces: `error rate {value}, limit {limit}`.
            "" for a plain sentence.
        family: what its alerts are grouped by when no release and no platform is the cause.
        project: slug of the only project that it is for; "" for all, and for the watch itself.
    """

    name: str
    signal: str
    severity: Severity
    enter: float
    exit: float | None = None
    is_above: bool = True
    for_: timedelta = timedelta()
    keep: timedelta = timedelta()
    min_sample: int = 0
    matchers: Matchers = ()
    summary: str = ""
    runbook: str = ""
    family: str = "own"
    is_enabled: bool = True
    project: str = ""

    def holds(self, value: float) -> bool:
        return value >= self.enter if self.is_above else value < self.enter

    def is_calm(self, value: float) -> bool:
        limit = self.enter if self.exit is None else self.exit
        return value < limit if self.is_above else value >= limit
