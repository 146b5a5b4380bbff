"""projects.yaml -> frozen models with every mistake reported at once, by its key; and the settings of the machine."""

from watchkeeper.config.configuration import Configuration
from watchkeeper.config.destinations import Destination
from watchkeeper.config.limits import Limits, Weights
from watchkeeper.config.models import (
    CircleCIProject,
    GitHubRepository,
    Maintenance,
    ProbedEndpoint,
    Project,
    SentryProject,
    Slack,
    VercelProject,
)
from watchkeeper.config.problems import BrokenProject, ConfigurationError, Problem
from watchkeeper.config.reading import configuration_text, read_configuration
from watchkeeper.config.reports import Costs, GitHubPages, Objectives, ReportDeliveries, ReportDelivery, Reports
from watchkeeper.config.rollback import Percentage, Rollbacks
from watchkeeper.config.schema import json_schema
from watchkeeper.config.settings import (
    ENV_FILE,
    Credentials,
    Settings,
    read_credentials,
    read_environment,
    read_settings,
)

__all__ = [
    "ENV_FILE",
    "BrokenProject",
    "CircleCIProject",
    "Configuration",
    "ConfigurationError",
    "Costs",
    "Credentials",
    "Destination",
    "GitHubPages",
    "GitHubRepository",
    "Limits",
    "Maintenance",
    "Objectives",
    "Percentage",
    "ProbedEndpoint",
    "Problem",
    "Project",
    "ReportDeliveries",
    "ReportDelivery",
    "Reports",
    "Rollbacks",
    "SentryProject",
    "Settings",
    "Slack",
    "VercelProject",
    "Weights",
    "configuration_text",
    "json_schema",
    "read_configuration",
    "read_credentials",
    "read_environment",
    "read_settings",
]
