"""What looks like a secret and must not stand in a file that is committed."""

import re

_NAME = re.compile(
    r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|WEBHOOK|CREDENTIAL|DSN|(?:^|_)(?:API|ACCESS|PRIVATE)?KEYS?(?:_|\d|$)"
    r"|DATABASE_URL|HEARTBEAT_URL|AUTH_STRING",
    re.IGNORECASE,
)

_VALUE = re.compile(
    r"""
      \bxox[a-z]-\S | \bxapp-\S                               # Slack
    | hooks\.slack(?:-gov)?\.com/\S                           # Slack webhook
    | \bsntry[a-z]_\S                                         # Sentry
    | \bgh[opusr]_\w{8} | \bgithub_pat_\w                    # GitHub
    | \bCCIP(?:AT|RJ)_\w                                      # CircleCI
    | \bvc[a-z]_\w{16}                                        # Vercel
    | \bglpat-\S | \bsk_(?:live|test)_\w | \bAKIA[A-Z0-9]{12}
    | -----BEGIN\ [A-Z ]{0,40}KEY
    | \beyJ[\w-]{8,100}\.[\w-]{1,100}                            # a JSON web token
    | \b(?:bearer|basic)\s[\w.~+/-]{16,100}={0,2}$
    | ://[^/?\#\s@]{0,100}:[^/?\#\s@]{1,100}@                            # a password in an address
    | [?&;](?:[\w.-]{0,100}(?:token|secret|password|passwd|api_?key|bypass)|sig|signature)=[^&\s]
    | ^(?:[0-9a-f]{40}|[0-9a-f]{64})$                         # older tokens of Sentry and CircleCI
    """,
    re.IGNORECASE | re.VERBOSE,
)

WAY_OUT = "secrets belong into a credential block (Prefect UI, Blocks) or into .env, never into this file"


def is_secret_name(name: str) -> bool:
    """Return True for the name of a variable or key that would hold a secret."""
    return _NAME.search(name) is not None


def is_secret_value(text: str) -> bool:
    return _VALUE.search(text) is not None
