"""How often an endpoint is asked before its state is believed."""

from dataclasses import dataclass, field
from itertools import takewhile

from watchkeeper.domain.endpoints import Endpoint, Probe
from watchkeeper.domain.limits import EndpointLimits


@dataclass(slots=True)
class Inquiry:
    """One endpoint of one project, and the probes of it so far, oldest first."""

    project: str
    endpoint: Endpoint
    was_down: bool = False
    limits: EndpointLimits = field(default_factory=EndpointLimits)
    probes: list[Probe] = field(default_factory=list)

    @property
    def is_settled(self) -> bool:
        """True when another probe at once could not change what is believed.

        An endpoint that was up is so after one success, and down after several failures in a row; one that was down is
        still so after one failure, and up after several successes in a row.
        """
        if not self.probes:
            return False
        last = self.probes[-1].ok
        alike = sum(1 for _ in takewhile(lambda probe: probe.ok == last, reversed(self.probes)))
        if last:
            return not self.was_down or alike >= self.limits.successes_to_recover
        return self.was_down or alike >= self.limits.failures_to_down
