"""Digests as the stages make them, to be told by channels."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import AlertStatus, Severity

NOW: Final = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
HOSTILE: Final = "<!channel> @all %%% *x* \u202e\x00\ud800 {code} ' OR 1=1 -- 🔥" + "é" * 5000


def line_of(number: int = 1, **given: Any) -> Line:
    values: dict[str, Any] = {
        "fingerprint": f"shop/error-rate-critical{{n={number}}}",
        "project": "shop",
        "rule": "error-rate-critical",
        "severity": Severity.CRITICAL,
        "status": AlertStatus.FIRING,
        "since": NOW - timedelta(minutes=10),
        "summary": "Shop: error rate 31 %",
        "details": ("412 of 1,330 requests failed",),
        "url": "https://sentry.acme.example/shop",
        "runbook": "https://acme.example/runbooks#errors",
    }
    return Line(**{**values, **given})


def digest_of(reason: Reason = Reason.FIRST, **given: Any) -> Digest:
    """Return the digest of a group with one alert, resolved when the reason says so."""
    status = AlertStatus.RESOLVED if reason is Reason.ALL_RESOLVED else AlertStatus.FIRING
    is_firing = status is AlertStatus.FIRING
    values: dict[str, Any] = {
        "key": "shop|release:1a2b3c4#7",
        "title": "Shop: error rate 31 %",
        "reason": reason,
        "status": status,
        "severity": Severity.CRITICAL,
        "at": NOW,
        "started_at": NOW - timedelta(minutes=10),
        "project": "shop",
        "project_name": "Shop",
        "cause": "release:1a2b3c4",
        "release": "1a2b3c4d5e6f",
        "firing": int(is_firing),
        "resolved": int(not is_firing),
        "counts": (("critical", 1),) if is_firing else (),
        "lines": (line_of(status=status),),
        "group": 7,
    }
    return Digest(**{**values, **given})


def hostile_digest(reason: Reason = Reason.FIRST) -> Digest:
    """Return a digest whose every text is too long and out to do harm."""
    url = "https://acme.example/" + "x" * 1400
    lines = tuple(
        line_of(number, summary=HOSTILE, details=(HOSTILE,) * 30, url=f"{url}{number}", runbook="javascript:alert(1)")
        for number in range(5)
    )
    return digest_of(reason, key="k" * 255, title=HOSTILE, project_name=HOSTILE, cause=HOSTILE, lines=lines, firing=99)
