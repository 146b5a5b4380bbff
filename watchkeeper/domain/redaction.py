"""Tokens that stand in texts from outside, such as an error that quotes the request: nobody is shown them."""

import re
from typing import Final

HIDDEN: Final = "***"

# Each alternative takes the whole token, and neither quotes nor backslashes: the text of a JSON document stays one.
_TOKEN: Final = re.compile(
    r"""
      \bxox[a-z]-[\w-]+ | \bxapp-[\w-]+                                          # Slack
    | (?<=hooks\.slack\.com/)[\w./-]+ | (?<=hooks\.slack-gov\.com/)[\w./-]+      # Slack webhook
    | \bsntry[a-z]_[\w.=+/-]+                                                    # Sentry
    | \bgh[opusr]_\w{8,} | \bgithub_pat_\w+                                     # GitHub
    | \bCCIP(?:AT|RJ)_\w+                                                       # CircleCI
    | \bvc[a-z]_\w{16,}                                                         # Vercel
    | \bATATT[\w=+/-]{16,}                                                       # Atlassian
    | \bglpat-[\w-]+ | \b[srp]k_(?:live|test)_\w+ | \bAKIA[A-Z0-9]{12,}
    | -----BEGIN\ [A-Z ]{0,40}KEY-----[^"\\]*(?:-----END\ [A-Z ]{0,40}KEY-----)?
    | \beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?                                      # a JSON web token
    | (?<=\bbearer\s)(?=[\w.~+/=-]*\d)[\w.~+/=-]{8,}
    | (?<=\bbasic\s)(?=[A-Za-z+/]*[0-9=])[\w+/-]{8,}={0,2}
    | (?<=://)[^/?\#\s@"\\]{0,100}:[^/?\#\s@"\\]{1,200}(?=@)                   # a password in an address
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ASSIGNED: Final = re.compile(
    r"""
    ( (?:token|secret|password|passwd|api[_-]?key|app[_-]?key|routing[_-]?key|bypass|\bsig|\bsignature)
      ["']?\s{0,4}[=:]\s{0,4}["']? )
    (?=[\w.~+/%-]*\d) [\w.~+/%-]{12,}={0,2}
    """,
    re.IGNORECASE | re.VERBOSE,
)


def redacted(text: str) -> str:
    """Return `text` with everything that looks like a token hidden; commits and other ids stay."""
    return _ASSIGNED.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, text))


def shortened(text: str, most: int) -> str:
    """Return `text` in at most `most` characters; its tokens are hidden first, since half a token looks like none."""
    text = redacted(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"
