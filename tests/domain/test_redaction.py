"""A text that is cut shows no part of a token: what is left of one would no longer be known as one."""

import pytest

from watchkeeper.domain.redaction import HIDDEN, shortened

SECRETS = ("passw0rd", "eyJzdWIiOiIx", "makebelieve1", "c2lnbmF0dXJl")
TEXT = (
    "could not reach https://u:passw0rd@db.example/x with Bearer makebelieve1makebelieve1, "
    "nor with eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl"
)


@pytest.mark.parametrize("most", range(1, len(TEXT) + 2))
def test_wherever_a_text_is_cut_no_part_of_a_token_is_left(most: int) -> None:
    shown = shortened(TEXT, most)
    assert len(shown) <= most
    for secret in SECRETS:
        assert secret[:5] not in shown


def test_what_fits_is_left_whole() -> None:
    assert shortened("a short text", 12) == "a short text"
    assert shortened("a longer text", 12) == "a longer te…"
    assert shortened("https://u:passw0rd@db.example", 24) == f"https://{HIDDEN}@db.example"
