"""What all stages of one pass look at."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from watchkeeper.domain.alert_policy import AlertPolicy, Silence
from watchkeeper.domain.alert_values import Alert

Alerts = Mapping[str, Alert]  # by fingerprint


@dataclass(frozen=True, slots=True)
class Scene:
    """Attributes: alerts: one episode of each, with its flap mark; new_flappers: fingerprints of those just marked."""

    alerts: Alerts
    new_flappers: frozenset[str]
    silences: tuple[Silence, ...]
    policy: AlertPolicy
    now: datetime

    def name_of(self, project: str) -> str:
        """Return what people call a project; "" is the watch itself."""
        return self.policy.names.get(project, project) or "the watch"
