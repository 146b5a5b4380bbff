"""What went wrong with a probe, in words that are safe to show: nothing the other side wrote is repeated."""

import os
import socket
import ssl
from collections.abc import Iterator

import httpx

from watchkeeper.clients.endpoint_conditions import Flaw
from watchkeeper.clients.endpoint_phases import Phase
from watchkeeper.domain.endpoints import ProbeFailure


class ProbeError(Exception):
    """A probe that got no answer, or none that could be followed."""

    def __init__(self, failure: ProbeFailure, detail: str) -> None:
        super().__init__(detail)
        self.flaw = Flaw(failure, detail)


def lookup_failed(host: str, error: OSError | UnicodeError) -> ProbeError:
    reason = error.strerror if isinstance(error, socket.gaierror) and error.strerror else "not a valid name"
    return ProbeError(ProbeFailure.DNS, f"the name {host} cannot be looked up: {reason}")


def transport_flaw(error: httpx.TransportError, phase: Phase) -> Flaw:
    """Return what `error` means, given what was going on."""
    if phase is Phase.TLS:
        return Flaw(ProbeFailure.TLS, _tls_detail(error))
    if phase is Phase.CONNECT:
        return Flaw(ProbeFailure.CONNECT, f"no connection: {_system_reason(error)}")
    if isinstance(error, httpx.RemoteProtocolError) and "disconnected" not in str(error):
        return Flaw(ProbeFailure.PROTOCOL, f"the answer breaks the rules of HTTP, seen while {phase}")
    return Flaw(ProbeFailure.PROTOCOL, f"the connection broke while {phase}")


def _tls_detail(error: BaseException) -> str:
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the certificate is not valid: {cause.verify_message.rstrip('.')}"
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return f"no TLS: {cause.reason.replace('_', ' ').lower()}"
    return "the connection was closed during the TLS handshake"


def _system_reason(error: BaseException) -> str:
    codes = [cause.errno for cause in _chain(error) if isinstance(cause, OSError) and cause.errno]
    return os.strerror(codes[-1]).lower() if codes else "it took too long"


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
