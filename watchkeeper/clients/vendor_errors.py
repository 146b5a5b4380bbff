"""The errors of every vendor client.

* VendorError
  x VendorRefused        4xx, redirects elsewhere: asking again will not help
    - MissingCredential  there is no usable secret to ask with
    - CredentialRefused  the vendor does not take the secret, and says so in a way of its own
    - MessageUnfit       the vendor lives, and does not take this message: another form of it may do
  x PartlyDelivered      some of those who are addressed have it: sending it again would tell them twice
  x VendorUnavailable    429, 5xx, timeouts, nonsense: asking again may help, after `retry_after`
    - OutcomeUnknown     the same, after something was sent that may have been done: look before asking again

No error holds a secret: texts of the vendor are cut and redacted, and errors of the library are not chained.
"""

from datetime import timedelta
from typing import ClassVar

from watchkeeper.domain.verdicts import Gap, Missing


class VendorError(Exception):
    """Something a vendor did not give. `str()` of it is safe to show and says what to do."""

    gap: ClassVar[Gap] = Gap.UNAVAILABLE

    def __init__(self, vendor: str, message: str) -> None:
        super().__init__(vendor, message)
        self.vendor = vendor
        self.message = message

    def __str__(self) -> str:
        return f"{self.vendor}: {self.message}"

    def missing(self) -> Missing:
        return Missing(self.gap, str(self))


class VendorRefused(VendorError):  # noqa: N818 - what happened, in the words of the design
    """The vendor said no. `status` is the HTTP status, None when it was not asked at all."""

    gap = Gap.REFUSED

    def __init__(self, vendor: str, message: str, status: int | None = None) -> None:
        super().__init__(vendor, message)
        self.status = status


class MissingCredential(VendorRefused):
    gap = Gap.NO_CREDENTIAL


class CredentialRefused(VendorRefused):
    """The secret was not taken, whatever the status of the answer says of the request."""


class MessageUnfit(VendorRefused):
    """What was to be told does not fit: too long, of a shape that is not taken, nobody here to tell it to."""


class PartlyDelivered(VendorError):  # noqa: N818 - as above
    """A message that some of those who are addressed have, and others have not."""


class VendorUnavailable(VendorError):  # noqa: N818 - as above
    """The vendor did not answer, or answered nonsense.

    Attributes:
        retry_after: None when it named no time.
        has_reached: True when the vendor may have got the request, and may have done what it asks for.
    """

    def __init__(
        self, vendor: str, message: str, retry_after: timedelta | None = None, *, has_reached: bool = False
    ) -> None:
        super().__init__(vendor, message)
        self.retry_after = retry_after
        self.has_reached = has_reached

    def after_a_change(self) -> "VendorUnavailable":
        """Return what this error means where something was to be changed."""
        if not self.has_reached:
            return self
        return OutcomeUnknown(self.vendor, self.message, self.retry_after, has_reached=True)


class OutcomeUnknown(VendorUnavailable):
    """Something was to be changed, and nobody knows whether it was."""
