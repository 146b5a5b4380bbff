"""The JSON Schema of projects.yaml, for editors."""

from typing import Any

from watchkeeper.config.models import ProjectsFile

_LEAVES = {"number", "integer", "boolean"}
_SAID_OUTSIDE = {"description", "default", "examples"}
_REFERENCE = {
    "Reference": {
        "description": "A value from the environment: ${NAME} or ${NAME:-default}. Never a secret.",
        "type": "string",
        "pattern": r"\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}",
    }
}


def json_schema() -> dict[str, Any]:
    """Return the schema with descriptions, examples and defaults; `${NAME}` is allowed wherever a value is."""
    schema = ProjectsFile.model_json_schema()
    definitions = {name: _section(section) for name, section in sorted(schema["$defs"].items())}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "projects.yaml of Watchkeeper",
        **_section({key: value for key, value in schema.items() if key not in {"$defs", "title"}}),
        "patternProperties": {"^x-": {"description": "Not read: a place for YAML anchors."}},
        "$defs": {**definitions, **_REFERENCE},
    }


def _section(section: dict[str, Any]) -> dict[str, Any]:
    properties = {key: _value(value) for key, value in section["properties"].items()}
    return {**{key: value for key, value in section.items() if key != "title"}, "properties": properties}


def _value(value: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of one key without Pydantic's noise: titles, nulls, defaults that only repeat a section."""
    options = [option for option in value.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        value = {**{key: part for key, part in value.items() if key != "anyOf"}, **options[0]}
    value = {key: part for key, part in value.items() if key != "title"}
    if value.get("default", 0) is None or "$ref" in value:
        value.pop("default", None)
    if "items" in value:
        return {**value, "items": _value(value["items"])}
    return _or_reference(value)


def _or_reference(value: dict[str, Any]) -> dict[str, Any]:
    rules = {key: part for key, part in value.items() if key not in _SAID_OUTSIDE}
    is_leaf = rules.get("type") in _LEAVES or rules.keys() & {"pattern", "format", "enum"}
    if not is_leaf and "anyOf" not in rules:
        return value
    said = {key: part for key, part in value.items() if key in _SAID_OUTSIDE}
    return {**said, "anyOf": [*rules.get("anyOf", [rules]), {"$ref": "#/$defs/Reference"}]}
