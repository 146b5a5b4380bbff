"""YAML text -> plain data with the line of every key, bounded in size, depth and aliases.

Plain words follow YAML 1.2, as editors do: only `true` and `false` are switches, so that `no` and `on` stay text.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from watchkeeper.config.environment import ValueRefused, fill_in
from watchkeeper.config.problems import ConfigurationError, Place, Problem, ProblemLog, cut
from watchkeeper.config.secrets import is_secret_value

MAX_BYTES = 4_000_000
MAX_DEPTH = 20
MAX_VALUES = 400_000
MAX_LENGTH = 2_000
REFUSED = "(refused)"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,4})?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NOTHING = {"", "~", "null", "Null", "NULL"}
_TEXT_TAGS = {None, "!", "tag:yaml.org,2002:str"}
_HINTS = {
    "mapping values are not allowed": "a `:` where none may be: check the indentation, or put the text in quotes",
    "cannot start any token": "this character cannot begin a value: indent with spaces (no tabs), and quote the text",
    "did not find expected ',' or": "a list [..] or mapping {..} is not closed, or a text with braces needs quotes",
    "unexpected end of stream": "a quote is opened here and never closed",
    "did not find expected key": "the indentation does not fit the lines around it",
    "did not find expected '-'": "expected another list item; the indentation does not fit the lines around it",
    "unknown escape character": "a backslash in double quotes must be doubled, or use single quotes",
}


@dataclass(frozen=True, slots=True)
class Document:
    """The data of a file (mappings, lists, text, numbers, switches, None), its lines, and the mistakes so far."""

    data: object
    problems: ProblemLog


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being read."""

    path: Place
    value: dict[str, object] | list[object]
    anchor: str | None
    before: int
    key: str | None = None


