"""The kinds of single values: what is accepted, and the words for what was expected."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import httpx
from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from watchkeeper.config.problems import cut, nearest
from watchkeeper.domain.people import checked_name, is_watchkeeper

SLUG = r"^[a-z0-9][a-z0-9-]{0,62}$"
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Expected:
    """The words for a person about what a value must be."""

    words: str


def one_line(text: str) -> str:
    if _UNFIT.search(text):
        raise ValueError("expected one line of text without control characters")
    return text


def _person(text: str) -> str:
    if is_watchkeeper(name := checked_name(text)):
        raise ValueError(f'expected a person, got "{cut(name, 60)}": no person is called as Watchkeeper itself')
    return name


def _no_switch(value: object) -> object:
    """Refuse true and false where a number belongs; Python would take them for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError(f"expected a number, got {str(value).lower()}")  # noqa: TRY004 - Pydantic wants ValueError
    return value


def _timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        hint = nearest(name, available_timezones())
        raise ValueError(
            f'expected a time zone such as "UTC" or "Europe/Berlin", got "{cut(name, 60)}"{hint}'
        ) from None
    return name


@lru_cache(maxsize=10_000)
def _cron(text: str) -> str:
    words = f'expected a cron line of five fields such as "0 2 * * 0" (Sundays at 02:00), got "{cut(text, 60)}"'
    if len(text.split()) != 5:
        raise ValueError(words)
    try:
        CronSim(text, datetime(2024, 1, 1, tzinfo=UTC))
    except CronSimError as error:
        raise ValueError(f"{words}: {str(error).lower()}") from None
    return text


@lru_cache(maxsize=10_000)
def _url(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ValueError(f'expected an address such as "https://shop.example.com/health": {error}') from None
    is_port = url.port is None or 0 < url.port < 65_536
    is_host = re.fullmatch(rb"[A-Za-z0-9._:-]{1,253}", url.raw_host)
    if not (is_port and is_host) or url.scheme not in {"http", "https"} or any(letter.isspace() for letter in text):
        raise ValueError(f'expected an address such as "https://shop.example.com/health", got "{cut(text, 80)}"')
    return text


def _moment(value: object) -> datetime:
    """Return the aware moment in UTC that the text names."""
    words = 'expected a moment with its time zone such as "2026-12-24T22:00:00Z"'
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(moment, datetime) and moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"{words}, got {show_value(value)}")


def as_tuple(value: object) -> object:
    """Let a single value stand for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def show_value(value: object) -> str:
    """Return `value` as a person would name it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{cut(value, 60)}"'
    if isinstance(value, dict):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else cut(str(value), 40)


NUMBER = BeforeValidator(_no_switch)

Percent = Annotated[float, Field(ge=0, le=100), NUMBER, Expected("a percentage from 0 to 100")]
Score = Annotated[float, Field(ge=0, le=100), NUMBER, Expected("a score from 0 to 100")]
Share = Annotated[float, Field(ge=0, le=1), NUMBER, Expected("a share from 0 to 1")]
Milliseconds = Annotated[float, Field(gt=0, le=60_000), NUMBER, Expected("milliseconds, above 0 and up to 60000")]
Minutes = Annotated[float, Field(gt=0, le=43_200), NUMBER, Expected("minutes, above 0 and up to 43200 (30 days)")]
Hours = Annotated[float, Field(gt=0, le=8_760), NUMBER, Expected("hours, above 0 and up to 8760 (a year)")]
TurnHours = Annotated[float, Field(ge=1, le=8_760), NUMBER, Expected("hours, from 1 to 8760 (a year)")]
Days = Annotated[float, Field(ge=0, le=3_650), NUMBER, Expected("days, from 0 to 3650")]
Money = Annotated[float, Field(ge=0, le=1e9), NUMBER, Expected("an amount of money, from 0")]
Target = Annotated[
    float, Field(ge=0, lt=100), NUMBER, Expected("a percentage from 0 to below 100 (100 leaves no error budget)")
]
Amount = Annotated[int, Field(ge=1, le=1_000_000), NUMBER, Expected("a whole number from 1 to 1000000")]
Times = Annotated[int, Field(ge=1, le=100), NUMBER, Expected("a whole number from 1 to 100")]
Status = Annotated[int, Field(ge=100, le=599), NUMBER, Expected("an HTTP status from 100 to 599")]
Statuses = Annotated[
    tuple[Status, ...],
    Field(min_length=1, max_length=50),
    BeforeValidator(as_tuple),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 100, "maximum": 599},
                {"type": "array", "items": {"type": "integer", "minimum": 100, "maximum": 599}, "minItems": 1},
            ]
        }
    ),
    Expected("an HTTP status such as 200, or a list of them"),
]

