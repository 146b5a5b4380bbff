"""The vendors' official documents, and whether a request and its answer keep to them."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from openapi_schema_validator import OAS30Validator, oas30_format_checker

FOLDER = os.environ.get("WATCHKEEPER_API_SPECS", "")

needs_documents = pytest.mark.skipif(
    not (FOLDER and Path(FOLDER).is_dir()),
    reason="set WATCHKEEPER_API_SPECS to the folder with the vendors' *.openapi.json to check the contracts",
)

Schema = dict[str, Any]


@dataclass(frozen=True)
class Exchange:
    """A request as it went over the wire, and its answer.

    Attributes:
        path: as it was sent, still percent-encoded, without what stands before the document's paths.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes
    answer_type: str

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


@dataclass(frozen=True)
class Correction:
    """A place where the vendor's own service is known to differ from its document.

    Attributes:
        place: the keys that lead there, with spaces between; `*` stands for any key.
        change: what is merged into the schema there; None as a value takes the key away.
    """

    place: str
    change: Schema
    reason: str


class Document:
    """One vendor's document."""

    def __init__(self, name: str, corrections: tuple[Correction, ...] = ()) -> None:
        self._document: Schema = json.loads((Path(FOLDER) / f"{name}.openapi.json").read_text())
        self._patterns = [(_pattern(path), path) for path in self._document["paths"]]
        _loosen(self._document)
        for correction in corrections:
            self._correct(correction)

    def _correct(self, correction: Correction) -> None:
        places = list(_places(self._document, correction.place.split(" ")))
        assert places, f"there is no {correction.place} to correct any more: {correction.reason}"
        for place in places:
            place.update(correction.change)
            for key in [key for key, value in correction.change.items() if value is None]:
                del place[key]

    def problems(self, exchange: Exchange, *, missing_allowed: frozenset[str] = frozenset()) -> list[str]:
        """Return everything by which an exchange breaks the document, each problem once.

        Args:
            missing_allowed: keys that the request asked the vendor to leave out.
        """
        found = self._find(exchange)
        if found is None:
            return [f"{exchange}: the document has no such path"]
        path, item = found
        operation = item.get(exchange.method.lower())
        if operation is None:
            return [f"{exchange}: the document has no such method"]
        parameters = [self._resolve(p) for p in (*item.get("parameters", ()), *operation.get("parameters", ()))]
        problems = [
            *self._parameter_problems(exchange, path, parameters),
            *self._security_problems(exchange, operation),
            *self._body_problems(exchange, operation),
            *self._answer_problems(exchange, operation, missing_allowed),
        ]
        return [f"{exchange}: {problem}" for problem in dict.fromkeys(problems)]

    def _find(self, exchange: Exchange) -> tuple[str, Schema] | None:
        """Return the path of the document that fits; one without a placeholder there goes before one with it."""
        fitting = [path for pattern, path in self._patterns if pattern.fullmatch(exchange.path)]
        best = min(fitting, key=lambda path: path.count("{"), default=None)
        return None if best is None else (best, self._document["paths"][best])

    def _resolve(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            target: Any = self._document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                target = target[key.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema

    def _parameter_problems(self, exchange: Exchange, path: str, parameters: list[Schema]) -> Iterator[str]:
        placed = _pattern(path).fullmatch(exchange.path)
        assert placed is not None
        names = re.findall(r"{([^}]+)}", path)
        values = {("path", name): [unquote(value)] for name, value in zip(names, placed.groups(), strict=True)}
        for name, value in exchange.query:
            values.setdefault(("query", name), []).append(value)
        known = {(parameter["in"], parameter["name"]): parameter for parameter in parameters}
        yield from (f"unknown {place} parameter {name}" for place, name in values if (place, name) not in known)
        for key, parameter in known.items():
            if key in values:
                for problem in self._schema_problems(_cast(values[key], parameter["schema"]), parameter["schema"]):
                    yield f"{key[0]} parameter {key[1]}: {problem}"
            elif parameter.get("required") and key[0] in {"path", "query"}:
                yield f"{key[0]} parameter {key[1]} is missing"

    def _security_problems(self, exchange: Exchange, operation: Schema) -> Iterator[str]:
        schemes = self._document.get("components", {}).get("securitySchemes", {})
        demanded = operation.get("security") or self._document.get("security") or []
        names = [name for alternative in demanded for name in alternative]
        if names and not any(_is_shown(schemes[name], exchange.headers) for name in names if name in schemes):
            yield f"no credential of the kinds {', '.join(names)}"

    def _body_problems(self, exchange: Exchange, operation: Schema) -> Iterator[str]:
        body = self._resolve(operation.get("requestBody", {}))
        if not exchange.body:
            if body.get("required"):
                yield "the request has no body"
            return
        kind = exchange.headers.get("content-type", "").partition(";")[0]
        content = body.get("content") or {}
        if kind in content:
            value = json.loads(exchange.body) if kind == "application/json" else dict(parse_qsl(exchange.body.decode()))
            yield from (f"request body: {problem}" for problem in self._schema_problems(value, content[kind]["schema"]))
        else:
            yield f"a request body of the kind {kind or 'none'} instead of {', '.join(content) or 'none'}"

    def _answer_problems(self, exchange: Exchange, operation: Schema, missing: frozenset[str]) -> Iterator[str]:
        responses = operation["responses"]
        refused = exchange.answer.startswith(b'{"ok":false')  # Slack says no with status 200
        usual = responses.get(str(exchange.status), responses.get("default"))
        response = responses.get("default", usual) if refused else usual
        if response is None:
            yield f"status {exchange.status} is not one of {', '.join(responses)}"
            return
        content = self._resolve(response).get("content", {})
        if not content or exchange.status == 204:  # which has no content, whatever a document says of it
            return
        if exchange.answer_type not in content:
            yield f"the answer is {exchange.answer_type or 'nothing'} instead of {', '.join(content)}"
            return
        schema = content[exchange.answer_type].get("schema", {})
        yield from self._schema_problems(json.loads(exchange.answer), schema, missing)

    def _schema_problems(self, value: object, schema: Schema, missing: frozenset[str] = frozenset()) -> Iterator[str]:
        whole = {**schema, "components": self._document.get("components", {})}
        for error in OAS30Validator(whole, format_checker=oas30_format_checker).iter_errors(value):
            if error.validator == "required" and any(f"'{key}'" in error.message for key in missing):
                continue
            best = error
            while best.context:  # the branch that went furthest tells most
                best = max(best.context, key=lambda inner: len(inner.absolute_path))
            place = ".".join("[]" if isinstance(key, int) else str(key) for key in best.absolute_path)
            yield f"{place}: {best.message[:200]}"


def _loosen(value: object) -> None:
    """Take the documents as they are meant: alternatives may overlap, and an enum keeps nothing from being null."""
    if isinstance(value, dict):
        if isinstance(value.get("oneOf"), list):
            value["anyOf"] = value.pop("oneOf")
        if value.get("nullable") and isinstance(value.get("enum"), list) and None not in value["enum"]:
            value["enum"].append(None)
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _loosen(item)


def _pattern(path: str) -> re.Pattern[str]:
    """Return what fits a path; a placeholder is one segment, so a slug must be sent encoded."""
    parts = re.split(r"{[^}]+}", path)
    return re.compile("([^/]+)".join(re.escape(part) for part in parts))


def _cast(values: list[str], schema: Schema) -> object:
    """Return the value that a query means by its text."""
    kind = schema.get("type")
    if kind == "array":
        return [_cast([value], schema.get("items", {})) for value in values]
    text = values[-1]
    alternatives = [kind, *(option.get("type") for key in ("oneOf", "anyOf") for option in schema.get(key, ()))]
    if {"integer", "number"} & set(alternatives) and re.fullmatch(r"-?\d+(\.\d+)?", text):
        return int(text) if "." not in text else float(text)
    if "boolean" in alternatives and text in {"true", "false"}:
        return text == "true"
    return text


def _is_shown(scheme: Schema, headers: Mapping[str, str]) -> bool:
    if scheme["type"] == "apiKey":
        return scheme["in"] == "header" and scheme["name"].lower() in headers
    kind = "Basic" if scheme.get("scheme") == "basic" else "Bearer"
    return headers.get("authorization", "").startswith(f"{kind} ")


def _places(value: object, keys: list[str]) -> Iterator[Schema]:
    if not keys:
        if isinstance(value, dict):
            yield value
        return
    if isinstance(value, dict):
        for key in value if keys[0] == "*" else [keys[0]] if keys[0] in value else []:
            yield from _places(value[key], keys[1:])
    elif isinstance(value, list):
        for item in value:
            yield from _places(item, keys if keys[0] != "*" else keys[1:])
