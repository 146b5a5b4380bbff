"""What became of issues over time: when each appeared, came back, or was resolved (source: Sentry)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from watchkeeper.domain.issues import IssueLevel


class IssueChange(StrEnum):
    NEW = "new"
    REGRESSED = "regressed"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class IssueEvent:
    """One change of one issue; unique by issue, kind and `at`. `issue` is the vendor's id."""

    issue: str
    kind: IssueChange
    at: datetime
    level: IssueLevel
