"""What the documents say of alerts is what there is."""

import re
from pathlib import Path

import jsonschema
import pytest

from watchkeeper.config import json_schema, read_configuration
from watchkeeper.config.document import read_document
from watchkeeper.domain.alert_defaults import RUNBOOKS, default_rules
from watchkeeper.domain.alert_policy import FIELDS, ChannelKind
from watchkeeper.domain.alert_signals import LABELS, SIGNALS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/alerts.md").read_text(encoding="utf-8")
RUNBOOK = (ROOT / RUNBOOKS).read_text(encoding="utf-8")
KEYS = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")


def test_every_rule_of_the_house_has_its_section_where_its_link_leads() -> None:
    sections = re.findall(r"^### (.*)$", RUNBOOK, re.MULTILINE)
    assert sorted(sections) == sorted(rule.name for rule in default_rules())
    assert {rule.runbook for rule in default_rules()} == {f"{RUNBOOKS}#{name}" for name in sections}


def test_every_signal_is_described() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \| (.*?) \| (.*?) \|$", GUIDE, re.MULTILINE)
    described = {name: (unit, labels, words) for name, unit, labels, words in rows if name in SIGNALS}
    assert described == {
        kind.name: (
            kind.unit or "yes or no",
            ", ".join(f"`{label}`" for label in kind.labels) or "–",
            kind.description,
        )
        for kind in SIGNALS.values()
    }


def test_every_field_and_label_of_a_matcher_is_named() -> None:
    (sentence,) = re.findall(r"^It may name (.*)$", KEYS, re.MULTILINE)
    named = re.findall(r"`(\w+)`", sentence.split(". A label")[0])
    assert named == [*FIELDS, *sorted(LABELS)]


def test_every_kind_of_channel_is_in_the_guide() -> None:
    table = GUIDE.split("## Channels")[1]
    named = {kind for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for kind in re.findall(r"`(\w+)`", row)}
    assert named == set(ChannelKind)


@pytest.mark.parametrize("text", re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL), ids=["rule", "routes"])
def test_examples_are_right(text: str, shop: str) -> None:
    whole = text if "projects:" in text else text + shop
    jsonschema.validate(read_document(whole, {}, "test").data, json_schema())
    assert read_configuration(whole, {}).alert_rules
