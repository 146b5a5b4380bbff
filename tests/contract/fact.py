"""The form of what a parameter or a state does to a vendor's answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """One fact.

    Attributes:
        name: unique; a check of the sandbox goes by the same name.
        subject: the call and the parameter or state; `effect`: what that does to the answer.
        client: the test that holds the client to it, as `file::test`.
        sandbox: why the sandbox does not show it; "" where it does, which a check proves.
    """

    name: str
    vendor: str
    subject: str
    effect: str
    source: str
    client: str
    sandbox: str = ""
