"""The JSON Schema of projects.yaml, for editors."""

from typing import Any

from watchkeeper.config.models import ProjectsFile


def json_schema() -> dict[str, Any]:
    """Return the schema with descriptions, examples and defaults."""
    schema = ProjectsFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "projects.yaml of Watchkeeper",
    }
