"""Who is meant by a name that somebody typed: one listed person, or nobody.

People are listed as `Ada Okafor`, `ada@example.com`, or both with any aliases: `Ada Okafor <ada@example.com, ada>`.
Names are compared whole, in one spelling (NFKC, no case, single spaces), and never by a part of them.

Source: https://www.unicode.org/reports/tr39/ (mixed scripts, skeletons), https://www.unicode.org/reports/tr15/ (NFKC)
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import combinations
from typing import Final

from watchkeeper.domain.phrases import listed
from watchkeeper.domain.text import unseen_in_name

WATCHKEEPER: Final = "watchkeeper"  # who asks when no person does
MAX_NAME: Final = 200
SHOWN: Final = 40  # characters of a wrong name
_ADDRESSED: Final = re.compile(r"([^<>]*)<([^<>]*)>")
_WORD: Final = re.compile(r"[^\W\d_]+")
_ALIKE_SCRIPTS: Final = frozenset({"LATIN", "GREEK", "CYRILLIC", "ARMENIAN", "CHEROKEE", "COPTIC"})
_ALIKE: Final = str.maketrans(  # what is drawn as the letter below it, in small letters or in capitals
    "авекмнорстухѕіјԁԛԝһαβεζηικμνορτυχօսհոɑı’‘ʼ`‐‒–—",
    "abekmhopctyxsijdqwhabezhikmnoptyxouhnai''''----",
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a list. `keys`: every name, address and alias, in the one spelling that is compared."""

    name: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Nobody:
    """A name that is no listed person's, or that of several; `reason` says which, and what to do.

    Attributes:
        is_unlisted: the name is in order, and simply not on the list.
    """

    reason: str
    is_unlisted: bool = False


@dataclass(frozen=True, slots=True)
class Doubt:
    """Two entries of a list that are, or could be, one person: their places, and a sentence."""

    first: int
    second: int
    reason: str


def checked_name(text: str) -> str:
    """Return the name that somebody typed, with single spaces.

    Raises:
        ValueError: it is empty or too long, holds what cannot be seen, or letters of scripts that look alike.
    """
    name = unicodedata.normalize("NFC", text.strip())
    if unseen := unseen_in_name(name):
        raise ValueError(f"a name may not hold characters that cannot be seen, such as {unseen}: type it anew")
    name = " ".join(name.split())
    if not _parts(name) or not all(any(c.isalnum() for c in part) for part in _parts(name)):
        raise ValueError("expected a name or an e-mail address, with at least one letter or digit")
    if len(name) > MAX_NAME:
        raise ValueError(f"expected a name of at most {MAX_NAME} characters, got {len(name)}")
    for part in _parts(name):
        if len(scripts := _scripts(part)) > 1:
            mixed = " and ".join(script.capitalize() for script in sorted(scripts))
            raise ValueError(f"{_shown(part)} mixes letters that look alike, {mixed}: type it in one script")
    return name


def why_no_name(text: str) -> str:
    """Return what is wrong with a name; "" when it can be used."""
    try:
        checked_name(text)
    except ValueError as error:
        return str(error)
    return ""


def listed_person(entry: str) -> Person:
    """Return the person that an entry of a list declares."""
    parts = _parts(entry)
    return Person(parts[0] if parts else entry.strip(), frozenset(map(_key, parts)))


def find_person(typed: str, entries: Sequence[str]) -> Person | Nobody:
    """Return the one person of a list whose names and addresses are all that was typed.

    Args:
        entries: the list, as it is declared.
    """
    if wrong := why_no_name(typed):
        return Nobody(wrong)
    keys = frozenset(map(_key, _parts(typed)))
    people = [listed_person(entry) for entry in entries]
    found = list({person.keys: person for person in people if keys <= person.keys}.values())
    if len(found) == 1:
        return found[0]
    if found:
        candidates = listed([_shown(entry) for entry in entries if keys <= listed_person(entry).keys], 5)
        return Nobody(f"{_shown(typed)} could be {candidates}: type a name or address that only one of them has")
    return Nobody(f"{_shown(typed)} is not listed{_nearest(keys, people)}", is_unlisted=True)


