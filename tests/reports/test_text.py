import pytest

from reports.text import amount, sentence


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it failed", "It failed."),
        ("Done!", "Done!"),
        (" cut… ", "Cut…"),
        ("", ""),
        ("9.7 % failed", "9.7 % failed."),
        ("f657400 serves production", "f657400 serves production."),
    ],
)
def test_a_sentence_begins_and_ends_as_one(text: str, shown: str) -> None:
    assert sentence(text) == shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1204, "requests", "1,204 requests"),
        (0.312345, "%", "0.312 %"),
        (1234.5, "ms", "1,234 ms"),
        (0.0, "", "0"),
        (None, "", "–"),
        ("main", "", "main"),
    ],
)
def test_amounts_are_short(value: float | str | None, unit: str, shown: str) -> None:
    assert amount(value, unit) == shown
