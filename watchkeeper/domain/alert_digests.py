"""What a channel is told: plain data, complete in itself, kept in the outbox with the change that it tells."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from unicodedata import normalize

from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_values import AlertStatus, Severity

LONGEST_PLAIN: Final = 200  # characters of a text in the plain form


@dataclass(frozen=True, slots=True)
class Line:
    """One alert of a digest. All text is unescaped: each channel escapes it its own way."""

    fingerprint: str
    project: str
    rule: str
    severity: Severity
    status: AlertStatus
    since: datetime
    summary: str
    details: tuple[str, ...] = ()
    release: str = ""
    url: str = ""
    runbook: str = ""
    resolved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Digest:
    """What one message tells.

    Attributes:
        key: the same for all messages of one group on one channel: what PagerDuty and Jira know it by, at most 255
            characters; another group under the same name later has another key.
        title: one sentence, as `Shop: error rate 31 % and 2 more, laid on release 1a2b3c4`.
        reason: why this is told now.
        status: firing while any alert is, else resolved.
        severity: of the worst firing alert; once resolved, of the worst that there was.
        project, project_name: "" when it tells of several projects at once.
        firing, resolved: how many alerts, also those that are not in `lines`.
        quiet: how many more fire and are silenced, in maintenance, explained, or (in a storm) acknowledged: they are
            in no other number and in none of `lines`.
        lines: the weightiest alerts first, at most five.
        counts: number of firing alerts by severity, `{"critical": 2}`.
        started_at: since when the oldest of them holds.
        acknowledged_by: who, and where it was not said here: `Ada in pager`; "" while nobody has taken it on.
        people: whom to address; names as in the configuration, with their handles by channel kind resolved when sent.
        incident: number; 0 for none.
        group: number of the group's row, which `watchkeeper alerts ack` takes; 0 for several groups at once.
        storm: number of the storm, which `watchkeeper alerts ack --storm` takes; 0 for a single group.
        announced: who has acknowledged, all of it or some of a storm, since this channel was told last; "" for nobody.
        overridden: whose acknowledgement does not count any more, because something critical is new.
        is_test: True for the message of `watchkeeper channels test`.
        is_plain: True for the short form without any ornament, after a channel has refused the full one.
    """

    key: str
    title: str
    reason: Reason
    status: AlertStatus
    severity: Severity
    at: datetime
    started_at: datetime
    project: str = ""
    project_name: str = ""
    cause: str = ""
    release: str = ""
    firing: int = 0
    resolved: int = 0
    quiet: int = 0
    counts: tuple[tuple[str, int], ...] = ()
    lines: tuple[Line, ...] = ()
    acknowledged_by: str = ""
    assigned_to: str = ""
    people: tuple[str, ...] = ()
    incident: int = 0
    group: int = 0
    storm: int = 0
    announced: str = ""
    overridden: str = ""
    escalation_step: int = 0
    is_test: bool = False
    is_plain: bool = False

    @property
    def is_resolved(self) -> bool:
        return self.status is AlertStatus.RESOLVED


def plain_digest(digest: Digest) -> Digest:
    """Return the digest as short as it can be: its headline and its gravest alert, in letters that all services take.

    Keys and fingerprints stay, so that it continues the same message.
    """
    return replace(
        digest,
        title=_plain(digest.title) or f"{digest.severity} alert",
        project_name=_plain(digest.project_name),
        acknowledged_by=_plain(digest.acknowledged_by),
        assigned_to=_plain(digest.assigned_to),
        lines=tuple(_plain_line(line) for line in digest.lines[:1]),
        is_plain=True,
    )


def _plain_line(line: Line) -> Line:
    return replace(line, summary=_plain(line.summary), details=(), url="", runbook="")


def _plain(text: str) -> str:
    """Return at most `LONGEST_PLAIN` printable ASCII characters; letters lose their accents."""
    letters = normalize("NFKD", text).encode("ascii", "ignore").decode()
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in letters).split())
    return shown if len(shown) <= LONGEST_PLAIN else f"{shown[: LONGEST_PLAIN - 3]}..."
