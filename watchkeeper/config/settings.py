"""Where Watchkeeper runs and what it keeps: `WATCHKEEPER_*` of the environment and of `.env`; and the credentials."""

import os
from pathlib import Path

from dotenv import dotenv_values
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

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
    sandbox_port: int = Field(8400, ge=1, le=65535)
    """Port of the make-believe company."""
    web_port: int = Field(8080, ge=1, le=65535)
    """Port of our own pages and webhooks."""
    raw_retention_days: int = Field(30, ge=1, le=3650)
    """Days that single measurements are kept."""
    hourly_retention_days: int = Field(400, ge=1, le=3650)
    """Days that hourly values are kept."""
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
    """Slack, scopes chat:write, chat:write.public, files:write."""
    slack_webhook_url: SecretStr = SecretStr("")
    """Slack, instead of the bot token; such a message cannot be edited later."""
    github_token: SecretStr = SecretStr("")
    """GitHub, a fine-grained token with Contents and Metadata: read."""


def read_environment(env_file: Path = ENV_FILE) -> dict[str, str]:
    """Return the environment with `.env` behind it: what `${NAME}` in projects.yaml stands for."""
    written = {name: value for name, value in dotenv_values(env_file).items() if value is not None}
    return {**written, **os.environ}
