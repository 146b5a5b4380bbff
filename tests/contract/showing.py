"""Where the checks that the sandbox shows the facts register themselves."""

from collections.abc import Awaitable, Callable

import httpx

Call = Callable[..., Awaitable[httpx.Response]]
Check = Callable[[Call], Awaitable[None]]

SHOWN: dict[str, Check] = {}


def shows(name: str) -> Callable[[Check], Check]:
    """Register the check that the sandbox shows the fact of this name."""

    def register(check: Check) -> Check:
        assert name not in SHOWN, f"{name} is checked twice"
        SHOWN[name] = check
        return check

    return register
