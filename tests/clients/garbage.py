"""Bodies that no vendor should send, and some do."""

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
