import pytest

from reports.slack import MOST_BLOCKS, MOST_TEXT, bullets, context, escape, link, links_line, section, slack_message


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("<!channel> wake up", "&lt;!channel&gt; wake up"),
        ("<@U123> & <https://evil.test|click>", "&lt;@U123&gt; &amp; &lt;https://evil.test|click&gt;"),
        ("two\nlines\r\n\tand\x00\x1b[31m more", "two lines and [31m more"),
        ("turned \u202egnp.exe\u2066 around", "turned gnp.exe around"),
        ("zero\u200bwidth", "zerowidth"),
        ("Grüße 你好 🔥", "Grüße 你好 🔥"),
        ("", ""),
    ],
)
def test_text_from_outside_names_nobody_and_links_nowhere(text: str, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize("text", ["x" * 5_000, "<" * 5_000, "&<>" * 2_000])
def test_long_text_is_cut_and_never_within_an_entity(text: str) -> None:
    shown = escape(text, 300)
    assert len(shown) <= 300
    assert shown.endswith("…")
    for entity in ("&amp;", "&lt;", "&gt;"):
        shown = shown.replace(entity, "")
    assert "&" not in shown


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://sentry.test/?a=1&b=2", "<https://sentry.test/?a=1&amp;b=2|Sentry>"),
        ("https://sentry.test/a|b>c<d e", "<https://sentry.test/a%7Cb%3Ec%3Cd%20e|Sentry>"),
        ("javascript:alert(1)", "Sentry"),
        ("", "Sentry"),
        ("https://sentry.test/" + "a" * 5_000, "Sentry"),
    ],
)
def test_a_link_stays_within_its_brackets(url: str, shown: str) -> None:
    assert link(url, "Sentry") == shown


def test_the_label_of_a_link_cannot_end_it() -> None:
    assert link("https://a.test", "x|y> <!here>") == "<https://a.test|x/y&gt; &lt;!here&gt;>"


def test_links_stand_on_one_line_without_the_useless() -> None:
    (block,) = links_line({"Run": "http://127.0.0.1:4200/x", "Bad": "file:///etc", "Sentry": "https://s.test"})
    assert block["text"]["text"] == "<http://127.0.0.1:4200/x|Run> · <https://s.test|Sentry>"
    assert links_line({"Bad": ""}) == []


def test_a_text_never_grows_into_links_of_its_own() -> None:
    assert section("shop.test")["text"]["verbatim"] is True
    assert context(["shop.test"])["elements"][0]["verbatim"] is True


def test_more_blocks_than_slack_takes_are_counted() -> None:
    message = slack_message("many", [section(str(n)) for n in range(80)])
    assert len(message.blocks) == MOST_BLOCKS
    assert message.blocks[-1]["elements"][0]["text"] == "… and 31 more that Slack has no room for"


def test_exactly_as_many_blocks_as_slack_takes_are_kept() -> None:
    assert len(slack_message("", [section("x")] * MOST_BLOCKS).blocks) == MOST_BLOCKS


def test_long_sections_end_with_a_whole_line() -> None:
    text = section("\n".join(f"<https://a.test/{n}|{n}>" for n in range(1_000)))["text"]["text"]
    assert len(text) <= MOST_TEXT
    assert text.endswith(">\n…")
    assert section("x" * 5_000)["text"]["text"] == "…"


def test_small_print_has_ten_texts_at_most() -> None:
    assert len(context(str(n) for n in range(20))["elements"]) == 10


def test_lists_count_what_they_leave_out() -> None:
    assert bullets(["a", "b", "c", "d"], 2) == "• a\n• b\n• … and 2 more"
    assert bullets([], 2) == ""
