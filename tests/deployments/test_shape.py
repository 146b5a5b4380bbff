"""What must hold for the tree as a whole."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
DOCUMENTS = "\n".join(file.read_text() for file in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: f"{d['entrypoint']}/{d['name']}")
def test_every_deployment_loads_without_a_placeholder(
    deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    flow: Flow[..., Any] = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)
    assert f"`{flow.name}/{deployment['name']}`" in DOCUMENTS


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: f"{d['entrypoint']}/{d['name']}")
def test_every_deployment_has_a_limit(deployment: dict[str, Any]) -> None:
    """Without one, all runs missed during downtime start at once; what people start by hand waits for its turn."""
    strategy = "CANCEL_NEW" if deployment.get("schedules") else "ENQUEUE"
    assert deployment["concurrency_limit"]["collision_strategy"] == strategy


def test_the_failure_of_every_flow_is_told_at_once_but_that_of_the_one_that_tells() -> None:
    flows = {load_flow_from_entrypoint(each["entrypoint"]).name for each in DEPLOYMENTS}
    (dispatch,) = (each for each in DEPLOYMENTS if each["name"] == "every-minute")
    (trigger,) = (each for each in dispatch["triggers"] if "prefect.flow-run.Failed" in each["expect"])
    assert set(trigger["match_related"]["prefect.resource.name"]) == flows - {"alert-dispatch"}


def test_every_setting_and_credential_is_documented() -> None:
    example = (ROOT / ".env.example").read_text()
    of = "WATCHKEEPER|SENTRY|VERCEL|CIRCLE|SLACK|GITHUB|PAGERDUTY|JIRA|DATADOG"
    named = set(re.findall(rf"\b((?:{of})_[A-Z_]+)=", example))
    assert named
    assert not {name for name in named if name not in DOCUMENTS}
