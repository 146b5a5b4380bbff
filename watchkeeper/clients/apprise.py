"""Apprise: e-mail, Teams, SMS and a hundred other ways to tell people. It can send, and nothing else.

Source: https://github.com/caronc/apprise/wiki
"""

import asyncio
import hashlib
import logging
import warnings
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from watchkeeper.clients.trust import authorities
from watchkeeper.clients.vendor_errors import MissingCredential

if TYPE_CHECKING:
    from apprise import NotifyBase

VENDOR: Final = "Apprise"
BLOCK: Final = "the block Watchkeeper Apprise"
_JOINT: Final = 10  # between a title and a body that some services count together


@dataclass(frozen=True, slots=True)
class AppriseFile:
    """A file that goes along where the service takes files."""

    name: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, slots=True)
class Sent:
    """What one address made of a message.

    Attributes:
        fingerprint: stands for the address, which is a secret and cannot be had back from it.
        service: the kind of address, as `mailtos`.
    """

    fingerprint: str
    service: str
    confirmed: bool


class AppriseClient:
    """Sends to each of its addresses.

    Args:
        addresses: Apprise URLs with spaces or line breaks between them; each is a secret.

    Raises:
        MissingCredential: there is none, or one of them is none.
        VendorRefused: the environment names no readable authorities.
    """

    def __init__(self, addresses: str) -> None:
        self._addresses = tuple(dict.fromkeys(addresses.split()))
        if not self._addresses:
            raise MissingCredential(VENDOR, f"there is no address: put one into APPRISE_URLS or {BLOCK}")
        self._services = [self._service(number, address) for number, address in enumerate(self._addresses, 1)]

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """Return what stands for each address."""
        return tuple(_fingerprint(address) for address in self._addresses)

    async def send(self, fingerprint: str, title: str, text: str, file: AppriseFile | None = None) -> Sent:
        """Send to one address, and return whether its service has confirmed it.

        What is longer than the service takes is cut, at the end of a line where that can be.

        Args:
            text: plain text.
        """
        number = self.fingerprints.index(fingerprint)
        service = self._services[number]
        confirmed = await asyncio.to_thread(_notify, service, title, text, file)
        return Sent(fingerprint, self._addresses[number].partition(":")[0], confirmed)

    def _service(self, number: int, address: str) -> "NotifyBase":
        _keep_quiet()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of modules that a few of its plugins still import
            from apprise import Apprise  # noqa: PLC0415 - a third of a second, for those who use it

            service = Apprise.instantiate(address)
        if service is None:
            raise MissingCredential(VENDOR, f"cannot use address {number} in {BLOCK}: correct it there")
        if service.verify_certificate:  # requests takes a place in its stead, and would not read SSL_CERT_FILE
            vars(service)["verify_certificate"] = str(authorities(VENDOR))
        return service


def _notify(service: "NotifyBase", title: str, text: str, file: AppriseFile | None) -> bool:
    title, body = fitted(service, title, text)
    return bool(service.notify(title=title, body=body, body_format="text", **_attached(service, file)))


def fitted(service: "NotifyBase", title: str, text: str) -> tuple[str, str]:
    """Return title and body in the service's own format, as short as it wants them; the title may be in the body.

    Source: https://appriseit.com/library/plugins/ (`body_maxlen`, `title_maxlen`, `body_max_line_count`)
    """
    if service.title_maxlen <= 0:
        title, text = "", f"{title}\n{text}"
    title = _cut(title, max(service.title_maxlen, 0))
    joined = len(title) + _JOINT if service.overflow_amalgamate_title else 0
    lines = text.splitlines()[: service.body_max_line_count or None]
    return title, _body(service, lines, service.body_maxlen - joined)


def _body(service: "NotifyBase", lines: list[str], room: int) -> str:
    """Return as many lines in the service's format as there is room for; of the first one at least its beginning."""
    body = _converted(service, "\n".join(lines))
    if len(body) <= room:
        return body
    whole = _most(len(lines) - 1, lambda kept: len(_converted(service, "\n".join([*lines[:kept], "…"]))) <= room)
    if whole:
        return _converted(service, "\n".join([*lines[:whole], "…"]))
    first = lines[0]
    return _converted(
        service, _cut(first, _most(room, lambda kept: len(_converted(service, _cut(first, kept))) <= room))
    )


def _most(limit: int, fits: Callable[[int], bool]) -> int:
    """Return the greatest number up to a limit that fits; 0 when not even 1 does."""
    return bisect_left(range(1, limit + 1), True, key=lambda number: not fits(number))


def _converted(service: "NotifyBase", text: str) -> str:
    from apprise.conversion import convert_between  # noqa: PLC0415 - see above

    return str(convert_between("text", service.notify_format, text))  # type: ignore[no-untyped-call]


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: max(most - 1, 0)]}…"


def _attached(service: "NotifyBase", file: AppriseFile | None) -> dict[str, Any]:
    """Return the file as Apprise takes it; nothing where the service takes none."""
    if file is None or not service.attachment_support:
        return {}
    from apprise import AppriseAttachment  # noqa: PLC0415 - see above
    from apprise.attachment.memory import AttachMemory  # noqa: PLC0415 - see above

    memory: Any = AttachMemory(file.content, file.name, file.mimetype)  # type: ignore[no-untyped-call]
    return {"attach": AppriseAttachment(memory)}


def _fingerprint(address: str) -> str:
    return hashlib.sha256(f"watchkeeper {address}".encode()).hexdigest()[:16]


def _keep_quiet() -> None:
    """Silence the library's own log, and that of what it asks with: they would hold addresses and whole messages."""
    for name in ("apprise", "urllib3.connectionpool"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
