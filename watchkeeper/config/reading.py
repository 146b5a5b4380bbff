"""projects.yaml -> Configuration, with every mistake reported at once."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Self, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from watchkeeper.config.checks import Found, check_project, check_reports, check_shared
from watchkeeper.config.destinations import Destination, destinations
from watchkeeper.config.document import MAX_BYTES, read_document
from watchkeeper.config.explain import explained, unknown_key
from watchkeeper.config.models import Common, Defaults, Project, ProjectsFile, Slack
from watchkeeper.config.problems import BrokenProject, ConfigurationError, Place, Problem, ProblemLog, nearest
from watchkeeper.config.reports import Reports
from watchkeeper.config.values import SLUG, show_value
from watchkeeper.domain.period_reports import ReportPeriod
from watchkeeper.domain.schedule import Maintenance, current_maintenance

MAX_PROJECTS = 5_000
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is watched. `projects` are in the order of the file, with the defaults filled in.

    Attributes:
        timezone: for people, and for projects that name none.
        slack: where messages of the watch itself go.
        reports: where reports are kept and published; where they are delivered is asked of `report_destinations`.
        connectivity: addresses that tell whether our own connection works.
        broken: projects left out because of their own mistakes; empty unless they were asked to be isolated.
        chosen: the slugs that `only` was given, sorted; empty when all projects are here.
    """

    projects: tuple[Project, ...]
    timezone: str = "UTC"
    slack: Slack = field(default_factory=Slack)
    connectivity: tuple[str, ...] = ()
    reports: Reports = field(default_factory=Reports)
    broken: tuple[BrokenProject, ...] = ()
    chosen: tuple[str, ...] = ()

    @property
    def slack_credentials(self) -> str:
        """Return the name of the Slack block for messages of the watch itself."""
        return self.slack.credentials or "default"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def zone_of(self, project: Project) -> ZoneInfo:
        """Return the time zone in which the days of the project begin."""
        return project.zone

    def report_destinations(self, period: ReportPeriod) -> tuple[Destination, ...]:
        """Return where the report of this period is delivered, each place with the projects that are told there."""
        return destinations(self.projects, self.reports, self.slack, period)

    @property
    def slugs(self) -> tuple[str, ...]:
        return tuple(project.slug for project in self.projects)

    @property
    def names(self) -> dict[str, str]:
        """Return the name for people of each project, the slug for a broken one."""
        broken = {project.slug: project.slug for project in self.broken}
        return {project.slug: project.name for project in self.projects} | broken

    def only(self, slugs: Collection[str] | None) -> Self:
        """Return the configuration with these projects alone; with all of them when `slugs` is None or empty.

        Raises:
            LookupError: there is no project of that name; the text says which is near.
        """
        if not slugs:
            return self
        broken = tuple(project for project in self.broken if project.slug in slugs)
        wanted = {self.project(slug).slug for slug in slugs if slug not in {project.slug for project in broken}}
        projects = tuple(project for project in self.projects if project.slug in wanted)
        return replace(self, projects=projects, broken=broken, chosen=tuple(sorted(set(slugs))))

    def maintenance_of(self, project: Project, now: datetime) -> Maintenance | None:
        """Return the maintenance that holds for the project now; None when there is none."""
        return current_maintenance(self.maintenances(project), now)

    def maintenances(self, project: Project) -> tuple[Maintenance, ...]:
        """Return all that are configured for the project."""
        return tuple(entry.value(project.timezone) for entry in project.maintenance)

    def project(self, slug: str) -> Project:
        """Return the project.

        Raises:
            LookupError: there is none of that name; the text says which is near.
        """
        found = {project.slug: project for project in self.projects}
        if slug not in found:
            raise LookupError(f'there is no project "{slug}" in the configuration{nearest(slug, found)}')
        return found[slug]


def configuration_text(path: Path) -> str:
    """Return the text of the configuration file at `path`.

    Raises:
        ConfigurationError: it cannot be read, or is not text.
    """
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1).decode("utf-8-sig")
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror}): set WATCHKEEPER_PROJECTS to the file to read"
    except UnicodeDecodeError:
        problem = "the file is not text in UTF-8"
    raise ConfigurationError(str(path), [Problem("", 0, problem)])


def read_configuration(
    text: str, environment: Mapping[str, str], source: str = "projects.yaml", *, isolate: bool = False
) -> Configuration:
    """Return the configuration that `text` describes.

    Args:
        text: YAML.
        environment: what `${NAME}` stands for.
        source: name of the file, for messages.
        isolate: leave out a project with mistakes (it is then in `broken`) instead of refusing the whole file.

    Raises:
        ConfigurationError: all mistakes at once; with `isolate`, those that are not inside a single project.
    """
    document = read_document(text, environment, source)
    log = document.problems
    if not isinstance(document.data, dict):
        log.add((), _no_mapping(document.data))
        raise ConfigurationError(source, log.all())
    data = document.data
    common = _common(data, log)
    projects = _projects(data, log)
    fatal = log.outside_projects() if isolate else log.all()
    if fatal or common is None:
        raise ConfigurationError(source, log.all())
    return Configuration(
        projects=tuple(projects.values()),
        timezone=common.timezone,
        slack=common.slack,
        connectivity=common.connectivity,
        reports=common.reports,
        broken=_broken(data, log, {project.slug for project in projects.values()}),
    )


