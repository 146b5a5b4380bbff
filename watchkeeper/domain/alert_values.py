"""An alert: a condition of a project that is about to fire, firing or resolved."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

Labels = tuple[tuple[str, str], ...]
"""Names and values, sorted by name."""

MOST_FLIPS: Final = 20  # moments of change that an alert remembers


class Severity(StrEnum):
    CRITICAL = "critical"  # somebody must act now
    WARNING = "warning"  # somebody must look today
    INFO = "info"

    @property
    def rank(self) -> int:
        """Return 0 for critical; the higher, the milder."""
        return _RANKS[self]


_RANKS: Final = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}


class AlertStatus(StrEnum):
    PENDING = "pending"  # the condition holds, not yet for as long as the rule wants
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of a condition: from when it began to hold until it is resolved.

    Attributes:
        project: slug; "" for the watch itself.
        rule: name of the rule, as `endpoint-down`.
        started_at: since when the condition holds.
        seen_at: when the condition was last looked at and known.
        summary: one sentence for a person; text from outside is in it, unescaped.
        labels: what tells apart alerts of one rule, as the endpoint's name.
        cause: what it is grouped by in its project: `release:<sha>`, `platform:<vendor>`, or the family of its rule.
        fired_at: when it held for as long as the rule wants; None while pending.
        calm_since: since when the condition does not hold any more while the rule still keeps it firing.
        resolved_at: None until then.
        resolved_by: who resolved it by hand; "" when the condition ended.
        details: more sentences: reasons and evidence, the weightiest first.
        release: commit SHA that it is laid on; "" for none.
        url: where to look closer; runbook: what to do.
        flips: when it, or the episodes before it, began to fire or were resolved; oldest first, at most `MOST_FLIPS`.
        is_flapping: True while it changes too often to be told each time.
        id: number of its row; 0 for one that is not stored yet. Another episode is another row.
        version: counts the changes of the row; 0 for one that is not stored yet.
    """

    project: str
    rule: str
    severity: Severity
    status: AlertStatus
    started_at: datetime
    seen_at: datetime
    summary: str
    labels: Labels = ()
    cause: str = ""
    fired_at: datetime | None = None
    calm_since: datetime | None = None
    resolved_at: datetime | None = None
    resolved_by: str = ""
    details: tuple[str, ...] = ()
    release: str = ""
    url: str = ""
    runbook: str = ""
    flips: tuple[datetime, ...] = ()
    is_flapping: bool = False
    id: int = 0
    version: int = 0

    @property
    def fingerprint(self) -> str:
        """Return what makes it one and the same: project, rule and labels."""
        if not self.labels:
            return f"{self.project}/{self.rule}"
        return f"{self.project}/{self.rule}{{{','.join(f'{name}={value}' for name, value in self.labels)}}}"

    @property
    def is_firing(self) -> bool:
        return self.status is AlertStatus.FIRING

    @property
    def is_resolved(self) -> bool:
        return self.status is AlertStatus.RESOLVED

    @property
    def holds(self) -> bool:
        """True while it fires and its condition holds; False while it is only kept firing for a while."""
        return self.is_firing and self.calm_since is None


def labels_of(**values: str) -> Labels:
    """Return labels in their order; empty values are left out."""
    return tuple(sorted((name, value) for name, value in values.items() if value))
