import os
import stat
from pathlib import Path

import pytest

from deployments.home import (
    Running,
    loopback_without_proxy,
    open_home,
    prefect_client_environment,
    prefect_server_environment,
    trust_sandbox,
)


def test_the_password_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    home = open_home(tmp_path / "state")
    first = home.password
    assert open_home(tmp_path / "state").password == first
    assert len(first) >= 24
    assert stat.S_IMODE((tmp_path / "state" / "prefect-password").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_two_folders_have_two_passwords(tmp_path: Path) -> None:
    assert open_home(tmp_path / "a").password != open_home(tmp_path / "b").password


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        open_home(tmp_path / "file" / "state")


def test_a_start_is_found_while_its_process_lives(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    assert home.running() is None
    home.announce(Running(os.getpid(), 4200, 8400))
    assert home.running() == Running(os.getpid(), 4200, 8400)
    home.withdraw()
    assert home.running() is None


def test_a_start_whose_process_is_gone_does_not_count(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    home.announce(Running(2**22 + 1, 4200, 8400))
    assert home.running() is None


def test_half_a_file_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "running.json").write_text('{"pid": 1')
    assert open_home(tmp_path).running() is None


def test_the_server_listens_on_loopback_and_asks_for_the_password(tmp_path: Path) -> None:
    home = open_home(tmp_path)
    server, client = prefect_server_environment(home, 4711), prefect_client_environment(home, 4711)
    assert server["PREFECT_SERVER_API_HOST"] == "127.0.0.1"
    assert server["PREFECT_SERVER_API_AUTH_STRING"] == client["PREFECT_API_AUTH_STRING"]
    assert client["PREFECT_API_AUTH_STRING"].endswith(home.password)
    assert server["PREFECT_SERVER_UI_API_URL"] == client["PREFECT_API_URL"] == "http://127.0.0.1:4711/api"


def test_the_trusted_authorities_are_never_half_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    home = open_home(tmp_path)
    assert trust_sandbox(home) == {}
    (home.sandbox / "authority.pem").write_text("the sandbox's own")
    bundle = Path(trust_sandbox(home)["SSL_CERT_FILE"])
    with bundle.open() as reading:
        trust_sandbox(home)
        assert reading.read().endswith("the sandbox's own")
    assert list(home.sandbox.glob("trusted*")) == [bundle]


@pytest.mark.parametrize(
    ("given", "direct"),
    [
        pytest.param({}, None, id="no proxy"),
        pytest.param({"NO_PROXY": "a.test"}, None, id="no proxy, but what would go around one"),
        pytest.param({"HTTPS_PROXY": "http://p:1"}, "localhost,127.0.0.1", id="a proxy"),
        pytest.param({"http_proxy": "http://p:1", "NO_PROXY": "a.test"}, "a.test,localhost,127.0.0.1", id="both"),
        pytest.param({"ALL_PROXY": "x", "no_proxy": "b", "NO_PROXY": "a"}, "b,localhost,127.0.0.1", id="small letters"),
    ],
)
def test_this_machine_is_asked_without_a_proxy(given: dict[str, str], direct: str | None) -> None:
    wanted = {} if direct is None else {"NO_PROXY": direct, "no_proxy": direct}
    assert loopback_without_proxy(given) == wanted
