"""projects.yaml -> Configuration, with every mistake reported at once."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from watchkeeper.config.alert_checks import check_alerts
from watchkeeper.config.checks import check_project, check_reports, check_shared
from watchkeeper.config.configuration import Configuration
from watchkeeper.config.document import MAX_BYTES, read_document
from watchkeeper.config.explain import explained, unknown_key
from watchkeeper.config.models import Common, Defaults, Project, ProjectsFile
from watchkeeper.config.plain import Found, merged
from watchkeeper.config.problems import BrokenProject, ConfigurationError, Place, Problem, ProblemLog
from watchkeeper.config.values import SLUG, show_value

MAX_PROJECTS = 5_000
Model = TypeVar("Model", bound=BaseModel)


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
        alerts=common.alerts,
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
    _note(check_alerts(data), (), log)
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
