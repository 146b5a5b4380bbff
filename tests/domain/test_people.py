"""Who is meant by a name: one person, or nobody."""

import pytest

from watchkeeper.domain.people import (
    Nobody,
    Person,
    checked_name,
    doubles,
    find_person,
    is_watchkeeper,
    possible_doubles,
    same_person,
)

LISTED = ("Ada Okafor <ada@acme.example, ada-o>", "grace@acme.example", "Barbara", "Straße <s@acme.example>", "José")


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Ada Okafor", "Ada Okafor"),
        ("  ADA\u00a0 okafor ", "Ada Okafor"),
        ("ada@ACME.example", "Ada Okafor"),
        ("ada-o", "Ada Okafor"),
        ("Ada Okafor <ada@acme.example>", "Ada Okafor"),
        ("<ada@acme.example>", "Ada Okafor"),
        ("ＡＤＡ Ｏｋａｆｏｒ", "Ada Okafor"),
        ("GRACE@acme.example", "grace@acme.example"),
        ("STRASSE", "Straße"),
        ("Jose\u0301", "José"),
    ],
)
def test_a_whole_name_in_any_spelling_is_that_person(typed: str, name: str) -> None:
    found = find_person(typed, LISTED)
    assert isinstance(found, Person)
    assert found.name == name


@pytest.mark.parametrize(
    "typed",
    [
        "Ada",
        "Okafor",
        "ada@acme",
        "ada@acme.example.evil.example",
        "Grace",
        "Mallory <ada@acme.example>",
        "Ada Okafor <mallory@evil.example>",
        "Ada Okafor, Barbara",
        "Jose",
        "Аѕе",
    ],
)
def test_a_part_of_a_name_or_a_false_address_is_nobody(typed: str) -> None:
    found = find_person(typed, LISTED)
    assert isinstance(found, Nobody)
    assert found.is_unlisted


