"""What a visitor meets: probes of a project's own endpoints."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
