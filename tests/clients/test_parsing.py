from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.garbage import JSON
from watchkeeper.clients.base import Answer, VendorUnavailable
from watchkeeper.clients.parsing import Record, readable, record_of, records_of


class Colour(StrEnum):
    RED = "red"
    UNKNOWN = "unknown"


def record(value: Any) -> Record:
    return Record("Acme", {"key": value})


@pytest.mark.parametrize(
    ("value", "number"),
    [
        pytest.param(3, 3, id="a number"),
        pytest.param("3", 3, id="a number as text"),
        pytest.param("2.5", 2.5, id="a fraction as text"),
        pytest.param(None, None, id="null"),
        pytest.param("three", None, id="a word"),
        pytest.param(True, None, id="a truth is no number"),
        pytest.param(float("nan"), None, id="not a number"),
        pytest.param(float("inf"), None, id="infinite"),
        pytest.param(10**400, None, id="beyond a float"),
        pytest.param([1], None, id="a list"),
    ],
)
def test_numbers_are_read_also_from_text(value: Any, number: float | None) -> None:
    if number is not None:
        assert record(value).number("key") == number
        return
    assert record(value).number("key", -1) == -1
    with pytest.raises(VendorUnavailable, match="Acme: answered without a usable `key`"):
        record(value).number("key")


@pytest.mark.parametrize("value", [-1, 10**13, "-3", 1e300])
def test_a_count_that_cannot_be_is_nonsense(value: Any) -> None:
    with pytest.raises(VendorUnavailable):
        record(value).count("key")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("2026-03-01T12:00:00Z", id="Z"),
        pytest.param("2026-03-01T13:00:00+01:00", id="another zone"),
        pytest.param("2026-03-01T12:00:00", id="no zone"),
        pytest.param(1_772_366_400_000, id="milliseconds"),
        pytest.param("1772366400000", id="milliseconds as text"),
    ],
)
def test_moments_are_read_in_every_form(value: Any) -> None:
    assert record(value).moment("key") == datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("value", ["", "soon", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", 1e300, {}])
def test_a_moment_that_cannot_be_is_none(value: Any) -> None:
    assert record(value).moment_or_none("key") is None


@pytest.mark.parametrize(("value", "colour"), [("red", "red"), ("RED", "red"), ("mauve", "unknown"), (7, "unknown")])
def test_an_unknown_choice_is_the_default(value: Any, colour: str) -> None:
    assert record(value).choice("key", Colour, Colour.UNKNOWN) == colour


def test_text_keeps_nothing_that_a_database_cannot_hold() -> None:
    assert record("a\0b\ud800c").text("key") == "ab?c"
    assert record(42).text("key") == "42"


@pytest.mark.parametrize("value", ["javascript:alert(1)", "data:text/html,x", 7, None])
def test_only_web_addresses_are_links(value: Any) -> None:
    assert record(value).url("key") == ""
    assert record("https://acme.test/1").url("key") == "https://acme.test/1"


def test_paths_lead_into_objects_and_dots_may_be_part_of_a_key() -> None:
    nested = Record("Acme", {"by": {"session.status": "crashed"}, "a": {"b": 1}})
    assert nested.record("by").text("session.status") == "crashed"
    assert nested.whole("a.b") == 1
    assert nested.text("a.b.c", "none") == "none"


def test_no_list_is_nonsense_but_an_empty_list_is_silence() -> None:
    assert record([]).records("key") == ()
    with pytest.raises(VendorUnavailable):
        record({}).records("key")


@pytest.mark.parametrize(
    ("body", "said"), [(3, "a single value instead of an object"), ([], "a list instead of an object")]
)
def test_a_body_of_another_type_is_named(body: object, said: str) -> None:
    with pytest.raises(VendorUnavailable, match=said):
        record_of(Answer("Acme", body, httpx.Headers()))


def test_what_cannot_be_read_is_counted() -> None:
    records = records_of(Answer("Acme", [{"id": 1}, {"id": None}, "?"], httpx.Headers()))
    values, warnings = readable(records, lambda raw: raw.text("id"), "things")
    assert values == ["1"]
    assert warnings == ["2 of 3 things could not be read: Acme: answered without a usable `id`"]


def test_when_nothing_can_be_read_it_is_nonsense() -> None:
    with pytest.raises(VendorUnavailable):
        readable((record(None),), lambda raw: raw.text("key"), "things")


@given(value=JSON, key=st.sampled_from(["key", "key.inner", "other"]))
def test_no_reader_breaks(value: Any, key: str) -> None:
    raw = record(value)
    assert isinstance(raw.text(key, ""), str)
    assert isinstance(raw.number(key, 0), float | int)
    assert raw.flag(key) in {True, False, None}
    moment = raw.moment_or_none(key)
    assert moment is None or moment.tzinfo is UTC
    assert raw.choice(key, Colour, Colour.UNKNOWN) in Colour
    assert isinstance(raw.record(key).raw, dict)
    raw.text(key, "").encode()
