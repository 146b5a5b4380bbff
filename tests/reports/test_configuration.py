import json

from reports.configuration import mistakes_message


def test_every_mistake_has_a_line_and_is_escaped() -> None:
    message = mistakes_message("projects.yaml: 2 mistakes\n  line 3: slug: <!channel>\n  line 9: url: expected https")
    said = json.dumps(message.blocks)
    assert "<!channel>" not in said
    assert "line 9: url: expected https" in said
    assert "mistakes" in message.text


def test_many_mistakes_are_counted() -> None:
    message = mistakes_message("\n".join(f"line {n}: wrong" for n in range(100)))
    assert "92 more" in json.dumps(message.blocks)


def test_no_mistakes_are_good_news() -> None:
    assert "right again" in mistakes_message("").text
