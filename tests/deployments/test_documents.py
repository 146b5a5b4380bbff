"""What the documents tell people to type is understood, and what they, and the messages, point to is there."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from cyclopts import MissingArgumentError

from deployments.cli import app
from reports.rollback_words import RUNBOOK, runbook
from tests.domain.rollback_makers import rollback
from watchkeeper.domain.rollback import Mark, Outcome, RollbackState
from watchkeeper.domain.rollback_input import PointName

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
CODE = ["blocks", "deployments", "flows", "reports", "tasks", "watchkeeper"]
A_NUMBER = re.compile(r"\b(?:ALERT|GROUP|ID|NUMBER)\b")
BLOCK = re.compile(r"```(?:sh)?\n(.*?)```", re.DOTALL)


def _text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def _commands(text: str) -> Iterator[str]:
    lines = [line.partition(" #")[0].strip() for block in BLOCK.findall(text) for line in block.splitlines()]
    for written in (*lines, *re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))):
        command = written.removeprefix(".venv/bin/")
        if command.startswith("watchkeeper "):
            yield A_NUMBER.sub("1", command)


def _rows(text: str, heading: str) -> list[str]:
    """Return the first cell of each row of the tables under a heading."""
    section = re.split(r"^##+ ", text.split(f"## {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return re.findall(r"^\| `(.*?)` \|", section, re.MULTILINE)


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _leads_somewhere(target: Path, anchor: str) -> bool:
    return target.exists() and (not anchor or anchor in _anchors(target))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_command_is_understood(document: Path) -> None:
    for command in _commands(document.read_text(encoding="utf-8")):
        words = shlex.split(command)[1:]
        try:
            app.parse_args(words, print_error=False, exit_on_error=False)
        except MissingArgumentError:
            # Named in a sentence, without anything behind it.
            assert len(words) <= 2, command


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\((?!\w+:)([^)#]*)(?:#([^)]*))?\)", document.read_text(encoding="utf-8"))
    targets = [(document.parent / place if place else document, anchor) for place, anchor in links]
    assert [found for found in targets if not _leads_somewhere(*found)] == []


def test_every_document_that_the_code_names_is_there() -> None:
    sources = [file for folder in CODE for file in (ROOT / folder).rglob("*.py")]
    named = {
        found
        for file in sources
        for found in re.findall(r"\b(docs/[\w/-]+\.md)(?:#([a-z][\w-]*))?", file.read_text(encoding="utf-8"))
    }
    assert named
    assert [found for found in sorted(named) if not _leads_somewhere(ROOT / found[0], found[1])] == []


@pytest.mark.parametrize("state", RollbackState)
def test_every_message_of_a_way_back_names_a_section_of_its_runbook(state: RollbackState) -> None:
    named = re.findall(r"(docs/\S+)#(\S+)$", runbook(rollback(state)))
    assert [_leads_somewhere(ROOT / place, anchor) for place, anchor in named] == [True]


def test_the_runbook_of_the_way_back_explains_every_word_of_it() -> None:
    text = _text(RUNBOOK)
    assert _rows(text, "The states") == list(RollbackState)
    assert _rows(text, "The points of a plan") == list(PointName)
    assert _rows(text, "Did it help") == list(Outcome)
    assert all(f"`{mark}`" in text for mark in Mark)
