"""Matchers as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from watchkeeper.domain.alert_matchers import (
    parse_matcher,
    parse_matchers,
    show_matcher,
    show_matchers,
    unknown_names,
)
from watchkeeper.domain.alert_policy import Matcher


@pytest.mark.parametrize(
    ("text", "matcher"),
    [
        ("severity=critical", Matcher("severity", "critical")),
        ("project != shop", Matcher("project", "shop", is_negated=True)),
        ("rule=~error-rate-.*", Matcher("rule", "error-rate-.*", is_regex=True)),
        ("endpoint!~test.*", Matcher("endpoint", "test.*", is_regex=True, is_negated=True)),
        ('endpoint=" a "', Matcher("endpoint", " a ")),
        ("release=", Matcher("release", "")),
        ("cause=platform:vercel", Matcher("cause", "platform:vercel")),
        ("endpoint=a=b", Matcher("endpoint", "a=b")),
        ('endpoint=""', Matcher("endpoint", "")),
    ],
)
def test_a_condition_is_written_in_one_word(text: str, matcher: Matcher) -> None:
    assert parse_matcher(text) == matcher


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("", "expected a matcher", id="nothing"),
        pytest.param("severity", "expected a matcher", id="no operator"),
        pytest.param("=critical", "expected a matcher", id="no name"),
        pytest.param("1st=x", "expected a matcher", id="a name that is none"),
        pytest.param("rule=" + "x" * 400, "expected a matcher", id="too long"),
        pytest.param("rule=~(", "regular expression", id="not an expression"),
        pytest.param("rule=~x{99999999999999999999}", "regular expression", id="an expression too large"),
        pytest.param("severity=urgent", "critical, warning, info", id="a severity that is none"),
    ],
)
def test_what_is_no_condition_is_refused_with_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_matcher(text)


@given(
    some.builds(
        Matcher,
        some.sampled_from(["project", "rule", "endpoint"]),
        some.text(some.characters(blacklist_categories=["Cs"]), max_size=60).filter(lambda text: text.isprintable()),
        is_negated=some.booleans(),
    )
)
def test_what_is_shown_can_be_read_again(matcher: Matcher) -> None:
    assert parse_matcher(show_matcher(matcher)) == matcher


def test_several_are_shown_in_one_line() -> None:
    assert show_matchers(parse_matchers(["severity=critical", "project!~a|b"])) == "severity=critical, project!~a|b"
    assert show_matchers(()) == "everything"


def test_a_name_that_no_alert_has_is_found() -> None:
    matchers = parse_matchers(["severity=critical", "endpoint=a", "sevrity=x", "sevrity=y"])
    assert unknown_names(matchers, ["endpoint"]) == ("sevrity",)