Slug = Annotated[
    str,
    StringConstraints(pattern=SLUG),
    Expected("small letters, digits and dashes, at most 63, beginning with a letter or digit"),
]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    AfterValidator(one_line),
    Expected("text of 1 to 80 characters"),
]
Line = Annotated[
    str,
    StringConstraints(max_length=500),
    AfterValidator(one_line),
    Expected("one line of text, at most 500 characters"),
]
Branch = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s~^:?*\[\\]{1,250}$"),
    AfterValidator(one_line),
    Expected('a branch such as "main"'),
]
SentrySlug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,99}$"),
    Expected('a slug of Sentry such as "shop-web" (the last part of its address)'),
]
Environment = Annotated[
    str,
    StringConstraints(pattern=r"^[^\s/]{1,64}$"),
    AfterValidator(one_line),
    Expected('an environment such as "production"'),
]
VercelName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"),
    Expected('an id such as "prj_..." or a name of Vercel such as "shop"'),
]
VercelTeam = Annotated[
    str,
    StringConstraints(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,99})?$"),
    Expected('an id such as "team_...", a slug of a Vercel team, or "" for the personal account'),
]
CircleProject = Annotated[
    str,
    StringConstraints(
        pattern=r"^((gh|bb)/[A-Za-z0-9._-]{1,100}/[A-Za-z0-9._-]{1,100}|circleci/[\w-]{1,64}/[\w-]{1,64})$"
    ),
    Expected('a CircleCI slug such as "gh/acme/shop", "bb/acme/shop" or "circleci/<organization id>/<project id>"'),
]
Repository = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}$"),
    Expected('a repository such as "acme/shop" (owner/name)'),
]
Channel = Annotated[
    str,
    StringConstraints(pattern=r"^(#[^\s#@,<>]{1,80}|[CGD][A-Z0-9]{6,20})$"),
    Expected('a channel in quotes such as "#releases" (without quotes YAML takes # for a comment), or its id'),
]
ReportChannel = Annotated[
    str,
    StringConstraints(pattern=r"^(off|#[^\s#@,<>]{1,80}|[CGD][A-Z0-9]{6,20})$"),
    Expected('a channel in quotes such as "#reports" (without quotes YAML takes # for a comment), its id, or off'),
]
BlockName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$"),
    Expected('the name of credential blocks such as "default": small letters, digits and dashes'),
]
Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), Expected('a currency of three letters such as "USD"')
]
Storage = Annotated[
    str,
    StringConstraints(
        pattern=r"^(|~?/[^:]*|\.{1,2}/[^:]*|[a-z][a-z0-9+.-]+://\S+|[a-z0-9-]{1,63}/[a-z0-9][a-z0-9-]{0,62})$",
        max_length=1_000,
    ),
    AfterValidator(one_line),
    Expected(
        'a folder that begins with "/", "./" or "~/", an address such as "s3://bucket/reports", '
        'or a storage block such as "s3-bucket/reports"'
    ),
]
EdgeConfig = Annotated[
    str,
    StringConstraints(pattern=r"^ecfg_[A-Za-z0-9_]{1,100}$"),
    Expected('the id of an Edge Config such as "ecfg_..."'),
]
ItemKey = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,256}$"),
    Expected('the key of an item such as "new_checkout_percent": letters, digits, _ and -'),
]
Person = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_person),
    Expected('a name such as "Ada Okafor", an e-mail address, or both as "Ada Okafor <ada@example.com>"'),
]
PathPattern = Annotated[
    str,
    StringConstraints(pattern=r"^[^!\s][^\n]{0,199}$"),
    AfterValidator(one_line),
    Expected('a pattern of files such as "db/migrations/**" or "**/*.sql"'),
]
Url = Annotated[
    str,
    StringConstraints(min_length=1, max_length=2_000),
    AfterValidator(_url),
    Expected('an address such as "https://shop.example.com/health"'),
]
TimeZone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_timezone),
    Expected('a time zone such as "UTC" or "Europe/Berlin"'),
]
Cron = Annotated[
    str,
    StringConstraints(max_length=100),
    AfterValidator(_cron),
    Expected('a cron line of five fields such as "0 2 * * 0" (Sundays at 02:00)'),
]
Moment = Annotated[
    datetime, BeforeValidator(_moment), Expected('a moment with its time zone such as "2026-12-24T22:00:00Z"')
]
Condition = Annotated[
    str,
    StringConstraints(
        pattern=r"^(|[\w-]+(\.[\w-]+)*(\s*(==|!=)\s*(\"[^\"]*\"|-?\d+(\.\d+)?|true|false|null))?)$", max_length=300
    ),
    Expected('a condition such as `status == "ok"`, `checks.0.up != false` or just `ready`'),
]
