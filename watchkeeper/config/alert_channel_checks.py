"""Mistakes of channels: options of another kind, missing ones, secrets in addresses, names that nobody has."""

import re
from collections.abc import Collection, Mapping
from typing import Final

from watchkeeper.config.alerts import AlertChannel
from watchkeeper.config.plain import Found, below, mapping, mappings, merged, own_names, texts
from watchkeeper.config.problems import cut, nearest
from watchkeeper.domain.alert_channels import slack_name
from watchkeeper.domain.alert_policy import ChannelKind

_EVERY: Final = frozenset({"name", "kind"})
_OWN: Final[Mapping[str, frozenset[str]]] = {
    ChannelKind.SLACK: frozenset({"credentials", "channel"}),
    ChannelKind.PAGERDUTY: frozenset({"credentials"}),
    ChannelKind.JIRA: frozenset({"credentials", "project", "issue_type", "resolve_transition", "reopen_transition"}),
    ChannelKind.DATADOG: frozenset({"credentials"}),
    ChannelKind.GITHUB: frozenset({"credentials", "repository", "does"}),
    ChannelKind.APPRISE: frozenset({"credentials"}),
    ChannelKind.WEBHOOK: frozenset({"credentials", "url"}),
    ChannelKind.CONSOLE: frozenset(),
    ChannelKind.FILE: frozenset({"path"}),
}
_NEEDED: Final = {ChannelKind.SLACK: "channel", ChannelKind.JIRA: "project"}
_TAKEN: Final = {"slack": "the channel of slack", "console": "there already", "file": "there already"}
_TOKEN: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-|(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{16,}")


def check_channels(alerts: Mapping[str, object]) -> Found:
    """Yield what is wrong with the channels themselves."""
    yield from own_names(alerts, "channels")
    for place, channel in mappings(alerts, "channels"):
        yield from below(("channels", place), _channel(channel))


def known_channels(data: Mapping[str, object]) -> frozenset[str]:
    """Return the names that may be used: of `alerts.channels`, and those that are there without being written."""
    written = {str(channel.get("name")) for _, channel in mappings(mapping(data, "alerts"), "channels")}
    shared = (_text(mapping(data, "slack"), "channel"), _text(mapping(data, "slack"), "credentials") or "default")
    places = {shared, *(_slack_place(data, project) for _, project in mappings(data, "projects"))}
    return frozenset({*written, "console", "file", *(slack_name(place, shared) for place in places if place[0])})


def _slack_place(data: Mapping[str, object], project: Mapping[str, object]) -> tuple[str, str]:
    """Return the Slack channel of the project and the name of its block."""
    filled = merged(mapping(data, "defaults"), project)
    slack = mapping(filled, "slack")
    channel = _text(slack, "channel") or _text(mapping(data, "slack"), "channel")
    return channel, _text(slack, "credentials") or _text(filled, "credentials") or "default"


def _text(data: Mapping[str, object], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def unknown_channels(data: Mapping[str, object], known: Collection[str]) -> Found:
    """Yield the default channels that are none."""
    yield from below(("alerts",), references(mapping(data, "alerts"), "default_channels", known, "channel"))
    yield from below(("defaults",), references(mapping(data, "defaults"), "channels", known, "channel"))
    for place, project in mappings(data, "projects"):
        yield from below(("projects", place), references(project, "channels", known, "channel"))


def references(data: Mapping[str, object], key: str, known: Collection[str], what: str) -> Found:
    """Yield the names in the list at `key` that are not known."""
    for place, name in texts(data, key):
        if name not in known:
            yield place, unknown(what, name, known)


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """Return the sentence on a name that nothing has."""
    hint = nearest(name, sorted(known)) or f"; there are {', '.join(sorted(known)[:10]) or 'none'}"
    return f'there is no {what} "{cut(name, 60)}"{hint}'


def _channel(channel: Mapping[str, object]) -> Found:
    kind = channel.get("kind")
    if kind not in _OWN:
        return  # said elsewhere
    for option in AlertChannel.model_fields.keys() & channel.keys() - _EVERY - _OWN[str(kind)]:
        if channel[option] is not None:
            yield (option,), f"a channel of kind {kind} has no {option}"
    needed = _NEEDED.get(ChannelKind(str(kind)))
    if needed and channel.get(needed) is None:
        yield (needed,), f"is missing: a channel of kind {kind} needs it"
    name = channel.get("name")
    if name in _TAKEN:
        yield ("name",), f"expected another name: {name} is {_TAKEN[str(name)]}"
    yield from _address(channel.get("url"))


def _address(url: object) -> Found:
    """Yield an address that lets in whoever knows it."""
    if isinstance(url, str) and _TOKEN.search(url):
        yield ("url",), "this address seems to hold a secret: expected it in the webhook block, and no url here"
