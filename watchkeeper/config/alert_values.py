"""The kinds of single values that only alerts know: matchers, names, times of the day and of the week."""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from watchkeeper.config import values as v
from watchkeeper.config.values import Expected
from watchkeeper.domain.alert_matchers import LONGEST, parse_matcher

WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
OWN_NAME: Final = r"^[a-z0-9][a-z0-9-]{0,62}$"


def minutes_of(time_of_day: str) -> int:
    """Return the minute of the day, 0 to 1440, of a text like `09:30`."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


def _matcher(text: str) -> str:
    parse_matcher(text)
    return text


Matcher = Annotated[
    str,
    StringConstraints(max_length=LONGEST),
    AfterValidator(_matcher),
    Expected('a matcher such as "severity=critical", "project!=shop" or "rule=~error-rate-.*"'),
]
Matchers = Annotated[
    tuple[Matcher, ...],
    Field(max_length=20),
    BeforeValidator(v.as_tuple),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "maxLength": LONGEST},
                {"type": "array", "items": {"type": "string", "maxLength": LONGEST}, "maxItems": 20},
            ]
        }
    ),
    Expected('a matcher such as "severity=critical", or a list of them'),
]
ChannelName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9#][^\s,;|]{0,99}$"),
    AfterValidator(v.one_line),
    Expected('the name of a channel such as "pager": no spaces, at most 100 characters'),
]
OwnName = Annotated[
    str,
    StringConstraints(pattern=OWN_NAME),
    Expected('a name such as "pager": small letters, digits and dashes, at most 63'),
]
LabelName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z_][a-z0-9_]{0,62}$"),
    Expected('a field or label such as "project"'),
]
TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Expected('a time of the day from "00:00" to "24:00", such as "09:30"'),
]
Kind = Literal["slack", "pagerduty", "jira", "datadog", "github", "apprise", "webhook", "console", "file"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
JiraKey = Annotated[
    str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]{1,49}$"), Expected('the key of a project of Jira such as "OPS"')
]
Path = Annotated[
    str,
    StringConstraints(pattern=r"^(~?/|\.{1,2}/)[^:]{1,998}$"),
    AfterValidator(v.one_line),
    Expected('a file such as "/var/log/watchkeeper/alerts.jsonl": it begins with "/", "./" or "~/"'),
]
Wait = Annotated[float, Field(ge=0, le=3_600), v.NUMBER, Expected("seconds, from 0 to 3600")]
GroupInterval = Annotated[
    float, Field(ge=1, le=1_440), v.NUMBER, Expected("minutes, from 1 (the minimum) to 1440 (a day)")
]
RepeatInterval = Annotated[
    float, Field(ge=5, le=43_200), v.NUMBER, Expected("minutes, from 5 (the minimum) to 43200 (30 days)")
]
Held = Annotated[float, Field(ge=0, le=43_200), v.NUMBER, Expected("minutes, from 0 to 43200 (30 days)")]
Repeats = Annotated[int, Field(ge=0, le=5), v.NUMBER, Expected("a whole number from 0 to 5")]
Sample = Annotated[int, Field(ge=0, le=1_000_000), v.NUMBER, Expected("a whole number from 0 to 1000000")]
Number = Annotated[float, Field(ge=-1e12, le=1e12), v.NUMBER, Expected("a number, in the unit of the signal")]
