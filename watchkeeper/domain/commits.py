"""Commit SHAs, as the vendors write them."""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

SHORTEST = 7  # digits below which a short SHA is not told apart from a number or a word
_SHA = re.compile(rf"g?([0-9a-f]{{{SHORTEST},64}})")
_PARTS = re.compile(r"[@+._/-]")


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit of the default branch; `at` is when it was written, `author` a name."""

    sha: str
    at: datetime
    title: str
    author: str


@lru_cache(maxsize=65_536)
def commit_of(version: str) -> str:
    """Return the SHA that a version names, in lower case; "" when it names none, or more than one.

    Understood are a SHA, a short SHA of at least seven digits, `package@sha`, `package@1.2.3+sha`, and what
    `git describe` gives (`v1.2.3-5-g3f2c1ab`).
    """
    text = version.strip().lower()
    for part in (text, text.rpartition("+")[2], text.rpartition("@")[2]):
        if whole := _SHA.fullmatch(part):
            return whole[1]
    found = {match[1] for part in _PARTS.split(text) if (match := _SHA.fullmatch(part))}
    named = {sha for sha in found if not sha.isdigit()} or found
    return named.pop() if len(named) == 1 else ""


def same_commit(a: str, b: str) -> bool:
    """Return True when both name one commit: equal, or one the beginning of the other."""
    first, second = commit_of(a), commit_of(b)
    return bool(first and second) and (first.startswith(second) or second.startswith(first))


def short_name(version: str) -> str:
    """Return the first seven digits of the SHA in it, or else the version itself, cut to 40 characters."""
    return commit_of(version)[:SHORTEST] or version[:40]
