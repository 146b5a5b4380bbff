"""The make-believe company is steered by commands."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deployments.cli import app
from tests.sandbox.serving import serving
from watchkeeper.sandbox.app import create_app
from watchkeeper.sandbox.switches import SWITCHES


class Terminal:
    """Where commands are typed, beside a company."""

    def __init__(self, port: str, printed: pytest.CaptureFixture[str]) -> None:
        self.port, self._printed = port, printed

    async def type(self, *words: str) -> tuple[int, str]:
        """Return the exit code, and what was printed, as one line."""
        code = await asyncio.to_thread(self._run, words)
        told = self._printed.readouterr()
        return code, " ".join((told.out + told.err).split())

    async def faults(self) -> list[dict[str, Any]]:
        code, told = await self.type("fault", "--json")
        assert code == 0, told
        return list(json.loads(told)["faults"])

    def _run(self, words: tuple[str, ...]) -> int:
        try:
            code: int = app(["sandbox", *words, "--port", self.port], exit_on_error=False)
        except SystemExit as ended:
            return int(str(ended.code))
        return code


@pytest.fixture
async def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> AsyncIterator[Terminal]:
    monkeypatch.setenv("WATCHKEEPER_HOME", str(tmp_path))
    async with serving(create_app()) as address:
        yield Terminal(address.rpartition(":")[2], capsys)


async def test_every_switch_is_shown_with_what_it_does(terminal: Terminal) -> None:
    code, told = await terminal.type("fault")
    assert code == 0
    for name in SWITCHES:
        assert name in told


async def test_switches_are_set_and_ended(terminal: Terminal) -> None:
    code, told = await terminal.type("fault", "change-409", "shop", "--times", "2")
    assert (code, "shop (2 times)" in told) == (0, True)
    await terminal.type("fault", "slow-alias", "--value", "5")
    await terminal.type("fault", "deleted", "api", "--subject", "dpl_1")
    assert [(each["name"], each["project"], each["value"], each["subject"]) for each in await terminal.faults()] == [
        ("change-409", "shop", None, ""),
        ("slow-alias", "", 5, ""),
        ("deleted", "api", None, "dpl_1"),
    ]
    assert (await terminal.type("fault", "none"))[0] == 0
    assert await terminal.faults() == []


async def test_a_scenario_is_played_and_calm_ends_every_fault(terminal: Terminal) -> None:
    await terminal.type("fault", "hobby")
    for words, playing in ((("bad-release", "shop"), "bad-release"), (("calm",), "calm")):
        code, told = await terminal.type("scenario", *words)
        assert (code, json.loads(told)["scenarios"][0]["name"]) == (0, playing)
    assert await terminal.faults() == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("fault", "earthquake"), "there are change-402", id="no such switch"),
        pytest.param(("fault", "hobby", "nowhere"), "no project 'nowhere'", id="no such project"),
        pytest.param(("scenario", "earthquake"), "earthquake", id="no such scenario"),
    ],
)
async def test_what_there_is_not_is_named(terminal: Terminal, words: tuple[str, ...], told: str) -> None:
    code, printed = await terminal.type(*words)
    assert (code, told in printed) == (4, True)


async def test_without_a_company_the_way_to_one_is_told(terminal: Terminal) -> None:
    terminal.port = "1"
    code, printed = await terminal.type("fault")
    assert (code, "`watchkeeper sandbox run`" in printed) == (4, True)
