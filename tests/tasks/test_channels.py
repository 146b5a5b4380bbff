"""What every kind of channel must do, whatever its vendor answers."""

import logging
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tasks.channels import MEND_PAUSE, SENDERS, ChannelError, Failure, handles, send_digest
from tests.domain.alert_digest_makers import digest_of
from tests.tasks.channel_trouble import CHANNELS, SECRET, Vendor, troubled
from watchkeeper.domain.alert_channels import ChannelConfig
from watchkeeper.domain.alert_groups import Reason
from watchkeeper.domain.alert_policy import ChannelKind, Person

pytestmark = pytest.mark.usefixtures("prefect_server")
KINDS = sorted(CHANNELS)
SLACK, APPRISE, WEBHOOK = ChannelKind.SLACK, ChannelKind.APPRISE, ChannelKind.WEBHOOK
EXPECTED = {
    **dict.fromkeys((400, 413, 422), Failure.UNFIT),
    **dict.fromkeys((401, 403, 404, 405, 410), Failure.MEND),
    **dict.fromkeys((408, 425, 429, 500, 502, 503, 504), Failure.DOWN),
    301: Failure.MEND,
}


@pytest.fixture(scope="module")
async def vendor(prefect_server: None) -> AsyncIterator[Vendor]:
    async with troubled() as found:
        yield found


async def refused(kind: ChannelKind, *, seconds: float = 10.0, reference: str = "") -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        await send_digest(CHANNELS[kind], digest_of(Reason.REMINDER), reference, {}, seconds=seconds)
    return caught.value


def test_every_kind_has_its_sender() -> None:
    assert SENDERS.keys() == set(ChannelKind)
    assert set(CHANNELS) | {ChannelKind.CONSOLE, ChannelKind.FILE} == set(ChannelKind)


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("kind", KINDS)
async def test_every_status_says_what_helps_and_no_secret(
    kind: ChannelKind, status: int, vendor: Vendor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pause = ("Retry-After: 60",) if EXPECTED[status] is Failure.DOWN else ()
    vendor.says(status, "Location: https://evil.test/", *pause, body=f'{{"error": "no {SECRET}"}}'.encode())
    error = await refused(kind)
    if kind is APPRISE:
        assert error.failure is Failure.DOWN, "it can only say that nobody confirmed"
    elif kind is SLACK and status == 301:
        assert error.failure in {Failure.MEND, Failure.DOWN}
    else:
        assert error.failure is EXPECTED[status]
    shown = "".join(traceback.format_exception(error)) + repr(error) + caplog.text
    assert SECRET not in shown
    assert len(str(error)) < 600
    assert error.is_final is (error.failure is Failure.UNFIT)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not APPRISE])
async def test_the_pause_that_is_asked_for_is_kept(kind: ChannelKind, vendor: Vendor) -> None:
    vendor.says(429, "Retry-After: 90")
    before = datetime.now(UTC)
    error = await refused(kind)
    assert error.retry_at is not None
    assert timedelta(seconds=89) <= error.retry_at - before <= timedelta(seconds=100)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind is not APPRISE])
async def test_what_a_person_must_mend_is_tried_again_seldom(kind: ChannelKind, vendor: Vendor) -> None:
    vendor.says(403)
    before = datetime.now(UTC)
    error = await refused(kind)
    assert error.retry_at is not None
    assert error.retry_at - before >= MEND_PAUSE


@pytest.mark.parametrize("kind", KINDS)
async def test_a_channel_that_does_not_answer_is_left_in_time(kind: ChannelKind, vendor: Vendor) -> None:
    vendor.may_answer.clear()
    error = await refused(kind, seconds=0.3)
    vendor.may_answer.set()
    assert (error.failure, error.retry_at) == (Failure.DOWN, None)
    assert str(error) == f"{CHANNELS[kind].name}: no answer within 0.3 s"


@pytest.mark.parametrize("kind", KINDS)
async def test_a_connection_that_breaks_off_is_tried_again(kind: ChannelKind, vendor: Vendor) -> None:
    vendor.says(0)
    assert (await refused(kind)).failure is Failure.DOWN


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in {APPRISE, WEBHOOK, ChannelKind.PAGERDUTY}])
async def test_a_page_instead_of_an_answer_is_no_success(kind: ChannelKind, vendor: Vendor) -> None:
    vendor.says(200, body=b"<html>Welcome</html>")
    assert (await refused(kind)).failure is Failure.DOWN


@pytest.mark.parametrize("kind", KINDS)
async def test_without_its_block_a_channel_says_what_to_do(kind: ChannelKind) -> None:
    channel = ChannelConfig("lost", kind, "nobody-made-this", channel="#x", project="OPS", repository="acme/shop")
    with pytest.raises(ChannelError, match='named "nobody-made-this" is missing') as caught:
        await send_digest(channel, digest_of(), "", {})
    assert caught.value.failure is Failure.MEND


async def test_a_github_channel_needs_a_repository() -> None:
    channel = ChannelConfig("code", ChannelKind.GITHUB)
    with pytest.raises(ChannelError, match="code names no repository") as caught:
        await send_digest(channel, digest_of(), "", {})
    assert caught.value.is_final


def test_people_are_addressed_as_the_channel_knows_them() -> None:
    people = {"Ann": Person("Ann", handles={"slack": "U1", "github": "ann"}), "Bob": Person("Bob")}
    assert handles(people, SLACK) == {"Ann": "U1"}
    assert handles(people, ChannelKind.JIRA) == {}
