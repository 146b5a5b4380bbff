"""Bodies that no vendor should send, and some do."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

_LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("2026-03-01T12:00:00Z")
)
JSON = st.recursive(
    _LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def shaped(keys: list[str]) -> st.SearchStrategy[object]:
    """Return bodies that hold the right keys with the wrong things under them."""
    inner = st.dictionaries(st.sampled_from(keys), JSON | st.lists(st.dictionaries(st.sampled_from(keys), JSON)))
    return JSON | inner | st.lists(inner, max_size=4)


def broken(body: Any) -> Iterator[Any]:
    """Yield a right body with each of its values, one after the other, replaced by what should not be there."""
    yield from (None, True, -1, 1e300, "", "\ud800\0", [], [None], {})
    places = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for place, value in places:
        for worse in broken(value):
            copy = body.copy()
            copy[place] = worse
            yield copy
