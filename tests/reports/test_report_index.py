from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import html5lib

from reports.report_index import render_index
from tests.reports.index_makers import index_entries
from tests.reports.tales import HOSTILE


def parsed(page: str) -> ET.Element:
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False)
    found: ET.Element = parser.parse(page)
    return found


def links(page: str) -> list[str]:
    found = [link.get("href") or "" for link in parsed(page).iter("a")]
    return [address for address in found if not address.startswith("#")]


def test_every_report_is_listed_and_the_newest_leads() -> None:
    entries = index_entries()
    found = links(render_index(entries))
    newest = max(entries, key=lambda entry: entry.window.end)
    assert found[0] == newest.file
    assert sorted(unquote(address) for address in found[1:]) == sorted(entry.file for entry in entries)


def test_the_newest_of_each_kind_stands_first() -> None:
    days = [link for link in links(render_index(reversed(index_entries()))) if link.startswith("daily/")]
    assert days[1:] == sorted(days[1:], reverse=True)


def test_links_stay_on_the_site() -> None:
    entry = replace(index_entries()[0], file="javascript:alert(1)")
    assert set(links(render_index([entry]))) == {"javascript%3Aalert%281%29"}


def test_text_from_outside_stays_text() -> None:
    page = render_index(index_entries())
    assert "<script" not in page
    assert HOSTILE not in page
    assert "<script>alert(1)</script>" in "".join(parsed(page).itertext())


def test_the_score_is_the_mean_of_what_is_known() -> None:
    entry = replace(index_entries()[0], scores={"shop": 80.0, "api": 91.0, "portal": None})
    assert entry.score == 85.5
    assert ">86<" in render_index([entry]) or "86</td>" in render_index([entry])
    assert replace(entry, scores={"portal": None}).score is None


def test_a_score_of_nothing_is_not_a_dash() -> None:
    assert "0</td>" in render_index([replace(index_entries()[0], scores={"shop": 0.0})])


def test_an_empty_list_says_so() -> None:
    assert "No report yet" in render_index([])