def same_person(one: str, other: str, entries: Sequence[str] = ()) -> bool:
    """Return True when both name one person: the same one of a list, or where one is not listed the same name.

    Args:
        entries: those who are known, as they are declared.
    """
    first, second = find_person(one, entries), find_person(other, entries)
    if isinstance(first, Person) and isinstance(second, Person):
        return first == second
    return bool(_keys(one) & _keys(other))


def is_watchkeeper(name: str) -> bool:
    """Return True for the name that Watchkeeper itself goes by: no person may use it."""
    return any(_skeleton(key) == WATCHKEEPER for key in _keys(name))


def doubles(entries: Sequence[str]) -> Iterator[Doubt]:
    """Yield the entries that share a name, an address or an alias, or look as if they did."""
    for (first, one), (second, other) in combinations(enumerate(map(listed_person, entries)), 2):
        shared = {_skeleton(key) for key in one.keys} & {_skeleton(key) for key in other.keys}
        if shared:
            reason = f"{_shown(other.name)} and {_shown(one.name)} are one person: both are {_shown(min(shared))}"
            yield Doubt(first, second, f"{reason}. List each person once, as Name <address>")


def possible_doubles(entries: Sequence[str]) -> Iterator[Doubt]:
    """Yield the entries that could be one person since one lacks a name or an address: `Ada`, `ada@example.com`."""
    for (first, one), (second, other) in combinations(enumerate(map(listed_person, entries)), 2):
        few = min(_words(one), _words(other), key=len)
        if few and not (_is_full(one) and _is_full(other)) and few <= _words(one) & _words(other):
            reason = f"{_shown(other.name)} and {_shown(one.name)} could be one person"
            yield Doubt(first, second, f"{reason}: list each with name and address, as Ada Okafor <ada@example.com>")


def _parts(text: str) -> tuple[str, ...]:
    """Return name, address and aliases as they are written."""
    match = _ADDRESSED.fullmatch(text.strip())
    several = (match[1], *match[2].split(",")) if match else (text,)
    return tuple(part for each in several if (part := " ".join(each.split())))


def _keys(text: str) -> frozenset[str]:
    return frozenset(map(_key, _parts(text)))


def _key(part: str) -> str:
    """Return a name or address in the spelling that is compared."""
    folded = unicodedata.normalize("NFKC", part).casefold()
    return " ".join(unicodedata.normalize("NFKC", folded).split())


def _skeleton(key: str) -> str:
    """Return what a key looks like, whatever script it is written in; an address without its +tag."""
    local, at, host = key.translate(_ALIKE).rpartition("@")
    return f"{local.partition('+')[0]}{at}{host}" if at else host


def _scripts(part: str) -> frozenset[str]:
    """Return those scripts of its letters that have letters in common with others by their look."""
    names = (unicodedata.name(c, "").partition(" ")[0] for c in unicodedata.normalize("NFKC", part) if c.isalpha())
    return frozenset(names) & _ALIKE_SCRIPTS


def _is_full(person: Person) -> bool:
    return any("@" in key for key in person.keys) and any("@" not in key for key in person.keys)


def _words(person: Person) -> frozenset[str]:
    """Return the words of all names, and of the addresses before their @."""
    texts = (_skeleton(key).rpartition("@")[0] if "@" in key else _skeleton(key) for key in person.keys)
    return frozenset(word for text in texts for word in _WORD.findall(text))


def _nearest(keys: frozenset[str], people: Sequence[Person]) -> str:
    """Return whom somebody may have meant, as a hint."""
    known = {key: person.name for person in people for key in person.keys}
    words = {word: person.name for person in people for key in person.keys for word in key.split()}
    for key in keys:
        near = get_close_matches(key, [*known, *words], n=1, cutoff=0.8)
        if near:
            return f"; did you mean {_shown({**words, **known}[near[0]])}? Type the whole name or the address"
    return ""


def _shown(text: str) -> str:
    return repr(text[:SHOWN])
