"""The configuration of a whole make-believe company."""

import json
from pathlib import Path
from typing import Any

from watchkeeper.sandbox.company import ORGANIZATION, Company, Project

SEED = 7
SMALLEST = 3
TEAM = "team_sandboxacme"


def write_configuration(file: Path, number: int, sandbox: str) -> None:
    """Write the first `number` projects of the company: all vendors, two endpoints each, nobody to tell."""
    company = Company(SEED, max(number, SMALLEST))
    document = {
        "timezone": "UTC",
        "connectivity": [f"{sandbox}/connectivity"],
        "defaults": {"credentials": "sandbox"},
        "projects": [_project(project, sandbox) for project in company.projects[:number]],
    }
    file.write_text(json.dumps(document))  # JSON is YAML


def _project(project: Project, sandbox: str) -> dict[str, Any]:
    product = f"{sandbox}/products/{project.slug}"
    return {
        "slug": project.slug,
        "name": project.name,
        "sentry": {"organization": ORGANIZATION, "projects": [project.sentry_slug], "environment": "production"},
        "vercel": {"team": TEAM, "project": project.vercel_id},
        "circleci": {"project": project.circleci_slug, "branch": "main"},
        "github": {"repository": project.repository},
        "endpoints": [
            {"name": "health", "url": f"{product}/health", "json_condition": 'status == "ok"'},
            {"name": "home", "url": f"{product}/"},
        ],
    }
