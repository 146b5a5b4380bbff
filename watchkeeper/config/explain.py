"""What Pydantic found, in plain words."""

from collections.abc import Collection, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from watchkeeper.config.problems import Place, nearest
from watchkeeper.config.secrets import WAY_OUT, is_secret_name
from watchkeeper.config.values import Expected, show_value

_KEY: Final = "[key]"  # what Pydantic puts behind the key of a mapping when the key itself is wrong


def explained(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Place, str]]:
    """Yield place (below `model`) and message of every mistake in `error`."""
    errors = error.errors(include_url=False)
    inside = {tuple(found["loc"])[:-1] for found in errors}
    for found in errors:
        place = tuple(found["loc"])
        if found["type"] == "too_short" and place in inside:
            continue  # Pydantic counts only the good items; what is wrong with the others is said there.
        where = place[:-1] if place[-1:] == (_KEY,) else place
        yield where, _message(found["type"], place, found["input"], found.get("ctx", {}), model)


def _message(kind: str, place: Place, value: object, context: dict[str, Any], model: type[BaseModel]) -> str:
    if kind == "value_error":
        return str(context["error"])
    if kind == "extra_forbidden":
        return unknown_key(str(place[-1]), _keys(model, place[:-1]))
    words = _expected(model, place)
    if kind == "missing":
        return f"is missing: expected {words}"
    if kind in {"too_short", "too_long"}:
        return f"{_length(context)}, got {context['actual_length'] or 'none'}"
    return f"expected {words}, got {show_value(value)}"


def _length(context: dict[str, Any]) -> str:
    if "min_length" in context:
        return f"expected at least {context['min_length']}"
    return f"expected at most {context['max_length']}"


def unknown_key(key: str, known: Collection[str]) -> str:
    hint = nearest(key, known)
    if is_secret_name(key) and not hint:
        return f"unknown key; {WAY_OUT}"
    return f"unknown key{hint or '; expected one of ' + ', '.join(known)}"


def _keys(model: type[BaseModel], place: Place) -> tuple[str, ...]:
    annotation, _ = _at(model, place)
    return tuple(annotation.model_fields) if _is_model(annotation) else ()


def _expected(model: type[BaseModel], place: Place) -> str:
    annotation, words = _at(model, place)
    if words:
        return words
    if _is_model(annotation):
        return _mapping(annotation)
    if get_origin(annotation) is tuple:
        return f"a list, each item {_expected(model, (*place, 0))}"
    if annotation is bool:
        return "true or false"
    options = get_args(annotation)
    return " or ".join(str(option) for option in options) if options else "another kind of value"


def _mapping(model: type[BaseModel]) -> str:
    required = [name for name, field in model.model_fields.items() if field.is_required()]
    if required:
        return f"a mapping with at least the keys {', '.join(required)}"
    return f"a mapping with some of the keys {', '.join(model.model_fields)}"


def _at(model: type[BaseModel], place: Place) -> tuple[Any, str]:
    """Return the annotation at `place` and the words for what is expected there, if it has any."""
    annotation: Any = model
    words = ""
    for part in place:
        if _is_model(annotation) and part in annotation.model_fields:
            field = annotation.model_fields[part]
            annotation, words = _plain(
                Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            )
        elif get_origin(annotation) is tuple:
            annotation, words = _plain(get_args(annotation)[0])
        elif get_origin(annotation) is dict:
            keys, values = get_args(annotation)
            annotation, words = _plain(keys if place[-1] == _KEY else values)
    return annotation, words


def _plain(annotation: Any) -> tuple[Any, str]:  # noqa: ANN401 - annotations have no type
    """Strip `| None` and the metadata from `annotation`, and return its words beside it."""
    words = ""
    while True:
        arguments = get_args(annotation)
        if get_origin(annotation) in {Union, UnionType}:
            annotation = next(option for option in arguments if option is not NoneType)
        elif get_origin(annotation) is Annotated:
            words = next((extra.words for extra in reversed(arguments[1:]) if isinstance(extra, Expected)), words)
            annotation = arguments[0]
        else:
            return annotation, words


def _is_model(annotation: Any) -> bool:  # noqa: ANN401
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
