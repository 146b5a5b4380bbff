"""`watchkeeper alerts ...`: what is wrong, who was told and why, and what people do about it.

Exit codes: 0 as asked, 1 a warning fires, 2 something critical fires, or what was asked for is refused, 4 wrong usage
or configuration.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import App, Parameter

from deployments.command import configuration_of, fail, output, plain_line, print_json, settings_of, store_environment
from deployments.rollback_app import REFUSED, As, Json, name_or_account, readable_name
from deployments.spans import moment_of, span_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from watchkeeper.config import Configuration
    from watchkeeper.domain.alert_values import Alert

WARNING: Final = 1
CRITICAL: Final = 2
TOLD: Final = "Those who were told hear of it within a minute."

Storm = Annotated[int, Parameter(help="Number of a storm, as in the message and in `watchkeeper alerts list`.")]
For = Annotated[str, Parameter(name="--for", help="How long: 30m, 2h, 1d.")]

alerts_app = App(
    name="alerts",
    help="Alerts: what is wrong, who was told and why; take on, hand over, resolve, keep quiet.\n\n"
    "Exit codes: 0 as asked, 1 a warning fires, 2 something critical fires (list) or what was asked for is refused, "
    "4 wrong usage or configuration.",
)


@alerts_app.command(name="list")
def list_alerts(
    *,
    project: str | None = None,
    history: Annotated[bool, Parameter(name="--all", negative="", help="Also what is over.")] = False,
    most: int = 200,
    as_json: Json = False,
) -> int:
    """Show what fires, or is about to.

    Parameters
    ----------
    project
        Slug; all projects when left out.
    most
        How many, the newest first.
    """
    with _store() as configuration:
        from reports.alert_terminal import alert_as_json, alert_table, lost_view  # noqa: PLC0415
        from tasks import alert_record  # noqa: PLC0415

        slug = configuration.project(project).slug if project else None
        now = datetime.now(UTC)
        found = alert_record.list_alerts(slug, with_resolved=history, most=most, now=now)
    if as_json:
        print_json([alert_as_json(each, found.groups.get(each.id), lost=found.lost) for each in found.alerts])
    elif found.alerts:
        output.print(alert_table(found.alerts, found.groups, configuration.names, now))
    else:
        output.print("There is no alert." if history else "Nothing fires.")
    if found.lost and not as_json:
        output.print(lost_view(found.lost))
    return _worst(found.alerts)


@alerts_app.command
def why(alert: int = 0, *, storm: Storm = 0, as_json: Json = False) -> int:
    """Show why somebody was told of an alert, or was not; of a storm, all of its groups.

    Parameters
    ----------
    alert
        Its number, as in `watchkeeper alerts list`.
    """
    if _one_of("alert", alert, storm):
        return _show_storm(storm, as_json=as_json)
    with _store() as configuration:
        from reports.alert_terminal import alert_as_json, why_view  # noqa: PLC0415
        from tasks import alert_record  # noqa: PLC0415

        found, sentences = alert_record.why(configuration, alert, datetime.now(UTC))
    if as_json:
        print_json(alert_as_json(found, why=sentences))
    else:
        output.print(why_view(found, sentences, configuration.names))
    return 0


@alerts_app.command
def ack(group: int = 0, *, storm: Storm = 0, who: As = "") -> int:
    """Acknowledge a group of alerts, or a storm: no reminder and no escalation until something critical comes to it.

    Parameters
    ----------
    group
        Its number, as in the message and in `watchkeeper alerts list`.
    """
    is_storm = _one_of("group", group, storm)
    with _store():
        from tasks.alert_actions import acknowledge, acknowledge_storm  # noqa: PLC0415

        now = datetime.now(UTC)
        done = acknowledge_storm(storm, _named(who), now) if is_storm else acknowledge(group, _named(who), now)
    return _say(f"{done} {TOLD}")


@alerts_app.command
def assign(group: int, *, to: Annotated[str, Parameter(help="Who shall see to it.")], who: As = "") -> int:
    """Hand a group of alerts to somebody.

    Parameters
    ----------
    group
        Its number.
    """
    given = readable_name(to, "--to")
    with _store():
        from tasks.alert_actions import assign as hand_over  # noqa: PLC0415

        done = hand_over(group, given, _named(who), datetime.now(UTC))
    return _say(f"{done} {TOLD}")


@alerts_app.command
def resolve(group: int, *, who: As = "", comment: str = "") -> int:
    """End the alerts of a group by hand. What goes wrong again is told again.

    Parameters
    ----------
    group
        Its number.
    comment
        A line for the record.
    """
    with _store():
        from tasks.alert_actions import resolve as end  # noqa: PLC0415

        done = end(group, _named(who), comment, datetime.now(UTC))
    return _say(f"{done} {TOLD}")


@alerts_app.command
def silence(
    *matchers: str,
    length: For = "",
    until: Annotated[str, Parameter(help="Until when, instead of --for: 2026-01-31T12:00:00Z.")] = "",
    storm: Storm = 0,
    who: As = "",
    comment: Annotated[str, Parameter(help="Why; people read it.")],
) -> int:
    """Keep alerts quiet for a while: what matches, or what belongs to a storm.

    They are watched all the same, and their end is told where they were told.

    Parameters
    ----------
    matchers
        What they must meet: severity=warning, project=shop, rule=~error-rate-.*, endpoint!=home. All must hold.
    """
    if bool(length) == bool(until):
        fail("expected either --for with a span like 2h, or --until with a moment like 2026-01-31T12:00:00Z")
    now = datetime.now(UTC)
    end = now + span_of(length, "--for") if length else moment_of(until, "--until")
    with _store():
        from tasks.alert_actions import silence as keep_quiet  # noqa: PLC0415
        from watchkeeper.domain.phrases import clock  # noqa: PLC0415

        number = keep_quiet(matchers, now, end, _named(who), comment, now, storm)
    return _say(f"Silence {number} holds until {clock(end)}. Take it back by: watchkeeper alerts unsilence {number}")


@alerts_app.command
def silences(*, as_json: Json = False) -> int:
    """Show the silences that hold, or will."""
    now = datetime.now(UTC)
    with _store():
        from reports.alert_terminal import silence_as_json, silence_table  # noqa: PLC0415
        from tasks import alert_record  # noqa: PLC0415

        found = alert_record.list_silences(now)
    if as_json:
        print_json([silence_as_json(each) for each in found])
    else:
        output.print(silence_table(found, now) if found else "Nothing is kept quiet.")
    return 0


@alerts_app.command
def unsilence(number: int, *, who: As = "") -> int:
    """Take a silence back before its time.

    Parameters
    ----------
    number
        As in `watchkeeper alerts silences`.
    """
    with _store():
        from tasks.alert_actions import unsilence as take_back  # noqa: PLC0415

        done = take_back(number, _named(who), datetime.now(UTC))
    return _say(done)


@alerts_app.command(name="try")
def try_rules(*rules: str, since: str = "30d", as_json: Json = False) -> int:
    """Show what rules would have done in the stored past: how often, how long, how many messages.

    Parameters
    ----------
    rules
        Their names, as in `watchkeeper alerts rules`.
    since
        How far back: 12h, 30d, 4w.
    """
    if not rules:
        fail("which rule? `watchkeeper alerts rules` shows their names")
    now = datetime.now(UTC)
    start = now - span_of(since, "--since")
    with _store() as configuration:
        from reports.alert_terminal import trial_as_json, trial_view  # noqa: PLC0415
        from tasks import alert_trying  # noqa: PLC0415

        trials = alert_trying.try_rules(configuration, rules, start, now)
    if as_json:
        print_json([trial_as_json(trial) for trial in trials])
    else:
        for trial in trials:
            output.print(trial_view(trial, configuration.names))
            output.print()
    return 0


@alerts_app.command(name="rules")
def list_rules(*, project: str | None = None) -> int:
    """Show the rules: when each fires, and when it is calm.

    Parameters
    ----------
    project
        Slug, for those that hold there; what holds for all when left out.
    """
    configuration = configuration_of(settings_of())
    from reports.alert_terminal import rule_table  # noqa: PLC0415

    try:
        slug = configuration.project(project).slug if project else ""
    except LookupError as error:
        fail(str(error))
    output.print(rule_table(configuration.alert_rules_of(slug)))
    return 0


def _one_of(what: str, number: int, storm: int) -> bool:
    """Return whether it is a storm that is asked for; exactly one of both must be."""
    if bool(number) == bool(storm):
        fail(f"expected either the number of the {what}, or --storm with that of a storm")
    return bool(storm)


def _show_storm(storm: int, *, as_json: bool) -> int:
    now = datetime.now(UTC)
    with _store() as configuration:
        from reports.alert_terminal import alert_as_json, storm_view  # noqa: PLC0415
        from tasks import alert_record  # noqa: PLC0415

        found = alert_record.list_storm(storm)
    if as_json:
        print_json([alert_as_json(each, found.groups.get(each.id)) for each in found.alerts])
    else:
        output.print(storm_view(storm, found.alerts, found.groups, configuration.names, now))
    return 0


def _worst(alerts: "Sequence[Alert]") -> int:
    firing = {alert.severity.value for alert in alerts if alert.is_firing}
    return CRITICAL if "critical" in firing else WARNING if "warning" in firing else 0


def _say(text: str) -> int:
    output.print(plain_line(text), highlight=False, soft_wrap=True)
    return 0


def _named(who: str) -> str:
    return name_or_account(who) or fail("who are you? Give your name with --as")


@contextmanager
def _store() -> Iterator["Configuration"]:
    """Give the configuration to what reads and writes the store, and say in words what goes wrong there."""
    settings = settings_of()
    configuration = configuration_of(settings)
    os.environ.update(store_environment(settings))
    from tasks.alert_actions import CannotDoError  # noqa: PLC0415 - imports Prefect
    from watchkeeper.store.failures import StoreError  # noqa: PLC0415

    try:
        yield configuration
    except CannotDoError as error:
        fail(plain_line(str(error)), REFUSED)
    except (LookupError, ValueError, StoreError) as error:
        fail(plain_line(str(error)))
