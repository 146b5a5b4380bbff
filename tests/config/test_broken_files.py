"""A file that cannot be read at all: one mistake, with its line."""

import pytest

from watchkeeper.config import ConfigurationError, read_configuration


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("", 1, "the file is empty", id="empty"),
        pytest.param("# nothing\n", 1, "the file is empty", id="comment"),
        pytest.param("- a\n", 1, "expected a mapping", id="a list"),
        pytest.param("a: 1\n b: 2\n", 2, "not YAML", id="indentation"),
        pytest.param("a:\n\t- b\n", 2, "no tabs", id="tab"),
        pytest.param("a: 'x\n", 2, "never closed", id="open quote"),
        pytest.param("a: b\nc: d: e\n", 2, "quotes", id="colon"),
        pytest.param("a: b\nurl: {x: ${X}}\n", 2, "braces", id="braces without quotes"),
        pytest.param("a: \x00\n", 1, "control character", id="control character"),
        pytest.param("a: b\n---\nc: d\n", 2, "second document", id="two documents"),
        pytest.param("a: &x [*x]\n", 1, "contains itself", id="endless anchor"),
        pytest.param("a: 1\nb: *x\n", 2, "not known", id="unknown anchor"),
        pytest.param("[a]: b\n", 1, "a key must be plain text", id="list as key"),
        pytest.param("a: &x b\n*x : c\n", 2, "a key must be plain text", id="alias as key"),
        pytest.param("[" * 100_000, 1, "nested deeper", id="very deep"),
        pytest.param("a: " + "b" * 5_000_000, 1, "too large", id="very large"),
        pytest.param("a: \ud800\n", 1, "no text can hold", id="half a character"),
    ],
)
def test_a_file_that_cannot_be_read(text: str, line: int, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(text, {})
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].line == line
    assert words in caught.value.problems[0].message


def test_a_bomb_of_aliases_is_refused_at_once() -> None:
    levels = "\n".join(f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12))
    with pytest.raises(ConfigurationError, match="more than 400,000 values"):
        read_configuration(f"x-0: &a0 [boom]\n{levels}\n", {})