def _no_mapping(data: object) -> str:
    if data is None:
        return "the file is empty: expected at least the key projects"
    return f"expected a mapping with the keys {', '.join(ProjectsFile.model_fields)}, got {show_value(data)}"


def _common(data: Mapping[str, object], log: ProblemLog) -> Common | None:
    for key in data.keys() - ProjectsFile.model_fields.keys():
        if not key.startswith("x-"):
            log.add((key,), unknown_key(key, ProjectsFile.model_fields))
    known = {key: value for key, value in data.items() if key in Common.model_fields}
    common = _validated(Common, known, (), log)
    defaults = known.get("defaults")
    if isinstance(defaults, dict):
        _note(check_shared(defaults), ("defaults",), log)
    _note(check_reports(_mapping(known.get("reports"))), ("reports",), log)
    return common


def _projects(data: Mapping[str, object], log: ProblemLog) -> dict[int, Project]:
    """Return the good projects by their place in the list."""
    entries = data.get("projects")
    if "projects" not in data or entries is None:
        log.add(("projects",), "is missing: expected a list of projects")
    elif not isinstance(entries, list):
        log.add(("projects",), f"expected a list of projects, got {show_value(entries)}")
    elif not 1 <= len(entries) <= MAX_PROJECTS:
        log.add(("projects",), f"expected 1 to {MAX_PROJECTS} projects, got {len(entries)}")
    if not isinstance(entries, list):
        return {}
    _unique_slugs(entries, log)
    defaults = _sound_defaults(data, log)
    read = {place: _project(entry, defaults, place, log) for place, entry in enumerate(entries)}
    wrong = log.by_project()
    return {place: project for place, project in read.items() if project is not None and place not in wrong}


def _project(entry: object, defaults: Mapping[str, object], place: int, log: ProblemLog) -> Project | None:
    where: Place = ("projects", place)
    if not isinstance(entry, dict):
        return _validated(Project, entry, where, log)
    filled = _filled(entry, defaults)
    project = _validated(Project, filled, where, log)
    _note(check_project(filled), where, log)
    return project


def _filled(entry: Mapping[str, object], defaults: Mapping[str, object]) -> dict[str, object]:
    """Return the project with the defaults behind it; maintenance is added up, the project's own first."""
    filled = merged(defaults, entry)
    own, shared = entry.get("maintenance"), defaults.get("maintenance")
    if isinstance(own, list) and isinstance(shared, list):
        filled["maintenance"] = [*own, *shared]
    return filled


def merged(base: Mapping[str, object], own: Mapping[str, object]) -> dict[str, object]:
    """Return `base` with `own` over it, key by key and level by level; an empty key of `own` changes nothing."""
    result = dict(base)
    for key, value in own.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            result[key] = merged(below, value)
        elif value is not None or key not in result:
            result[key] = value
    return result


def _sound_defaults(data: Mapping[str, object], log: ProblemLog) -> dict[str, object]:
    """Return the defaults of the file without what is wrong in them: it was said once, there."""
    written = data.get("defaults")
    defaults = dict(written) if isinstance(written, dict) else {}
    for path in log.paths():
        if len(path) > 1 and path[0] == "defaults":
            defaults = _without(defaults, path[1:])
    slack = data.get("slack")
    if isinstance(slack, dict) and isinstance(slack.get("channel"), str) and not log.below(("slack",)):
        defaults["slack"] = merged({"channel": slack["channel"]}, _mapping(defaults.get("slack")))
    if isinstance(data.get("timezone"), str) and not log.below(("timezone",)):
        defaults = merged({"timezone": data["timezone"]}, defaults)
    return {key: value for key, value in defaults.items() if key in Defaults.model_fields}


def _without(data: Mapping[str, object], path: Place) -> dict[str, object]:
    """Return `data` without the entry at `path`, or without the whole list that the path leads into."""
    key, rest = str(path[0]), path[1:]
    inner = data.get(key)
    if rest and isinstance(inner, dict):
        return {**data, key: _without(inner, rest)}
    return {name: value for name, value in data.items() if name != key}


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _unique_slugs(entries: Iterable[object], log: ProblemLog) -> None:
    seen: dict[str, int] = {}
    for place, entry in enumerate(entries):
        slug = _mapping(entry).get("slug")
        if isinstance(slug, str) and seen.setdefault(slug, place) != place:
            first: Place = ("projects", seen[slug], "slug")
            here: Place = ("projects", place, "slug")
            message = (
                f"the same slug stands in line {log.line(first)} (projects[{seen[slug]}]) and in line {log.line(here)}"
            )
            log.add(here, f"expected a slug of its own: {message}")


def _broken(data: Mapping[str, object], log: ProblemLog, taken: set[str]) -> tuple[BrokenProject, ...]:
    entries = data["projects"]
    broken = []
    for place, problems in sorted(log.by_project().items()):
        slug = _mapping(entries[place] if isinstance(entries, list) else None).get("slug")
        is_free = isinstance(slug, str) and re.fullmatch(SLUG, slug) and slug not in taken
        name = str(slug) if is_free else f"project-{place + 1}"
        while name in taken:
            name += "-broken"
        taken.add(name)
        broken.append(BrokenProject(name, problems))
    return tuple(broken)


def _validated(model: type[Model], data: object, where: Place, log: ProblemLog) -> Model | None:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        _note(explained(error, model), where, log)
        return None


def _note(found: Found, where: Place, log: ProblemLog) -> None:
    for place, message in found:
        log.add((*where, *place), message)
