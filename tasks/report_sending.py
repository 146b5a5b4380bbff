"""Sends a report to one place. Each step is in the ledger before the next one begins.

A step whose outcome nobody knows, because its sender died or the vendor's answer was lost, is looked up at the vendor
before it is done again, as far as the vendor lets us look.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from prefect import get_run_logger

from blocks.apprise import Apprise
from blocks.github import GitHub
from blocks.slack import Slack
from tasks import report_ledger as ledger
from tasks.slack import or_plain
from tasks.vendors import vendor_task
from watchkeeper.clients.apprise import AppriseFile
from watchkeeper.clients.slack import SlackClient, SlackFile
from watchkeeper.clients.vendor_errors import VendorRefused, VendorUnavailable
from watchkeeper.store.report_deliveries import Delivery

MESSAGE: Final = "message"
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Sending:
    """A delivery that is ours to send.

    Attributes:
        files: what goes along, by name.
        unsure_since: since when an earlier attempt may have done something that nobody has confirmed; None for no time.
    """

    delivery: Delivery
    owner: str
    files: Mapping[str, bytes]
    unsure_since: datetime | None = None

    @property
    def content(self) -> Mapping[str, Any]:
        return self.delivery.plan.content

    @property
    def place(self) -> str:
        return self.delivery.plan.destination

    @property
    def mark(self) -> str:
        """What the message is known by at its place, whatever it says."""
        return sha256(f"{self.content['mark']} {self.place}".encode()).hexdigest()[:32]

    def part(self, name: str) -> str:
        """Return what `name` is called in the ledger as a part of this version of the report."""
        return f"{self.delivery.plan.digest[:_SHORT]}:{name}"

    def confirmed(self, ts: str, *parts: str) -> "Sending":
        """Record what is there now, and return what is still to be done."""
        ledger.arrived(self.delivery, self.owner, ts, parts)
        return replace(self, delivery=replace(self.delivery, ts=ts, parts=parts))


@vendor_task("report to slack {sending.place}")
async def send_to_slack(slack: Slack, sending: Sending) -> None:
    """Post the message, or bring the one that is there up to date, and put the files into its thread.

    Raises:
        VendorError: not all of it is there; the ledger says what is.
    """
    sending = _taken(sending)
    async with slack.get_client() as client:
        posted = await _post(client, sending)
        if not client.is_webhook:
            await _attach(client, posted, is_same=posted is sending)


@vendor_task("report by apprise {sending.place}")
async def send_by_apprise(apprise: Apprise, sending: Sending) -> None:
    """Send to each address that has not confirmed yet.

    Raises:
        VendorUnavailable: some have not confirmed; the ledger says which have.
    """
    sending = _taken(sending)
    client, content = apprise.get_client(), sending.content
    page = AppriseFile(content["file"], sending.files[content["file"]], "text/html")
    missing: list[str] = []
    for number, address in enumerate(client.fingerprints, 1):
        if address in sending.delivery.parts:
            continue
        ledger.sending(sending.delivery, sending.owner)
        sent = await client.send(address, content["title"], content["text"], page)
        if sent.confirmed:
            sending = sending.confirmed("", *sending.delivery.parts, address)
        else:
            missing.append(f"{number} ({sent.service})")
    if missing:
        raise VendorUnavailable(
            "Apprise", f"address {', '.join(missing)} of {len(client.fingerprints)} did not confirm"
        )


@vendor_task("report to github pages {sending.place}")
async def publish_to_pages(github: GitHub, sending: Sending) -> None:
    """Publish the files in one commit; files that are there already make none.

    Raises:
        VendorError: they are not there.
    """
    sending = _taken(sending)
    content = sending.content
    async with github.get_client() as client:
        commit = await client.publish_pages(content["repository"], content["branch"], sending.files, content["title"])
    sending.confirmed(commit)


def _taken(sending: Sending) -> Sending:
    """Take the delivery, again where the task is repeated, and return it as the ledger knows it.

    Raises:
        TakenOverError: somebody else has it, or it is done.
    """
    delivery = ledger.claim(sending.delivery.id, sending.owner)
    if delivery is None:
        raise ledger.TakenOverError
    return replace(sending, delivery=delivery, unsure_since=delivery.unsure_since)


async def _post(client: SlackClient, sending: Sending) -> Sending:
    """Post or edit the message; what is there as it should be, or cannot be edited, is left alone."""
    delivery, content = sending.delivery, sending.content
    messages = [part for part in delivery.parts if part.endswith(MESSAGE)]
    if sending.part(MESSAGE) in messages or (messages and client.is_webhook):
        return sending
    there = delivery.ts or await _posted_before(client, sending)
    ledger.sending(delivery, sending.owner)
    ts = await or_plain(
        content["blocks"],
        lambda blocks: client.update(sending.place, there, content["text"], blocks, mark=sending.mark),
        sending.place,
    )
    files = [part for part in delivery.parts if part not in messages and ts == delivery.ts]
    return sending.confirmed(ts, *files, sending.part(MESSAGE))


async def _posted_before(client: SlackClient, sending: Sending) -> str:
    """Return the message that an earlier attempt may have posted; "" when there is none, or we may not look."""
    if sending.unsure_since is None or client.is_webhook:
        return ""
    known = ledger.known_message(sending.delivery.plan)
    try:
        return await client.find(sending.place, sending.mark, sending.unsure_since, known)
    except VendorRefused as refused:
        get_run_logger().warning("Nobody knows whether the message was posted before; it is posted: %s.", refused)
        return ""


async def _attach(client: SlackClient, sending: Sending, *, is_same: bool) -> None:
    """Put the files into the thread of the message, in the place of those of an earlier version.

    Args:
        is_same: whether the message was there already as it should be: then files that an earlier attempt may have put
            there are those of this version.
    """
    delivery, parts = sending.delivery, sending.delivery.parts
    message = sending.part(MESSAGE)
    current = [part for part in parts if part != message and part.startswith(sending.part(""))]
    stale = [part for part in parts if part != message and part not in current]
    if not current:
        found = await _attached_before(client, sending)
        if found and is_same:
            current = [sending.part(file) for file in found]
        else:
            stale += [f"stale:{file}" for file in found]
            ledger.sending(delivery, sending.owner)
            ids = await client.upload(sending.place, _files(sending), delivery.ts)
            current = [sending.part(file) for file in ids]
        sending = sending.confirmed(delivery.ts, message, *current, *stale)
    await _delete(client, sending.place, stale)
    if stale:
        sending.confirmed(delivery.ts, message, *current)


async def _attached_before(client: SlackClient, sending: Sending) -> tuple[str, ...]:
    """Return the files that an earlier attempt may have put into the thread without our knowing."""
    if sending.unsure_since is None:
        return ()
    names = [file["name"] for file in sending.content["files"]]
    known = {part.partition(":")[2] for part in sending.delivery.parts}
    try:
        found = await client.uploaded(sending.place, sending.delivery.ts, names, sending.unsure_since)
    except VendorRefused as refused:
        get_run_logger().warning("Nobody knows whether the files are there already; they are uploaded: %s.", refused)
        return ()
    return tuple(file for file in found if file not in known)


async def _delete(client: SlackClient, place: str, stale: list[str]) -> None:
    for part in stale:
        try:
            await client.delete_file(place, part.partition(":")[2])
        except VendorRefused as refused:
            get_run_logger().warning("A file of an earlier version stays in the thread: %s.", refused)


def _files(sending: Sending) -> list[SlackFile]:
    return [
        SlackFile(file["name"], sending.files[file["name"]], file["title"], file["alt"])
        for file in sending.content["files"]
    ]
