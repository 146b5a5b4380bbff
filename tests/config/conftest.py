from collections.abc import Callable, Mapping

import pytest

from watchkeeper.config import Configuration, ConfigurationError, Problem, read_configuration

Mistakes = Callable[..., dict[str, Problem]]

SHOP = """\
projects:
  - slug: shop
    name: Shop
    circleci: {project: gh/acme/shop}
"""


@pytest.fixture
def shop() -> str:
    """The smallest file that is right: four lines, more keys can be added below at four spaces."""
    return SHOP


@pytest.fixture
def mistakes() -> Mistakes:
    """What is wrong with a text, by key."""

    def find(text: str, environment: Mapping[str, str] | None = None) -> dict[str, Problem]:
        try:
            read_configuration(text, environment or {})
        except ConfigurationError as error:
            return {problem.key: problem for problem in error.problems}
        return {}

    return find


@pytest.fixture
def read() -> Callable[..., Configuration]:
    def reader(text: str, environment: Mapping[str, str] | None = None, *, isolate: bool = False) -> Configuration:
        return read_configuration(text, environment or {}, isolate=isolate)

    return reader
