"""What people are told about mistakes in the configuration."""

from typing import Final

from reports import slack
from reports.slack import SlackMessage

_HEAD: Final = "🟡 *The configuration has mistakes*"
_REST: Final = "What was right before stays in force. `watchkeeper config check` names every mistake."
_MENDED: Final = "🟢 *The configuration is right again* and in force."


def mistakes_message(mistakes: str) -> SlackMessage:
    """Return what to say of the mistakes, one a line; of none ("") that they are gone."""
    if not mistakes:
        return slack.slack_message(_MENDED.replace("*", ""), [slack.section(_MENDED)])
    lines = [slack.escape(line, 300) for line in mistakes.split("\n") if line.strip()]
    blocks = [slack.section(_HEAD), slack.section(slack.bullets(lines, 8)), slack.context([_REST])]
    return slack.slack_message(f"{_HEAD.replace('*', '')}: {lines[0]}", blocks)
