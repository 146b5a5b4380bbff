"""Every kind of channel under one interface: a digest goes in, a reference to the message comes out, or an error.

Errors:

* ChannelError  the message is not there; `failure` says what helps
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

import httpx

from tasks import apprise_alerts, console, datadog, file, github_alerts, jira, pagerduty, slack_alerts, webhook
from watchkeeper.clients.vendor_errors import (
    CredentialRefused,
    MessageUnfit,
    MissingCredential,
    PartlyDelivered,
    VendorError,
    VendorRefused,
    VendorUnavailable,
)
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_digests import Digest
from watchkeeper.domain.alert_policy import ChannelKind, Person

Sender = Callable[[ChannelConfig, Digest, str, Mapping[str, str]], Awaitable[str]]
"""Channel, digest, reference ("" for none), handles of people by name; returns the reference."""

Finder = Callable[[ChannelConfig, Digest, datetime], Awaitable[str]]
"""Returns the reference of what an attempt since then may have left whose outcome nobody knows; "" for nothing."""

MESSAGE_SECONDS: Final = 20.0
MEND_PAUSE: Final = timedelta(minutes=15)
SENDERS: Final[Mapping[ChannelKind, Sender]] = {
    ChannelKind.SLACK: slack_alerts.send,
    ChannelKind.PAGERDUTY: pagerduty.send,
    ChannelKind.JIRA: jira.send,
    ChannelKind.DATADOG: datadog.send,
    ChannelKind.GITHUB: github_alerts.send,
    ChannelKind.APPRISE: apprise_alerts.send,
    ChannelKind.WEBHOOK: webhook.send,
    ChannelKind.CONSOLE: console.send,
    ChannelKind.FILE: file.send,
}
# The others look themselves, or name what they make by the group's key.
_FINDERS: Final[Mapping[ChannelKind, Finder]] = {ChannelKind.SLACK: slack_alerts.find}
_UNFIT: Final = frozenset(
    {httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY}
)


class Failure(StrEnum):
    DOWN = "down"  # the channel does not answer, is in trouble or has had enough: sending again may help
    MEND = "mend"  # a person has to mend credentials, rights or names first: sending again helps after that
    UNFIT = "unfit"  # the channel lives, and will never take this message


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that its channel took.

    Attributes:
        reference: what to give for the next one of its group; "" for nothing.
        missing: who does not have it, in a sentence; "" when everybody has.
    """

    reference: str = ""
    missing: str = ""


class ChannelError(Exception):
    """A message that is not there. `str()` of it is the reason: safe to show, and says what to do.

    Attributes:
        failure: only `DOWN` says that the channel is: it counts for the circuit breaker.
        retry_at: not before; None when the channel named no time.
        is_unsure: True when the message may have arrived all the same.
    """

    def __init__(
        self, reason: str, failure: Failure, retry_at: datetime | None = None, *, is_unsure: bool = False
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.failure = failure
        self.retry_at = retry_at
        self.is_unsure = is_unsure

    @property
    def is_final(self) -> bool:
        """Return whether sending it again cannot help."""
        return self.failure is Failure.UNFIT


async def send_digest(  # noqa: PLR0913 - all but four by name
    channel: ChannelConfig,
    digest: Digest,
    reference: str,
    people: Mapping[str, Person],
    *,
    repository: str = "",
    is_repeated: bool = False,
    unsure_since: datetime | None = None,
    seconds: float = MESSAGE_SECONDS,
) -> Sent:
    """Send a digest, or bring the message that is there up to date; at least once.

    Args:
        reference: what sending to this channel returned for the group before; "" for none.
        people: all that the policy knows; the handles for the channel's kind are looked up here.
        repository: of the digest's project, for a GitHub channel that names none.
        seconds: how long the channel may take, whatever it does.
        is_repeated: whether it may be there without our knowing: then it is looked for first where the channel lets us
            look.
        unsure_since: since when it may be there; None for when it was written.

    Raises:
        ChannelError: it is not there, or nobody knows whether it is.
    """
    place = replace(channel, repository=channel.repository or repository)
    try:
        async with asyncio.timeout(seconds):
            known = reference or (await _found(place, digest, unsure_since or digest.at) if is_repeated else "")
            return Sent(await SENDERS[channel.kind](place, digest, known, handles(people, channel.kind)))
    except PartlyDelivered as partly:
        return Sent(reference, str(partly))
    except VendorError as error:
        raise _channel_error(error, datetime.now(UTC)) from None
    except TimeoutError:
        reason = f"{channel.name}: no answer within {seconds:g} s"
        raise ChannelError(reason, Failure.DOWN, is_unsure=True) from None
    except httpx.HTTPError as error:  # of Prefect's server, which keeps the credentials
        reason = f"{channel.name}: its credentials could not be read from the Prefect server ({type(error).__name__})"
        raise ChannelError(reason, Failure.DOWN) from None


def handles(people: Mapping[str, Person], kind: ChannelKind) -> dict[str, str]:
    """Return by name how each person is addressed on channels of this kind; those without a handle are left out."""
    return {name: person.handles[kind.value] for name, person in people.items() if person.handles.get(kind.value)}


async def _found(channel: ChannelConfig, digest: Digest, since: datetime) -> str:
    find = _FINDERS.get(channel.kind)
    return await find(channel, digest, since) if find else ""


def _channel_error(error: VendorError, now: datetime) -> ChannelError:
    failure = _failure(error)
    pause = error.retry_after if isinstance(error, VendorUnavailable) else None
    is_unsure = isinstance(error, VendorUnavailable) and error.has_reached
    if failure is Failure.MEND:
        pause = MEND_PAUSE
    return ChannelError(str(error), failure, now + pause if pause is not None else None, is_unsure=is_unsure)


def _failure(error: VendorError) -> Failure:
    """Return what helps."""
    match error:
        case VendorUnavailable():
            return Failure.DOWN
        case MissingCredential() | CredentialRefused():
            return Failure.MEND  # whatever its status: some say 400 of a key that is wrong
        case MessageUnfit():
            return Failure.UNFIT
        case VendorRefused(status=status) if status in _UNFIT:
            return Failure.UNFIT
        case _:
            return Failure.MEND
