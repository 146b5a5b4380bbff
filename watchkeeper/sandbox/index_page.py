"""The sandbox's own page: what there is, what goes on, and buttons."""

from html import escape

from watchkeeper.sandbox.world import World


def render(_: World, state: dict[str, object]) -> str:
    return f"<!doctype html><title>Sandbox</title><pre>{escape(str(state))}</pre>"
