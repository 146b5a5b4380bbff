"""Slack's rules for blocks: what it refuses as `invalid_blocks`. Source: the Block Kit reference."""

from collections.abc import Callable
from typing import Any

MOST_BLOCKS = 50
LONGEST_TEXT, LONGEST_FIELD, LONGEST_HEADER, LONGEST_BUTTON = 3000, 2000, 150, 75
MOST_FIELDS, MOST_CONTEXT, MOST_ACTIONS = 10, 10, 25

Block = dict[str, Any]


def problem(blocks: list[Any]) -> str:
    """Return what is wrong with the blocks, "" when nothing is."""
    if len(blocks) > MOST_BLOCKS:
        return f"no more than {MOST_BLOCKS} items allowed [json-pointer:/blocks]"
    ids = [block.get("block_id") for block in blocks if isinstance(block, dict) and block.get("block_id")]
    if len(ids) != len(set(ids)):
        return "block_id already exists [json-pointer:/blocks]"
    for place, block in enumerate(blocks):
        reason = _block_problem(block)
        if reason:
            return f"{reason} [json-pointer:/blocks/{place}]"
    return ""


def _block_problem(block: object) -> str:
    if not isinstance(block, dict) or not isinstance(block.get("type"), str):
        return "missing required field: type"
    check = _CHECKS.get(block["type"])
    return f"unsupported type: {block['type']}" if check is None else check(block)


def text_problem(value: object, longest: int, *kinds: str) -> str:
    """Return what is wrong with a text object of one of `kinds` (both when none is named)."""
    if not isinstance(value, dict):
        return "missing required field: text"
    if value.get("type") not in (kinds or ("mrkdwn", "plain_text")):
        return f"unsupported type: {value.get('type')}"
    text = value.get("text")
    if not isinstance(text, str) or not text:
        return "must be more than 0 characters"
    return f"must be less than {longest + 1} characters" if len(text) > longest else ""


def _section(block: Block) -> str:
    fields = block.get("fields")
    if "text" not in block and not fields:
        return "missing required field: text or fields"
    if "text" in block and (reason := text_problem(block["text"], LONGEST_TEXT)):
        return reason
    if fields is not None and (not isinstance(fields, list) or not 0 < len(fields) <= MOST_FIELDS):
        return f"fields: 1 to {MOST_FIELDS} items allowed"
    problems = [text_problem(item, LONGEST_FIELD) for item in fields or []]
    if "accessory" in block:
        problems.append(_element(block["accessory"]))
    return next(filter(None, problems), "")


def _header(block: Block) -> str:
    return text_problem(block.get("text"), LONGEST_HEADER, "plain_text")


def _context(block: Block) -> str:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MOST_CONTEXT:
        return f"elements: 1 to {MOST_CONTEXT} items allowed"
    problems = (
        _image(e) if isinstance(e, dict) and e.get("type") == "image" else text_problem(e, LONGEST_TEXT)
        for e in elements
    )
    return next(filter(None, problems), "")


def _actions(block: Block) -> str:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 0 < len(elements) <= MOST_ACTIONS:
        return f"elements: 1 to {MOST_ACTIONS} items allowed"
    ids = [element.get("action_id") for element in elements if isinstance(element, dict) and element.get("action_id")]
    if len(ids) != len(set(ids)):
        return "action_id already exists"
    return next(filter(None, map(_element, elements)), "")


def _element(element: object) -> str:
    if not isinstance(element, dict):
        return "missing required field: type"
    if element.get("type") == "image":
        return _image(element)
    if element.get("type") != "button":
        return "" if element.get("type") in {"static_select", "overflow", "datepicker"} else "unsupported element"
    if element.get("style") not in {None, "primary", "danger"}:
        return "style must be primary or danger"
    if len(str(element.get("value", ""))) > 2000 or len(str(element.get("url", ""))) > 3000:
        return "button value or url is too long"
    return text_problem(element.get("text"), LONGEST_BUTTON, "plain_text")


def _image(block: Block) -> str:
    if not block.get("image_url") and not block.get("slack_file"):
        return "missing required field: image_url"
    return "" if block.get("alt_text") else "missing required field: alt_text"


def _nothing(_: Block) -> str:
    return ""


def _rich_text(block: Block) -> str:
    return "" if isinstance(block.get("elements"), list) else "missing required field: elements"


_CHECKS: dict[str, Callable[[Block], str]] = {
    "section": _section,
    "header": _header,
    "context": _context,
    "actions": _actions,
    "divider": _nothing,
    "image": _image,
    "rich_text": _rich_text,
}