def test_an_ambiguous_name_names_the_candidates() -> None:
    found = find_person("Ada", ["Ada <a@acme.example>", "Ada <b@acme.example>"])
    assert isinstance(found, Nobody)
    assert not found.is_unlisted
    assert "'Ada <a@acme.example>' and 'Ada <b@acme.example>'" in found.reason


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("", "expected a name", id="nothing"),
        pytest.param(" \u3000 ", "expected a name", id="spaces"),
        pytest.param("-- <>", "expected a name", id="no letter"),
        pytest.param("Ada <--->", "expected a name", id="an address without a letter"),
        pytest.param("\u200b", "U+200B", id="zero-width space"),
        pytest.param("A\u200dda", "U+200D", id="zero-width joiner"),
        pytest.param("\ufeffAda", "U+FEFF", id="byte order mark"),
        pytest.param("Ada\u2060", "U+2060", id="word joiner"),
        pytest.param("A\u00adda", "U+00AD", id="soft hyphen"),
        pytest.param("\u202eadA", "U+202E", id="bidi override"),
        pytest.param("\u2066Ada\u2069", "U+2066", id="bidi isolate"),
        pytest.param("Ada\u2028Bob", "U+2028", id="line separator"),
        pytest.param("Ada\u2029Bob", "U+2029", id="paragraph separator"),
        pytest.param("Ada\nBob", "U+000A", id="line break"),
        pytest.param("Ada\tBob", "U+0009", id="tab"),
        pytest.param("Ada\x00", "U+0000", id="NUL"),
        pytest.param("Ada\x1b[31m", "U+001B", id="escape"),
        pytest.param("Ada\x9b31m", "U+009B", id="C1 escape"),
        pytest.param("Ada\x7f", "U+007F", id="delete"),
        pytest.param("Ada\U000e0041", "U+E0041", id="tag"),
        pytest.param("Ada\ufe0f", "U+FE0F", id="variation selector"),
        pytest.param("Ada\U000e0101", "U+E0101", id="variation selector of the second kind"),
        pytest.param("Ada\u3164", "U+3164", id="Hangul filler"),
        pytest.param("\u2800", "U+2800", id="empty braille"),
        pytest.param("A\u034fda", "U+034F", id="grapheme joiner"),
        pytest.param("Ada\ud800", "U+D800", id="half a character"),
        pytest.param("Ada\ue000", "U+E000", id="private use"),
        pytest.param("\u0410da", "Cyrillic and Latin", id="Cyrillic A"),
        pytest.param("Ad\u03b1", "Greek and Latin", id="Greek alpha"),
        pytest.param("Ada \u041e\u043a\u0430", "Cyrillic and Latin", id="half of the name in another script"),
        pytest.param("Ada <\u0430da@acme.example>", "Cyrillic and Latin", id="in the address"),
        pytest.param("A" * 201, "at most 200", id="too long"),
    ],
)
def test_a_name_that_cannot_be_read_is_refused(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        checked_name(name)
    assert words in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "José O’Brien-Ŝmith",
        "Иван <ivan@acme.example>",
        "李小龍",
        "山田 タロウ Jr",
        "Αλέξης",
        "محمد",
        "u2",
        "अदिति",
    ],
)
def test_names_of_the_world_are_names(name: str) -> None:
    assert checked_name(f"  {name} ") == name


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada", "ada ", True),
        ("Ada <a@b>", "a@b", True),
        ("<a@b>", "A@B", True),
        ("Ada Okafor", "ada-o", True),
        ("Ada", "Bob", False),
        ("Ada", "Ada Okafor", False),
        ("Ada Okafor", "Barbara", False),
        ("", "", False),
        ("Jos\u00e9", "Jose\u0301", True),
    ],
)
def test_names_of_one_person(one: str, other: str, same: bool) -> None:  # noqa: FBT001
    assert same_person(one, other, LISTED) is same
    assert same_person(other, one, LISTED) is same


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param("Ada", "ADA ", id="case and spaces"),
        pytest.param("José", "Jose\u0301", id="composed and decomposed"),
        pytest.param("Ada <a@acme.example>", "Bob <A@ACME.example>", id="one address"),
        pytest.param("Ada <a@acme.example>", "a@acme.example", id="the address of somebody listed"),
        pytest.param("Ada <a@acme.example, ace>", "Ace", id="an alias"),
        pytest.param("a@acme.example", "a+2@acme.example", id="one mailbox"),
        pytest.param("O’Brien", "O'Brien", id="two apostrophes"),
        pytest.param("Ace", "\u0410\u0441\u0435", id="the same look in Cyrillic"),
    ],
)
def test_one_person_who_is_listed_twice(first: str, second: str) -> None:
    (found,) = doubles(["Zoe <zoe@acme.example>", first, second])
    assert (found.first, found.second) == (1, 2)


@pytest.mark.parametrize(
    ("first", "second", "could_be"),
    [
        pytest.param("Ada", "Ada Okafor", True, id="a first name"),
        pytest.param("Ada Okafor", "ada@acme.example", True, id="name here, address there"),
        pytest.param("Ada Okafor", "okafor.ada@acme.example", True, id="the other way round"),
        pytest.param("Ada", "Ada Byron <byron@acme.example>", True, id="one of them is not full"),
        pytest.param("Ada Okafor <ada@acme.example>", "Ada Byron <byron@acme.example>", False, id="both are full"),
        pytest.param("Ada", "Grace", False, id="two names"),
        pytest.param("ada@acme.example", "grace@acme.example", False, id="two addresses"),
    ],
)
def test_two_entries_that_could_be_one_person(first: str, second: str, *, could_be: bool) -> None:
    assert bool(list(possible_doubles([first, second]))) is could_be
    assert bool(list(possible_doubles([second, first]))) is could_be
    assert not list(doubles([first, second]))


@pytest.mark.parametrize("name", ["watchkeeper", " WatchKeeper", "Ｗatchkeeper", "wаtсhkeeper", "Ada <watchkeeper>"])
def test_our_own_name_is_known_in_any_spelling(name: str) -> None:
    assert is_watchkeeper(name)
    assert not is_watchkeeper("Watch Keeper")
