"""Matchers as people write them: `severity=critical`, `project!=shop`, `rule=~error-rate-.*`, `endpoint!~test.*`."""

import re
from collections.abc import Iterable
from typing import Final

from watchkeeper.domain.alert_policy import FIELDS, Matcher, Matchers
from watchkeeper.domain.alert_values import Severity

LONGEST: Final = 300
_FORM: Final = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]{0,62})\s*(=~|!~|!=|=)\s*(.*?)\s*", re.DOTALL)
_FORMS: Final = 'expected a matcher such as "severity=critical", "project!=shop", "rule=~error-rate-.*" or "rule!~.*"'


def parse_matcher(text: str) -> Matcher:
    """Return the condition that `text` writes. A pattern in double quotes is taken as it stands between them.

    Raises:
        ValueError: it is none, or its expression is not one; the text says what was expected.
    """
    form = _FORM.fullmatch(text)
    if form is None or len(text) > LONGEST:
        raise ValueError(f"{_FORMS}, got {_shown(text)}")
    name, operator, pattern = form[1], form[2], _unquoted(form[3])
    matcher = Matcher(name, pattern, is_regex=operator.endswith("~"), is_negated=operator.startswith("!"))
    _check(matcher)
    return matcher


def parse_matchers(texts: Iterable[str]) -> Matchers:
    """Return all conditions.

    Raises:
        ValueError: see `parse_matcher`.
    """
    return tuple(map(parse_matcher, texts))


def show_matcher(matcher: Matcher) -> str:
    """Return the matcher as `parse_matcher` reads it."""
    operator = ("!" if matcher.is_negated else "=") + ("~" if matcher.is_regex else "=" if matcher.is_negated else "")
    pattern = matcher.pattern
    is_quoted = pattern.startswith('"') and pattern.endswith('"')
    is_plain = pattern == pattern.strip() and not is_quoted and not pattern.startswith("~")
    return f"{matcher.name}{operator}{pattern}" if is_plain else f'{matcher.name}{operator}"{pattern}"'


def show_matchers(matchers: Iterable[Matcher]) -> str:
    return ", ".join(map(show_matcher, matchers)) or "everything"


def unknown_names(matchers: Iterable[Matcher], labels: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are neither a field of every alert nor one of the known labels, in their order."""
    known = {*FIELDS, *labels}
    return tuple(dict.fromkeys(matcher.name for matcher in matchers if matcher.name not in known))


def _check(matcher: Matcher) -> None:
    if matcher.is_regex:
        try:
            re.compile(matcher.pattern)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"expected a regular expression, got {_shown(matcher.pattern)}: {error}") from None
    elif matcher.name == "severity" and matcher.pattern not in set(Severity):
        raise ValueError(f"expected a severity ({', '.join(Severity)}), got {_shown(matcher.pattern)}")


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


def _shown(text: str) -> str:
    line = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text[:61])
    return f'"{line if len(text) <= 60 else line[:59] + "…"}"'
