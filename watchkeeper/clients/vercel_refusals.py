"""What a person reads when Vercel does not change what it was asked to."""

import json
from typing import Final

import httpx

_WHY: Final = {
    httpx.codes.UNAUTHORIZED: "it does not accept the token: put a valid one into the block Watchkeeper Vercel",
    httpx.codes.PAYMENT_REQUIRED: "the plan of the account does not allow it: on Hobby only the previous deployment "
    "can be gone back to",
    httpx.codes.FORBIDDEN: "the token may not do that: put one into the block Watchkeeper Vercel whose user may",
    httpx.codes.NOT_FOUND: "the deployment is not there any more, or the token may not see it",
    httpx.codes.CONFLICT: "another move of production is under way, or the deployment serves already",
    httpx.codes.GONE: "the deployment was deleted",
    httpx.codes.UNPROCESSABLE_ENTITY: "the deployment is none that production can go to",
}


def refused_change(status: int, about: str, said: str) -> str:
    """Return what was refused and why; `said`: the vendor's own words, made fit to show. Nothing was changed then."""
    why = _WHY.get(httpx.codes(status), "") if status in set(httpx.codes) else ""
    words = _words(said)
    told = f"; in its words: {words}" if words else ""
    return f"refused the {about} ({status}){': ' if why else ''}{why}{told}"


def _words(said: str) -> str:
    """Return the sentence in Vercel's error body; the body itself where it is another."""
    try:
        error = json.loads(said)["error"]
        return f"{error['message']}"
    except (ValueError, LookupError, TypeError):
        return said
