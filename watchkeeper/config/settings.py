"""Where Watchkeeper runs and what it keeps: `WATCHKEEPER_*` of the environment and of `.env`; and the credentials."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from watchkeeper.config.problems import ConfigurationError, Problem

ENV_FILE = Path(".env")


class Settings(BaseSettings):
    """Each is read from `WATCHKEEPER_<NAME>`, the environment before `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_",
        env_file=ENV_FILE,
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
    )

    home: Path = Path(".watchkeeper")
    """The folder of everything that is kept; delete it to start anew."""
    database_url: SecretStr = SecretStr("")
    """`sqlite:///...` or `postgresql://...`; without it a SQLite file in the home folder."""
    projects: Path = Path("deployments/projects.yaml")
    """The file that says what is watched."""
    prefect_port: int = Field(4200, ge=1, le=65535)
    """Port of the Prefect server and its UI."""
    sandbox_port: int = Field(8400, ge=1, le=65534)
    """Port of the make-believe company; it takes the next one, too, for TLS."""
    web_port: int = Field(8080, ge=1, le=65535)
    """Port of our own pages and webhooks."""
    vercel_call_seconds: float = Field(300, ge=1, le=3600)
    """For how long a call to Vercel whose outcome is not known may be carried out late; it is not made again before."""
    heartbeat_url: SecretStr = SecretStr("")
    """Called after each complete run, so that somebody notices when the watch itself sleeps. A secret."""

    @field_validator("home", "projects")
    @classmethod
    def _absolute(cls, path: Path) -> Path:
        """Make the path hold for processes that start in another folder."""
        return path.expanduser().absolute()

    @property
    def database(self) -> str:
        """Return the address of the database; it may hold a password."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.home / 'watchkeeper.db'}"

    @property
    def sandbox_tls_port(self) -> int:
        return self.sandbox_port + 1

    def variables(self) -> dict[str, str]:
        """Return every setting by the name of its variable, for child processes; secrets are in there."""
        values = {
            **self.model_dump(),
            "database_url": self.database,
            "heartbeat_url": self.heartbeat_url.get_secret_value(),
            "sandbox_tls_port": self.sandbox_tls_port,
        }
        return {_variable(name): str(value) for name, value in values.items()}


class Credentials(BaseSettings):
    """What fills the credential blocks named `default`; an empty one leaves its block alone."""

    model_config = SettingsConfigDict(
        env_file=ENV_FILE, extra="ignore", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    sentry_auth_token: SecretStr = SecretStr("")
    """Sentry, scopes org:read, project:read, event:read, project:releases."""
    vercel_token: SecretStr = SecretStr("")
    """Vercel, an access token with the scope of the team."""
    circle_token: SecretStr = SecretStr("")
    """CircleCI, a personal API token."""
    slack_bot_token: SecretStr = SecretStr("")
    """Slack, scopes chat:write, chat:write.public, files:write, channels:history, channels:read."""
    slack_webhook_url: SecretStr = SecretStr("")
    """Slack, instead of the bot token; such a message cannot be edited later."""
    github_token: SecretStr = SecretStr("")
    """GitHub, a fine-grained token with Contents and Metadata: read; Contents: write where reports are published."""
    apprise_urls: SecretStr = SecretStr("")
    """Apprise addresses for e-mail and everything else, with spaces between them."""
    pagerduty_routing_key: SecretStr = SecretStr("")
    """PagerDuty, the integration key of an Events API v2 integration."""
    pagerduty_api_token: SecretStr = SecretStr("")
    """PagerDuty, a REST API key that may read incidents, so that acknowledgements there count here."""
    jira_url: SecretStr = SecretStr("")
    """Jira Cloud, the site, as https://acme.atlassian.net."""
    jira_email: SecretStr = SecretStr("")
    """Jira Cloud, of the account that the token belongs to."""
    jira_api_token: SecretStr = SecretStr("")
    """Jira Cloud, an API token of an account that may create, edit, comment and transition issues."""
    datadog_api_key: SecretStr = SecretStr("")
    """Datadog, an API key."""
    datadog_app_key: SecretStr = SecretStr("")
    """Datadog, an application key, where events need one."""
    webhook_secret: SecretStr = SecretStr("")
    """Signs what is posted to a webhook of your own."""
    webhook_url: SecretStr = SecretStr("")
    """Where that webhook is."""


def read_settings(env_file: Path = ENV_FILE, **options: object) -> Settings:
    """Return the settings: `options` before the environment before `env_file`. An option that is None is not given.

    Raises:
        ConfigurationError: all that is wrong with them, each by the name of its variable.
    """
    read_environment(env_file)  # says what is wrong with the file
    given = {name: value for name, value in options.items() if value is not None}
    try:
        settings = Settings(_env_file=env_file, **given)  # type: ignore[arg-type]  # validated in there
    except ValidationError as error:
        raise ConfigurationError("settings", map(_problem, error.errors(include_url=False))) from None
    if problems := tuple(_clashes(settings)):
        raise ConfigurationError("settings", problems)
    return settings


def read_credentials(env_file: Path = ENV_FILE) -> Credentials:
    """Return the credentials of the environment and, behind it, `env_file`.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    read_environment(env_file)
    return Credentials(_env_file=env_file)


def read_environment(env_file: Path = ENV_FILE) -> dict[str, str]:
    """Return the environment with `env_file` behind it: what `${NAME}` in projects.yaml stands for.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        written = dotenv_values(env_file, encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(str(env_file), [Problem("", 0, "the file cannot be read as text in UTF-8")]) from None
    return {**{name: value for name, value in written.items() if value is not None}, **os.environ}


def _problem(error: ErrorDetails) -> Problem:
    name = str(error["loc"][0])
    words = "a port from 1 to 65535" if name.endswith("_port") else f"a {error['type'].split('_')[0]}"
    return Problem(_variable(name), 0, f"expected {words}")


def _clashes(settings: Settings) -> Iterator[Problem]:
    seen: dict[int, str] = {}
    for name in ("prefect_port", "sandbox_port", "web_port"):
        port = int(getattr(settings, name))
        if seen.setdefault(port, name) != name:
            yield Problem(_variable(name), 0, f"expected a port of its own, {port} is {_variable(seen[port])} too")
    if not re.match(r"(sqlite|postgresql)(\+\w+)?://", settings.database):
        yield Problem(_variable("database_url"), 0, "expected sqlite:///path or postgresql://user:password@host/name")
    heartbeat = settings.heartbeat_url.get_secret_value()
    if heartbeat and not re.match(r"https?://[^/\s]+", heartbeat):
        yield Problem(_variable("heartbeat_url"), 0, "expected an address that begins with https://")


def _variable(name: str) -> str:
    return f"WATCHKEEPER_{name.upper()}"
