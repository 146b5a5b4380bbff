"""What the body of an endpoint's answer must say."""

import json
import re
import zlib
from dataclasses import dataclass
from typing import Any, Final

from watchkeeper.domain.endpoints import Endpoint, ProbeFailure

BODY_LIMIT: Final = 1024 * 1024
_COMPARISON: Final = re.compile(r"\s*(?P<path>.+?)\s*(?:(?P<operator>==|!=)\s*(?P<value>.+?)\s*)?")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Flaw:
    """What an answer fell short of. `detail` is a sentence that repeats nothing of the body."""

    failure: ProbeFailure
    detail: str


@dataclass(frozen=True, slots=True)
class Body:
    """The first `BODY_LIMIT` bytes of an answer. `is_cut`: there was more."""

    content: bytes
    is_cut: bool = False

    def decoded(self, encoding: str) -> "Body | Flaw":
        """Return the body without its compression, which was not asked for but may come; never more than the limit."""
        if encoding.strip().lower() in {"", "identity"}:
            return self
        if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
            return Flaw(ProbeFailure.BODY, "the body is compressed in a way that was not asked for")
        reader = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        try:
            content = reader.decompress(self.content, BODY_LIMIT)
        except zlib.error:
            return Flaw(ProbeFailure.BODY, "the body says that it is compressed and is not")
        return Body(content, is_cut=self.is_cut or not reader.eof)


def find_flaw(endpoint: Endpoint, body: Body) -> Flaw | None:
    """Return the first condition of `endpoint` that the body does not meet."""
    return _text_flaw(endpoint.body_contains, body) or _json_flaw(endpoint.json_condition, body)


def _text_flaw(wanted: str, body: Body) -> Flaw | None:
    if wanted.encode() in body.content:
        return None
    if body.is_cut:
        return Flaw(ProbeFailure.TOO_LARGE, "the first MB of the body does not hold the expected text")
    return Flaw(ProbeFailure.BODY, "the body does not hold the expected text")


def _json_flaw(condition: str, body: Body) -> Flaw | None:
    if not condition:
        return None
    if body.is_cut:
        return Flaw(ProbeFailure.TOO_LARGE, "the body is larger than 1 MB and cannot be read as JSON")
    try:
        document = json.loads(body.content)
    except (ValueError, RecursionError):
        return Flaw(ProbeFailure.BODY, "the body is not JSON")
    return _condition_flaw(condition, document)


def _condition_flaw(condition: str, document: Any) -> Flaw | None:  # noqa: ANN401 - a decoded body
    parts = _COMPARISON.fullmatch(condition)
    if parts is None:
        return Flaw(ProbeFailure.BODY, f"the condition `{condition}` cannot be read: write `path == value`")
    path, operator = parts["path"], parts["operator"]
    found = _look_up(document, path)
    if found is _ABSENT:
        return Flaw(ProbeFailure.BODY, f"the JSON body has no `{path}`")
    wanted = _literal(parts["value"]) if operator else True
    if _equal(found, wanted) == (operator != "!="):
        return None
    return Flaw(ProbeFailure.BODY, f"`{condition.strip()}` does not hold in the JSON body")


def _look_up(document: Any, path: str) -> Any:  # noqa: ANN401 - a decoded body
    for step in path.split("."):
        if isinstance(document, dict) and step in document:
            document = document[step]
        elif isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        else:
            return _ABSENT
    return document


def _literal(text: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return the JSON value that `text` spells, or the text itself: `ok` means the same as `"ok"`."""
    try:
        return json.loads(text)
    except ValueError:
        return text.strip("'")


def _equal(one: Any, other: Any) -> bool:  # noqa: ANN401 - decoded values
    """True for the same JSON value; 1 is not true."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
