"""What is printed is text, whatever it holds."""

import io
import sys

import pytest

from watchkeeper.clients.console import print_lines
from watchkeeper.clients.vendor_errors import VendorUnavailable


def test_text_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines("🔴 [bold]Shop[/bold]", ("[link=https://x]y[/link]",), "bold red")
    assert capsys.readouterr().out == "🔴 [bold]Shop[/bold]\n  [link=https://x]y[/link]\n"


def test_an_output_that_knows_no_emoji_takes_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    print_lines("🔴 Shop: 31 %", (), "bold red")
    assert raw.getvalue() == b"? Shop: 31 %\n"


def test_an_output_that_is_closed_is_a_channel_that_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    with pytest.raises(VendorUnavailable, match="cannot be written to"):
        print_lines("Shop", (), "bold")
