"""The schema, the documents and the examples say what the models do."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
from pydantic.fields import FieldInfo

from tests.config.conftest import Mistakes
from watchkeeper.config import Credentials, Settings, json_schema, read_configuration, read_settings
from watchkeeper.config import alerts as a
from watchkeeper.config import limits as l
from watchkeeper.config import models as m
from watchkeeper.config import reports as r
from watchkeeper.config import rollback as b
from watchkeeper.config.alert_rules import AlertRule
from watchkeeper.config.document import read_document

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
PROJECTS = (ROOT / "deployments/projects.yaml").read_text(encoding="utf-8")


def _data(text: str) -> object:
    return read_document(text, {}, "test").data


def test_the_schema_in_docs_is_current() -> None:
    written = json.loads((ROOT / "docs/projects.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema(), "write it anew: python -m watchkeeper.config > docs/projects.schema.json"


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


EXAMPLES = re.findall(r"```yaml\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.mark.parametrize("text", [PROJECTS, *EXAMPLES], ids=["projects", *map(str, range(len(EXAMPLES)))])
def test_examples_are_right_by_schema_and_reader(text: str, shop: str) -> None:
    whole = text if "projects:" in text else text + shop
    jsonschema.validate(_data(whole), json_schema())
    assert read_configuration(whole, {}).projects


def test_the_real_account_in_the_comments_is_right(mistakes: Mistakes) -> None:
    example = PROJECTS.split("# A product of your own")[1].split("\n#\n", 1)[1]
    text = "projects:\n" + "".join(line.removeprefix("#") + "\n" for line in example.splitlines())
    assert {key: problem.message for key, problem in mistakes(text).items()} == {}
    jsonschema.validate(_data(text), json_schema())


def test_the_schema_refuses_what_the_reader_refuses(shop: str) -> None:
    schema = json_schema()
    for addition in ["nmae: x", "weights: {errors: 3}", "sentry: {organization: acme}", "credentials: A B"]:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(_data(f"{shop}    {addition}\n"), schema)


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        pytest.param("min_total: ${LEAST:-5}", {}, id="number"),
        pytest.param("warning_percent: '${PERCENT}'", {"PERCENT": "1.5"}, id="in quotes"),
    ],
)
def test_the_schema_allows_references_for_numbers(shop: str, text: str, environment: dict[str, str]) -> None:
    whole = f"{shop}    limits:\n      errors:\n        {text}\n"
    read_configuration(whole, environment)
    value = text.split(": ")[1].strip("'")
    data = {
        "projects": [{"slug": "a", "name": "A", "limits": {"errors": {text.split(":", maxsplit=1)[0]: value}}}],
    }
    jsonschema.validate(data, json_schema())


def test_the_sandbox_port_moves_every_address() -> None:
    configuration = read_configuration(PROJECTS, read_settings(sandbox_port=8999).variables())
    urls = [*configuration.connectivity, *(e.url for p in configuration.projects for e in p.endpoints)]
    assert urls
    assert all(url.startswith(("http://127.0.0.1:8999/", "https://localhost:9000/")) for url in urls)


def test_the_projects_are_those_of_the_sandbox() -> None:
    projects = read_configuration(PROJECTS, {}).projects
    assert [project.slug for project in projects] == ["shop", "portal", "api"]
    assert {project.credentials for project in projects} == {"sandbox"}
    assert all(len(project.components) == 4 for project in projects)


SECTIONS: list[tuple[str, type[l.Section]]] = [
    ("## The file", m.ProjectsFile),
    ("## A project", m.Project),
    ("### `sentry`", m.SentryProject),
    ("### `vercel`", m.VercelProject),
    ("### `circleci`", m.CircleCIProject),
    ("### `github`", m.GitHubRepository),
    ("### `endpoints`", m.ProbedEndpoint),
    ("### `errors`", l.ErrorLimit),
    ("## `limits`\n.*?### `endpoints`", l.EndpointLimit),
    ("### `delivery`", l.DeliveryLimit),
    ("### `builds`", l.BuildLimit),
    ("### `health`", l.ScoreLimit),
    ("## `weights`", l.Weights),
    ("## `slack`", m.Slack),
    ("## `maintenance`", m.Maintenance),
    ("## `reports`", r.Reports),
    ("### `daily`, `weekly`, `monthly`, `custom`", r.ReportDelivery),
    ("### `reports` of a project", r.ReportDeliveries),
    ("### `pages`", r.GitHubPages),
    ("## `cost`", r.Costs),
    ("## `slo`", r.Objectives),
    ("## `rollback`", b.Rollbacks),
    ("### `percentage`", b.Percentage),
    ("## `alerts`", a.Alerts),
    ("### `channels`", a.AlertChannel),
    ("### `routes`", a.AlertRoute),
    ("### `hours`", a.AlertHours),
    ("### `escalations`", a.AlertEscalation),
    ("### `steps`", a.AlertEscalationStep),
    ("### `people`", a.AlertPerson),
    ("### `on_call`", a.AlertOnCall),
    ("### `inhibit`", a.AlertInhibition),
    ("### `timing`", a.AlertTiming),
    ("### `flapping`", a.AlertFlapping),
    ("### `rules`", AlertRule),
]


@pytest.mark.parametrize(("heading", "model"), SECTIONS)
def test_every_key_is_documented_with_its_default(heading: str, model: type[l.Section]) -> None:
    found = re.search(rf"\n{heading}\n(.*?)(?=\n##|\Z)", DOCUMENT, re.DOTALL)
    assert found is not None
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", found[1], re.MULTILINE))
    assert rows == {name: _default(field) for name, field in model.model_fields.items()}


def test_no_section_is_forgotten() -> None:
    documented: set[type[l.Section]] = {l.Limits, m.Defaults, *(model for _, model in SECTIONS)}
    assert documented == {*_leaves(l.Section)} - {m.Shared, m.Common}


def _leaves(model: type[l.Section]) -> list[type[l.Section]]:
    return [found for child in model.__subclasses__() for found in (child, *_leaves(child))]


def _default(field: FieldInfo) -> str:
    default = field.default
    if field.is_required():
        return "required"
    if isinstance(default, l.Section):
        return "below"
    if field.default_factory is not None or default is None or default in ((), ""):
        return "–"
    if default == (200,):
        return "`200`"
    if isinstance(default, bool | tuple):
        return f"`{json.dumps(default)}`"
    return f"`{default:g}`" if isinstance(default, int | float) else f"`{default}`"


def test_every_mistake_of_the_table_gets_its_answer(shop: str, mistakes: Mistakes) -> None:
    table = DOCUMENT.split("## What a mistake gets")[1]
    rows = re.findall(r"^\| `([^`]+)`[^|]*\| `(.*)` \|$", table, re.MULTILINE)
    assert len(rows) >= 11
    for written, answer in rows:
        text = f"{shop}    {written}\n"
        if written.startswith("warning_percent"):
            text = f"{shop}    limits: {{errors: {{{written}}}}}\n"
        elif written.startswith("circleci"):
            text = f"projects:\n  - slug: shop\n    name: Shop\n    {written}\n"
        elif written.startswith("slug"):
            text = shop + shop.removeprefix("projects:\n")
        assert [problem.message for problem in mistakes(text).values()] == [answer]


def test_the_example_of_the_environment_names_every_setting_and_leaves_it_empty() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    variables = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    settings = {f"WATCHKEEPER_{name.upper()}" for name in Settings.model_fields}
    assert variables.keys() == settings | {name.upper() for name in Credentials.model_fields}
    assert set(variables.values()) == {""}


def test_every_setting_is_documented() -> None:
    for name in Settings.model_fields:
        assert f"| `WATCHKEEPER_{name.upper()}` |" in DOCUMENT
