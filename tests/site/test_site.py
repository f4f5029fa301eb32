"""Checks of the built site without a browser; each is proved on a page that is broken on purpose."""

from __future__ import annotations

import json
import re
from importlib import metadata
from pathlib import Path

import check_site
import links
import pytest
import yaml
from kdbook import status
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
HEAD = (
    '<html lang="{lang}"><head><title>t</title><link rel="alternate" hreflang="en" href="a.html">'
    '<link rel="alternate" hreflang="zh-CN" href="a.html"></head>'
)


def test_the_built_site_has_no_fault():
    assert list(check_site.faults(SITE)) == []


def test_both_languages_and_the_choice_between_them_are_there():
    assert (SITE / "index.html").exists()
    for page in ("foundations/the-loss", "appendix/register", "appendix/environment", "appendix/status", "appendix/reading", "index"):
        for language in ("en", "zh"):
            assert (SITE / language / f"{page}.html").exists()


def test_the_register_page_shows_all_rows_and_links_each_to_its_section():
    html = (SITE / "en" / "appendix" / "register.html").read_text("utf-8")
    assert len(re.findall(r'id="row-', html)) == 349
    assert html.count("Treated in: <a ") == 349
    assert "the-loss.html#loss-t2" in html


def test_the_status_page_names_only_packages_that_the_book_itself_brings():
    """Else the same sources gave another page after `make test` had installed more."""
    needed, waiting = set(), [("kdtutor", {"book"})]
    while waiting:
        name, extras = waiting.pop()
        for requirement in map(Requirement, metadata.requires(name) or ()):
            if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}):
                found = (canonicalize_name(requirement.name), frozenset(requirement.extras))
                if found not in needed:
                    needed.add(found)
                    waiting.append(found)
    assert set(status.Versions.PACKAGES) <= {name for name, _ in needed}


def test_a_chapter_carries_its_executed_notebook():
    notebook = json.loads((SITE / "en" / "_sources" / "foundations" / "the-loss.ipynb").read_text("utf-8"))
    assert any(cell.get("outputs") for cell in notebook["cells"])


def test_no_paragraph_of_a_complete_page_is_marked_as_untranslated():
    for page in (ROOT / "book" / "locale" / "complete.txt").read_text("utf-8").split():
        assert "untranslated" not in (SITE / "zh" / f"{page}.html").read_text("utf-8"), page


def test_each_link_to_another_host_is_listed_with_the_date_of_its_check(tmp_path, capsys, monkeypatch):
    assert links.compare() == 0
    assert len(links.listed()) > 50
    monkeypatch.setattr(links, "LIST", tmp_path / "links.yml")
    unused = {"url": "https://example.org/", "checked": None, "how": None}
    links.write({**dict(list(links.listed().items())[1:]), unused["url"]: unused})
    assert links.compare() == 1
    said = capsys.readouterr().out
    assert all(text in said for text in ("not in book/links.yml", "on no page: https://example.org/", "never checked: https://example.org/"))
    links.update()
    assert links.used(SITE) == {entry["url"] for entry in yaml.safe_load(links.LIST.read_text("utf-8"))}


@pytest.fixture
def small_site(tmp_path):
    """A site of one page in two languages; returns a function that writes the English body."""

    def write(body: str, *, other: str | None = None):
        for language, tag, text in (("en", "en", body), ("zh", "zh-CN", body if other is None else other)):
            (tmp_path / language).mkdir(exist_ok=True)
            (tmp_path / language / "a.html").write_text(HEAD.format(lang=tag) + f"<body>{text}</body></html>")
        return [text for _, text in check_site.faults(tmp_path)]

    return write


def test_a_right_page_passes(small_site):
    assert small_site('<p id="x">text</p><a href="#x">l</a><img src="data:x" alt="a picture">') == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ('<a href="b.html">l</a>', "no such file"),
        ('<a href="a.html#y">l</a>', "no such anchor"),
        ('<script src="https://example.org/x.js"></script>', "another host"),
        ('<link rel="stylesheet" href="//example.org/x.css">', "another host"),
        ('<img src="data:x">', "picture without a text"),
        ('<img src="data:x" alt="a.png">', "picture without a text"),
        ('<p id="x"></p><p id="x"></p>', "duplicate id"),
        ("<p>{cite}`x` is left</p>", "unrendered markup"),
        ("<p>**bold is left</p>", "unrendered markup"),
        ('<div class="system-message">x</div>', "error message of the builder"),
    ],
)
def test_a_broken_page_is_found(small_site, body, text):
    assert any(text in found for found in small_site(body))


def test_a_page_whose_anchors_differ_between_the_languages_is_found(small_site):
    assert any("anchors differ" in found for found in small_site('<p id="x"></p>', other='<p id="y"></p>'))


def test_an_import_of_a_foreign_stylesheet_is_found(small_site, tmp_path):
    small_site("<p></p>")
    (tmp_path / "en" / "x.css").write_text('@import "https://example.org/x.css";')
    assert any("another host" in text for _, text in check_site.faults(tmp_path))
