"""projects.yaml -> frozen models with every mistake reported at once, by its key; and the settings of the machine."""

from watchkeeper.config.models import (
    CircleCIProject,
    GitHubRepository,
    Limits,
    Maintenance,
    ProbedEndpoint,
    Project,
    SentryProject,
    Slack,
    VercelProject,
    Weights,
)
from watchkeeper.config.problems import BrokenProject, ConfigurationError, Problem
from watchkeeper.config.reading import Configuration, read_configuration
from watchkeeper.config.schema import json_schema
from watchkeeper.config.settings import Credentials, Settings, read_environment

__all__ = [
    "BrokenProject",
    "CircleCIProject",
    "Configuration",
    "ConfigurationError",
    "Credentials",
    "GitHubRepository",
    "Limits",
    "Maintenance",
    "ProbedEndpoint",
    "Problem",
    "Project",
    "SentryProject",
    "Settings",
    "Slack",
    "VercelProject",
    "Weights",
    "json_schema",
    "read_configuration",
    "read_environment",
]