@dataclass(slots=True)
class _Builder:
    source: str
    environment: Mapping[str, str]
    lines: dict[Place, int] = field(default_factory=dict)
    open: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[object, int]] = field(default_factory=dict)
    values: int = 0
    root: object = None
    log: ProblemLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = ProblemLog(self.lines)

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.AliasEvent):
            self._alias(str(event.anchor), line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin(event, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._end()
        elif isinstance(event, yaml.DocumentStartEvent) and self.values:
            raise self.stop(line, "a second document begins here (`---`): expected one")

    def stop(self, line: int, message: str, path: Place = ()) -> ConfigurationError:
        self.log.add(path, message, line)
        return ConfigurationError(self.source, self.log.all())

    def _count(self, number: int, line: int) -> None:
        self.values += number
        if self.values > MAX_VALUES:
            raise self.stop(line, f"the file holds more than {MAX_VALUES:,} values (aliases count in full)")

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> None:
        self._count(1, line)
        if self._wants_key():
            self._key(event.value, line)
            return
        path = self._here(line)
        value = self._value(event, path)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._place(value)

    def _value(self, event: yaml.ScalarEvent, path: Place) -> object:
        if len(event.value) > MAX_LENGTH:
            self.log.add(path, f"expected at most {MAX_LENGTH} characters, got {len(event.value)}")
            return REFUSED
        try:
            text = fill_in(event.value, self.environment)
        except ValueRefused as refused:
            self.log.add(path, str(refused))
            return REFUSED
        if event.tag not in _TEXT_TAGS:
            self.log.add(path, f"tags such as {_shown(str(event.tag))} are not used here: expected a plain value")
            return REFUSED
        is_plain = event.implicit[0] and not (event.value and not text)
        return plain_value(text) if is_plain else text

    def _key(self, key: str, line: int) -> None:
        frame = self.open[-1]
        shown = REFUSED if is_secret_value(key[:MAX_LENGTH]) else key
        path = (*frame.path, shown)
        if isinstance(frame.value, dict) and shown in frame.value:
            self.log.add(path, f"is written twice: first in line {self.lines[path]}, again in line {line}", line)
        else:
            self.lines[path] = line
        frame.key = shown

    def _wants_key(self) -> bool:
        return bool(self.open) and isinstance(self.open[-1].value, dict) and self.open[-1].key is None

    def _here(self, line: int) -> Place:
        """Return the path of the value that begins now."""
        if not self.open:
            self.lines.setdefault((), line)
            return ()
        frame = self.open[-1]
        path = (*frame.path, len(frame.value) if frame.key is None else frame.key)
        self.lines.setdefault(path, line)
        return path

    def _begin(self, event: yaml.CollectionStartEvent, line: int) -> None:
        if self._wants_key():
            raise self.stop(line, "a key must be plain text, not a list or a mapping", self.open[-1].path)
        if len(self.open) >= MAX_DEPTH:
            raise self.stop(line, f"nested deeper than {MAX_DEPTH} levels")
        path = self._here(line)
        value: dict[str, object] | list[object] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if event.tag not in {None, "!"}:
            self.log.add(path, f"tags such as {_shown(str(event.tag))} are not used here: expected a plain value")
        self.open.append(_Open(path, value, event.anchor, self.values))
        self._count(1, line)

    def _end(self) -> None:
        frame = self.open.pop()
        if isinstance(frame.value, dict) and "<<" in frame.value:
            self._merge(frame.value, frame.path)
        if frame.anchor:
            self.anchors[frame.anchor] = (frame.value, self.values - frame.before)
        self._place(frame.value)

    def _merge(self, value: dict[str, object], path: Place) -> None:
        """Fill `value` up from what its `<<` key points at; its own keys win."""
        bases = value.pop("<<")
        for base in bases if isinstance(bases, list) else [bases]:
            if not isinstance(base, dict):
                self.log.add((*path, "<<"), "expected an alias of a mapping, as in `<<: *base`")
                return
            for key, item in base.items():
                value.setdefault(key, item)

    def _alias(self, anchor: str, line: int) -> None:
        if self._wants_key():
            raise self.stop(line, "a key must be plain text, not an alias", self.open[-1].path)
        path = self._here(line)
        if anchor not in self.anchors:
            inside = any(frame.anchor == anchor for frame in self.open)
            why = "contains itself" if inside else "is not known before this line"
            raise self.stop(line, f"the anchor &{_shown(anchor)} {why}", path)
        value, size = self.anchors[anchor]
        self._count(size, line)
        self._place(value)

    def _place(self, value: object) -> None:
        if not self.open:
            self.root = value
            return
        frame = self.open[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
        elif frame.key is not None:
            frame.value.setdefault(frame.key, value)
            frame.key = None


def read_document(text: str, environment: Mapping[str, str], source: str) -> Document:
    """Return the data of the YAML `text`.

    Raises:
        ConfigurationError: it is not YAML, too large, nested too deeply, or an anchor contains itself.
    """
    _check_text(text, source)
    builder = _Builder(source, environment)
    try:
        for event in _events(text):
            builder.take(event)
    except yaml.YAMLError as error:
        line, message = _explain(error, text)
        raise builder.stop(line, f"this is not YAML: {message}", ("",)) from None
    return Document(builder.root, builder.log)


def plain_value(text: str) -> object:
    """Return what an unquoted word means in YAML 1.2: nothing, a switch, a number, or text."""
    if text in _NOTHING:
        return None
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _shown(text: str) -> str:
    return REFUSED if is_secret_value(text[:MAX_LENGTH]) else cut(text, 40)


def _events(text: str) -> Iterator[yaml.Event]:
    events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)
    return events


def _check_text(text: str, source: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        raise ConfigurationError(source, [Problem("", line, "a character that no text can hold")]) from None
    if size > MAX_BYTES:
        message = f"the file is too large: {size:,} bytes, expected at most {MAX_BYTES:,}"
        raise ConfigurationError(source, [Problem("", 1, message)])


def _explain(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """Return line and words for what the parser met; its own words quote nothing of the file but one character."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        words = error.problem or "it cannot be read"
        hint = next((hint for part, hint in _HINTS.items() if part in words), cut(words, 100))
        return (mark.line + 1 if mark else 1), hint
    position = min(int(getattr(error, "position", 0) or 0), len(text))
    return text.count("\n", 0, position) + 1, "a control character"
