"""Tries a channel with a message that says it is only a test."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from tasks.channels import send_digest
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest, Line
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import ChannelKind
from watchkeeper.domain.alert_values import AlertStatus, Severity

_LOOK: Final = {
    ChannelKind.SLACK: "look at {channel}",
    ChannelKind.PAGERDUTY: "look at the alerts of its service",
    ChannelKind.JIRA: "look at project {project}",
    ChannelKind.DATADOG: "look at the events",
    ChannelKind.GITHUB: "look at the issues of {repository}",
    ChannelKind.APPRISE: "ask those who are addressed",
    ChannelKind.WEBHOOK: "look at what the receiver made of it",
    ChannelKind.CONSOLE: "they stand above",
    ChannelKind.FILE: "look at the last two lines of {path}",
}


async def channel_test(channel: ChannelConfig) -> str:
    """Send a test message, then its resolution, and return what happened and where to look.

    Raises:
        ChannelError: one of the two is not there; says what to do.
    """
    digest = _test_digest(channel.name, datetime.now(UTC))
    sent = await send_digest(channel, digest, "", {})
    await send_digest(channel, _resolved(digest, datetime.now(UTC)), sent.reference, {})
    place = _LOOK[channel.kind].format(
        channel=channel.channel, project=channel.project, repository=channel.repository, path=channel.path or "its file"
    )
    named = f" (known there as {sent.reference})" if sent.reference else ""
    return f"{channel.name} took the test message and its resolution{named}: {place}."


def _test_digest(name: str, now: datetime) -> Digest:
    summary = f"a message to {name} has arrived, and nothing is wrong"
    line = Line(
        fingerprint="/channel-test",
        project="",
        rule="channel-test",
        severity=Severity.INFO,
        status=AlertStatus.FIRING,
        since=now,
        summary=summary,
        details=("Somebody tries this channel with `watchkeeper channels test`. There is nothing to do.",),
    )
    return Digest(
        key=f"watchkeeper-test-{now:%Y%m%dT%H%M%S%f}",
        title=summary,
        reason=Reason.FIRST,
        status=AlertStatus.FIRING,
        severity=Severity.INFO,
        at=now,
        started_at=now,
        cause="watch",
        firing=1,
        counts=(("info", 1),),
        lines=(line,),
        is_test=True,
    )


def _resolved(digest: Digest, now: datetime) -> Digest:
    lines = tuple(replace(line, status=AlertStatus.RESOLVED, resolved_at=now) for line in digest.lines)
    return replace(
        digest,
        reason=Reason.ALL_RESOLVED,
        status=AlertStatus.RESOLVED,
        at=now,
        firing=0,
        resolved=1,
        counts=(),
        lines=lines,
    )
