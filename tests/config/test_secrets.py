"""Secrets are refused wherever they stand, and never repeated in a message."""

import pytest

from tests.config.conftest import Mistakes
from watchkeeper.config import ConfigurationError, read_configuration
from watchkeeper.config.secrets import is_secret_name, is_secret_value

MAKE_BELIEVE = [
    pytest.param("xox" + "b-make-believe", id="Slack bot token"),
    pytest.param("xap" + "p-make-believe", id="Slack app token"),
    pytest.param("https://hooks.slack" + ".com/services/make/believe", id="Slack webhook"),
    pytest.param("sntry" + "u_makebelieve", id="Sentry token"),
    pytest.param("gh" + "p_makebelieve", id="GitHub token"),
    pytest.param("github" + "_pat_makebelieve", id="GitHub fine-grained token"),
    pytest.param("CCI" + "PAT_makebelieve", id="CircleCI token"),
    pytest.param("Bearer make-believe-token", id="header"),
    pytest.param("https://user:make-believe@example.com/", id="password in an address"),
    pytest.param("https://example.com/?access_token=make-believe", id="token in an address"),
    pytest.param("https://example.com/?x-vercel-protection-bypass=make-believe", id="bypass of Vercel"),
    pytest.param("0123456789abcdef" * 4, id="64 hexadecimal digits"),
]


@pytest.mark.parametrize("secret", MAKE_BELIEVE)
@pytest.mark.parametrize("place", ["name: '{}'", "endpoints: [{{name: a, url: '{}'}}]", "'{}': 1", "&{} x", "x: '{}"])
def test_a_secret_is_refused_and_never_repeated(shop: str, secret: str, place: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_configuration(f"{shop.replace('    name: Shop', '')}    {place.format(secret)}\n", {})
    assert secret not in str(caught.value)
    assert "make" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["A_TOKEN", "API_KEY", "CLIENT_SECRET", "DB_PASSWORD", "SLACK_WEBHOOK_URL", "SENTRY_DSN"]
)
def test_a_variable_that_holds_a_secret_is_refused(shop: str, mistakes: Mistakes, name: str) -> None:
    found = mistakes(f"{shop}    github: {{repository: '${{{name}:-acme/shop}}'}}\n", {name: "acme/hush"})
    message = found["projects[0].github.repository"].message
    assert name in message
    assert "credential block" in message
    assert ".env" in message
    assert "hush" not in message


def test_a_secret_behind_a_harmless_name_is_refused(shop: str, mistakes: Mistakes) -> None:
    found = mistakes(f"{shop}    github: {{repository: '${{REPO}}'}}\n", {"REPO": "xox" + "b-make-believe"})
    assert found["projects[0].github.repository"].message.startswith("this looks like a secret: secrets belong into")


@pytest.mark.parametrize("name", ["MONKEY", "KEYBOARD_LAYOUT", "WATCHKEEPER_SANDBOX_PORT", "STAGE", "AUTHOR"])
def test_harmless_names(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "prj_shop",
        "team_sandboxacme",
        "Basic accounting for everyone",
        "http://127.0.0.1:8400/products/shop/?page=1&tokens_used=2",
        "https://example.com/@user",
        'status == "ok"',
        "0123456789abcdef",
    ],
)
def test_harmless_values(text: str) -> None:
    assert not is_secret_value(text)
