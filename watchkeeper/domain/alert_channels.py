"""A channel: a place where people are told of alerts, as the configuration describes it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from watchkeeper.domain.alert_policy import ChannelKind


class GitHubDeed(StrEnum):
    """What a GitHub channel does with a group."""

    ISSUE = "issue"  # opens an issue for it, and closes it
    STATUS = "status"  # marks the release's commit
    COMMENT = "comment"  # comments on the release's pull request, once


DEEDS: Final = frozenset(deed.value for deed in GitHubDeed)


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """A channel and how it is reached. What a kind does not use is left as it is.

    Attributes:
        name: unique; routes, the ledger and the outbox know it by this.
        credentials: name of the block of its kind: a Slack block, a webhook block, ...
        channel: Slack: `#releases` or an id.
        project: Jira: key of the project, as `OPS`.
        issue_type, resolve_transition, reopen_transition: Jira: names as people see them there.
        repository: GitHub: `owner/name`; empty for the one of the project that is told of.
        url: webhook: where it is sent to; empty where the block holds the address.
        path: file: where lines are appended; empty for `alerts.jsonl` in the home folder.
        does: GitHub: some of `DEEDS`.
    """

    name: str
    kind: ChannelKind
    credentials: str = "default"
    channel: str = ""
    project: str = ""
    issue_type: str = "Task"
    resolve_transition: str = "Done"
    reopen_transition: str = "To Do"
    repository: str = ""
    url: str = ""
    path: str = ""
    does: frozenset[str] = DEEDS


def slack_name(place: tuple[str, str], shared: tuple[str, str]) -> str:
    """Return the name of a Slack channel that nobody has had to write into a list of channels.

    Args:
        place: the channel and the name of its block.
        shared: the same of the whole file; "" as the channel where it names none.
    """
    channel, credentials = place
    if place == shared:
        return ChannelKind.SLACK.value
    workspace = "" if credentials == shared[1] else f"@{credentials}"
    return f"{ChannelKind.SLACK}:{channel}{workspace}"
