import os
from pathlib import Path

import pytest

from watchkeeper.config import (
    ConfigurationError,
    Credentials,
    Settings,
    read_credentials,
    read_environment,
    read_settings,
)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    names = {f"WATCHKEEPER_{name.upper()}" for name in Settings.model_fields} | {
        n.upper() for n in Credentials.model_fields
    }
    for name in names & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_defaults(tmp_path: Path) -> None:
    settings = read_settings()
    assert settings.home == tmp_path / ".watchkeeper"
    assert settings.database == f"sqlite:///{tmp_path}/.watchkeeper/watchkeeper.db"
    assert settings.projects == tmp_path / "deployments/projects.yaml"
    assert (settings.prefect_port, settings.sandbox_port, settings.web_port) == (4200, 8400, 8080)
    assert settings.heartbeat_url.get_secret_value() == ""


def test_options_go_before_the_environment_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text(
        "WATCHKEEPER_PREFECT_PORT=1001\nWATCHKEEPER_SANDBOX_PORT=1002\nWATCHKEEPER_WEB_PORT=1003\nWATCHKEEPER_HOME=\n"
    )
    monkeypatch.setenv("WATCHKEEPER_SANDBOX_PORT", "2002")
    monkeypatch.setenv("WATCHKEEPER_WEB_PORT", "2003")
    settings = read_settings(web_port=3003, home=None)
    assert (settings.prefect_port, settings.sandbox_port, settings.web_port) == (1001, 2002, 3003)
    assert settings.home == tmp_path / ".watchkeeper"


def test_every_mistake_is_said_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHKEEPER_PREFECT_PORT", "70000")
    monkeypatch.setenv("WATCHKEEPER_WEB_PORT", "make-believe")
    with pytest.raises(ConfigurationError) as caught:
        read_settings()
    assert {problem.key: problem.message for problem in caught.value.problems} == {
        "WATCHKEEPER_PREFECT_PORT": "expected a port from 1 to 65535",
        "WATCHKEEPER_WEB_PORT": "expected a port from 1 to 65535",
    }


@pytest.mark.parametrize(
    ("options", "key"),
    [
        pytest.param({"web_port": 4200}, "WATCHKEEPER_WEB_PORT", id="a port twice"),
        pytest.param({"database_url": "mysql://make-believe"}, "WATCHKEEPER_DATABASE_URL", id="another database"),
        pytest.param({"heartbeat_url": "make-believe"}, "WATCHKEEPER_HEARTBEAT_URL", id="no address"),
    ],
)
def test_what_does_not_fit(options: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read_settings(Path(".env"), **options)
    assert [problem.key for problem in caught.value.problems] == [key]
    assert "make-believe" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    settings = read_settings(
        database_url="postgresql://u:make-believe@127.0.0.1/w", heartbeat_url="https://127.0.0.1/make-believe"
    )
    assert "make-believe" not in repr(settings)
    assert settings.database == "postgresql://u:make-believe@127.0.0.1/w"


def test_variables_say_the_same_to_a_child_process(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read_settings(sandbox_port=8500, heartbeat_url="https://127.0.0.1/beat")
    for name, value in settings.variables().items():
        monkeypatch.setenv(name, value)
    again = read_settings()
    assert again.variables() == settings.variables()
    assert again.sandbox_port == 8500
    assert again.heartbeat_url.get_secret_value() == "https://127.0.0.1/beat"


def test_credentials_come_from_the_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("SENTRY_AUTH_TOKEN=make-believe-token\nVERCEL_TOKEN=\n")
    monkeypatch.setenv("CIRCLE_TOKEN", "other-make-believe")
    credentials = read_credentials()
    assert credentials.sentry_auth_token.get_secret_value() == "make-believe-token"
    assert credentials.vercel_token.get_secret_value() == ""
    assert credentials.circle_token.get_secret_value() == "other-make-believe"
    assert "make-believe" not in repr(credentials)


def test_the_environment_goes_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("STAGE=file\nREGION=file\n")
    monkeypatch.setenv("STAGE", "environment")
    found = read_environment()
    assert (found["STAGE"], found["REGION"]) == ("environment", "file")


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_settings()
