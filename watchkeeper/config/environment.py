"""`${NAME}` and `${NAME:-default}` in values."""

import re
from collections.abc import Mapping

from watchkeeper.config.problems import cut
from watchkeeper.config.secrets import WAY_OUT, is_secret_name, is_secret_value

_REFERENCE = re.compile(
    r"\$(?P<escaped>\$\{)|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\}|(?P<bad>\$\{)"
)


class ValueRefused(ValueError):  # noqa: N818 - reads as what happened
    """A value that must not be used as it stands; the text says why, without the value."""


def fill_in(text: str, environment: Mapping[str, str]) -> str:
    """Return `text` with every reference replaced; `$${` stands for a plain `${`.

    Raises:
        ValueRefused: a variable that is not set and has no default, a broken reference, or a secret.
    """
    if "${" in text:
        text = _REFERENCE.sub(lambda found: _replacement(found, environment), text)
    if is_secret_value(text):
        raise ValueRefused(f"this looks like a secret: {WAY_OUT}")
    return text


def _replacement(found: re.Match[str], environment: Mapping[str, str]) -> str:
    if found["escaped"]:
        return "${"
    if found["bad"]:
        raise ValueRefused("expected ${NAME} or ${NAME:-default} (and $${ for a plain ${)")
    name, default = found["name"], found["default"]
    if is_secret_name(name):
        raise ValueRefused(f"the variable {cut(name, 60)} looks like a secret: {WAY_OUT}")
    value = environment.get(name, "")
    if default is not None:
        return value or str(default).removeprefix(":-")
    if name not in environment:
        raise ValueRefused(
            f"the variable {cut(name, 60)} is not set: set it, or give a default as in ${{{name}:-value}}"
        )
    return value
