"""Alerts that another one explains: who is told of the cause need not be told of what follows from it.

What explains is an alert that people were told of, or are about to be. One that is silenced or in maintenance explains
no more than what was told before: nobody was told of it, unless it was told earlier, and then it does not keep quiet
what is critical and was never told. One that is flapping explains all the time, or what it explains would be told
whenever it is calm. Built in are:

* an incident of the platform (an alert with the label `vendor` and the cause `platform:<vendor>`), or an alert of the
  watch itself with the cause `us`, explains everything with that cause;
* a critical error or outage of the project that a project depends on explains errors and outages of the latter, but
  not what is laid on a release of its own;
* trouble with the endpoint that an endpoint depends on explains the same trouble with the latter, critical trouble all;
* a critical alert explains warnings of the same project and cause, with the same labels or without any itself, but not
  the incident that explains it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from watchkeeper.domain.alert_policy import Inhibition, match_all, value_of
from watchkeeper.domain.alert_scene import Alerts, Scene
from watchkeeper.domain.alert_values import Alert, Severity

Explained = tuple[str, str]  # fingerprint of what explains, sentence
Finder = Callable[[str, Alert], Explained | None]

US: Final = "us"
PLATFORM: Final = "platform:"
RELEASE: Final = "release:"
OUTAGES: Final = frozenset({"errors", "endpoints"})


def inhibited(alerts: Alerts, scene: Scene) -> Mapping[str, str]:
    """Return why nobody is told of each alert that another one explains.

    Where alerts explain each other in a circle, one of them is told.

    Args:
        alerts: what fires or flaps and is neither silenced nor in maintenance.
    """
    heard = {f: alert for f, alert in alerts.items() if alert.holds or f in scene.told}
    faint = {f: alert for f, alert in scene.alerts.items() if f not in heard and _is_faint(f, alert, alerts, scene)}
    explained = _explained(alerts, heard, scene)
    rest = {f: alert for f, alert in alerts.items() if f not in explained and not _is_untold_critical(f, scene)}
    explained |= _explained(rest, faint, scene)
    spared = _in_circles(explained) | _behind(faint, explained, scene)
    return {f: sentence for f, (_, sentence) in explained.items() if f not in spared}


def _is_faint(fingerprint: str, alert: Alert, alerts: Alerts, scene: Scene) -> bool:
    """Return whether it explains all but what is critical and was never told: it is muted, or about to be noticed."""
    if fingerprint in alerts:
        return alert.is_flapping
    return fingerprint in scene.told and (alert.is_firing or alert.is_flapping)


def _is_untold_critical(fingerprint: str, scene: Scene) -> bool:
    return fingerprint not in scene.told and scene.alerts[fingerprint].severity is Severity.CRITICAL


def _explained(alerts: Alerts, sources: Alerts, scene: Scene) -> dict[str, Explained]:
    """Return what one of the sources explains."""
    finders = [finder for make in MAKERS for finder in make(sources, scene)]
    found: dict[str, Explained] = {}
    for fingerprint, alert in alerts.items():
        for finder in finders:
            if (explanation := finder(fingerprint, alert)) is not None:
                found[fingerprint] = explanation
                break
    return found


def _behind(faint: Alerts, explained: Mapping[str, Explained], scene: Scene) -> frozenset[str]:
    """Return critical alerts that nobody was told of, and that only a faint one explains at the end of the chain."""
    if not faint:
        return frozenset()
    return frozenset(f for f in explained if _is_untold_critical(f, scene) and _origin(f, explained) in faint)


def _origin(fingerprint: str, explained: Mapping[str, Explained]) -> str:
    """Return the end of the chain of explanations; in a circle, any of it."""
    seen: set[str] = set()
    while fingerprint in explained and fingerprint not in seen:
        seen.add(fingerprint)
        fingerprint = explained[fingerprint][0]
    return fingerprint


def _in_circles(explained: Mapping[str, Explained]) -> frozenset[str]:
    """Return one fingerprint of each circle: the least."""
    spared: set[str] = set()
    done: set[str] = set()
    for start in explained:
        path: dict[str, None] = {}
        step = start
        while step in explained and step not in done and step not in path:
            path[step] = None
            step = explained[step][0]
        if step in path:
            names = list(path)
            spared.add(min(names[names.index(step) :]))
        done |= path.keys()
    return frozenset(spared)


def _shared_causes(sources: Alerts, scene: Scene) -> Iterable[Finder]:
    everywhere = {alert.cause: f for f, alert in sources.items() if not alert.project and _is_origin(alert)}
    here = {(alert.project, alert.cause): f for f, alert in sources.items() if alert.project and _is_origin(alert)}

    def find(fingerprint: str, alert: Alert) -> Explained | None:
        source = everywhere.get(alert.cause) or here.get((alert.project, alert.cause))
        if source is None or source == fingerprint or (alert.project == sources[source].project and _is_origin(alert)):
            return None
        return source, f"explained by {_told(source, scene)}"

    return [find] if everywhere or here else []


def _is_origin(alert: Alert) -> bool:
    if alert.cause == US:
        return not alert.project
    return alert.cause.startswith(PLATFORM) and alert.cause == PLATFORM + value_of(alert, "vendor")


def _parent_projects(sources: Alerts, scene: Scene) -> Iterable[Finder]:
    down = {alert.project: f for f, alert in sources.items() if _is_down(alert)}

    def find(_: str, alert: Alert) -> Explained | None:
        parent = scene.policy.parents.get(alert.project, alert.project)
        if parent == alert.project or parent not in down or alert.cause not in OUTAGES:
            return None
        return down[parent], f"{scene.name_of(alert.project)} depends on {scene.name_of(parent)}, which has trouble"

    return [find] if down and scene.policy.parents else []


def _is_down(alert: Alert) -> bool:
    broken = alert.cause in OUTAGES or alert.cause.startswith((RELEASE, PLATFORM))
    return broken and alert.severity is Severity.CRITICAL


def _parent_endpoints(sources: Alerts, scene: Scene) -> Iterable[Finder]:
    if not scene.policy.endpoint_parents:
        return []
    labelled = ((f, alert, value_of(alert, "endpoint")) for f, alert in sources.items())
    troubled = [(f, alert, endpoint) for f, alert, endpoint in labelled if endpoint]
    same = {(alert.project, endpoint, alert.rule): f for f, alert, endpoint in troubled}
    grave = {(a.project, endpoint): f for f, a, endpoint in troubled if a.severity is Severity.CRITICAL}

    def find(fingerprint: str, alert: Alert) -> Explained | None:
        endpoint = value_of(alert, "endpoint")
        parent = scene.policy.endpoint_parents.get((alert.project, endpoint), "")
        source = same.get((alert.project, parent, alert.rule)) or grave.get((alert.project, parent))
        if not parent or source is None or source == fingerprint:
            return None
        return source, f"{endpoint} depends on {parent}, which has trouble"

    return [find] if troubled else []


def _milder(sources: Alerts, scene: Scene) -> Iterable[Finder]:
    critical = {(a.project, a.cause, a.labels): f for f, a in sources.items() if a.severity is Severity.CRITICAL}

    def find(_: str, alert: Alert) -> Explained | None:
        if alert.severity is not Severity.WARNING or _is_origin(alert):
            return None
        key = (alert.project, alert.cause)
        source = critical.get((*key, alert.labels)) or critical.get((*key, ()))
        return (source, f"{_told(source, scene)} is graver and has the same cause") if source else None

    return [find] if critical else []


def _configured(sources: Alerts, scene: Scene) -> Iterable[Finder]:
    return [found for rule in scene.policy.inhibitions if (found := _of_rule(rule, sources, scene)) is not None]


def _of_rule(rule: Inhibition, sources: Alerts, scene: Scene) -> Finder | None:
    """Return the finder of a rule; what is a source of it as well is not a target, or two would hide each other."""
    matching = {f: alert for f, alert in sources.items() if match_all(rule.source, alert)}
    by_key = {tuple(value_of(alert, name) for name in rule.equal): f for f, alert in matching.items()}

    def find(fingerprint: str, alert: Alert) -> Explained | None:
        if fingerprint in matching or not match_all(rule.target, alert):
            return None
        source = by_key.get(tuple(value_of(alert, name) for name in rule.equal))
        return (source, rule.reason or f"explained by {_told(source, scene)}") if source else None

    return find if matching else None


def _told(source: str, scene: Scene) -> str:
    alert = scene.alerts[source]
    return f"{alert.rule} of {scene.name_of(alert.project)}"


MAKERS: Final = (_shared_causes, _parent_projects, _parent_endpoints, _milder, _configured)
