"""What a vendor says of a refusal, fit to be shown."""

import base64
import html
import json
from urllib.parse import quote

import pytest

from watchkeeper.clients.wording import fit_to_show

ODD = 'make"believe/to&ken+0123=='


@pytest.mark.parametrize(
    "written",
    [
        pytest.param(ODD, id="as it is"),
        pytest.param(quote(ODD, safe=""), id="in an address"),
        pytest.param(json.dumps(ODD)[1:-1], id="in JSON"),
        pytest.param(json.dumps(ODD)[1:-1].replace("/", "\\/"), id="in the JSON of PHP"),
        pytest.param(html.escape(ODD), id="in HTML"),
        pytest.param(base64.b64encode(ODD.encode()).decode(), id="in a header"),
        pytest.param(f"{ODD[:7]}\u200b{ODD[7:]}", id="with a character that is not seen"),
    ],
)
def test_a_secret_is_hidden_however_it_is_written(written: str) -> None:
    assert fit_to_show(f"the token >{written}< is not valid", (ODD,)) == "the token >***< is not valid"
    for length in range(6, len(written)):
        shown = fit_to_show(f"no: {written[:length]}", (ODD,))
        assert shown == "no: ***", f"cut after {length} characters"


def test_what_looks_like_a_token_is_hidden_though_it_is_not_ours() -> None:
    assert fit_to_show("Bearer abc123def456 and ghp_0123456789abcdef", ()) == "Bearer *** and ***"


def test_the_words_are_one_short_line() -> None:
    assert fit_to_show("a\x1b[2J\nb\u202ec" + "d" * 500, ()) == "a [2J bc" + "d" * 192
