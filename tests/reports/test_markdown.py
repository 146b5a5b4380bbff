import re

import pytest

from reports.markdown import escape, link, table


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "[click](https://evil.test)",
        "![x](https://evil.test/x.png)",
        "**bold** _it_ `code` ~~gone~~ $x$",
        "# head",
        "https://evil.test www.evil.test someone@evil.test",
        "&lt;b&gt;",
        "\\",
    ],
)
def test_text_from_outside_is_no_markup(text: str) -> None:
    shown = escape(text)
    bare = re.sub(r"\\.", "", shown)
    assert not set(bare) & set("\\`*_[]<>|~#!@$&")
    assert "://" not in bare
    assert "www." not in bare.lower()
    assert re.sub(r"\\(.)", r"\1", shown) == text


def test_lines_become_one() -> None:
    assert escape("one\n\n# two\t\u202ethree") == "one \\# two three"


def test_long_text_is_cut() -> None:
    assert escape("x" * 600) == "x" * 499 + "…"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x?y=1&z=2", "[A](https://a.test/x?y=1&z=2)"),
        ("https://a.test/) [b](c <d>|", "[A](https://a.test/%29%20%5Bb%5D%28c%20%3Cd%3E%7C)"),
        ("javascript:alert(1)", "A"),
        ("", "A"),
    ],
)
def test_a_link_stays_within_its_brackets(url: str, shown: str) -> None:
    assert link(url, "A") == shown


def test_a_table_has_a_rule() -> None:
    assert table(("A", "B"), [("1", "2")], right=("B",)) == "| A | B |\n| --- | ---: |\n| 1 | 2 |"
