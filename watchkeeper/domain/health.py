"""The health of a project: its components put together (decisions 2 to 5 of the design)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from watchkeeper.domain.verdicts import Component, Judgement, Verdict
from watchkeeper.domain.windows import Window


class CheckType(StrEnum):
    """How much of a project a check looks at."""

    FULL = "full"
    ERROR_RATES = "error_rates"
    ENDPOINTS_ONLY = "endpoints_only"


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
class HealthCheck:
    """The judgement of one project over one window.

    Attributes:
        project: the project's slug.
        score: 0 (worst) to 100 (best) over the known components; None when none is known.
        coverage: share of the weights that is known, 0..1.
        reasons: sentences, the weightiest first.
        release: commit SHA that serves production; "" when not known.
        in_custody: True after a rollback that nobody has ended.
    """

    project: str
    window: Window
    check_type: CheckType
    verdict: Verdict
    score: float | None
    coverage: float
    reasons: tuple[str, ...]
    components: Mapping[Component, Judgement] = field(default_factory=dict)
    blame: Blame = field(default_factory=lambda: Blame(Fault.NONE, "nothing is wrong"))
    release: str = ""
    in_custody: bool = False
