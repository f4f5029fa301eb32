"""The book as PDF in both languages, and the site in a zip file."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pdf
import pypdf
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["en", "zh"])
def printed(request, browser):
    """Printed in a process of its own: two browsers cannot be driven from one."""
    subprocess.run([sys.executable, "tools/pdf.py", request.param], cwd=ROOT, check=True, capture_output=True)
    return request.param, pypdf.PdfReader(ROOT / "build" / "print" / f"kdtutor-{request.param}.pdf")


def titles(outline) -> list[str]:
    return [title for entry in outline for title in (titles(entry) if isinstance(entry, list) else [entry.title])]


def squeezed(text: str) -> str:
    return re.sub(r"\W+", "", text)


def test_it_is_tagged_has_a_language_bookmarks_and_numbers(printed):
    language, reader = printed
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"]
    assert str(root["/Lang"]).startswith(language)
    found = titles(reader.outline)
    assert len(found) > 200
    assert sum(any(word in title for word in ("T²", "60")) for title in found) > 10
    last = reader.pages[len(reader.pages) - 1].extract_text()
    assert str(len(reader.pages)) in re.findall(r"\d+", last)
    assert len(reader.pages) > 150


def test_all_chapters_are_in_it_and_links_stay_inside(printed):
    language, reader = printed
    shown = {squeezed(title) for title in titles(reader.outline)}
    pages = [BeautifulSoup((pdf.SITE / language / f"{name}.html").read_text("utf-8"), "html.parser") for name in pdf.names()]
    heads = [squeezed(page.h1.get_text().removesuffix("#")) for page in pages if page.h1]
    assert len(heads) >= 23
    assert [head for head in heads if head not in shown] == []
    links = [a.get_object() for page in reader.pages for a in page.get("/Annots", []) if a.get_object().get("/Subtype") == "/Link"]
    outside = [str(link["/A"]["/URI"]) for link in links if "/A" in link and "/URI" in link["/A"]]
    assert not [uri for uri in outside if "127.0.0.1" in uri and uri.partition("#")[0].endswith(".html")][:5]
    assert len(links) - len(outside) > 500


def test_formulas_are_vectors(printed):
    """MathJax draws glyphs as paths: a page with formulas holds no picture for them."""
    _, reader = printed
    pictures = sum(
        obj.get_object().get("/Subtype") == "/Image"
        for page in reader.pages
        for obj in (page.get("/Resources", {}).get("/XObject", {}) or {}).values()
    )
    assert pictures < 200


def test_each_link_leads_to_a_place_of_the_one_page():
    text = pdf.whole("en")
    ids = set(re.findall(r'id="([^"]+)"', text))
    broken = set(re.findall(r'href="#([^"]+)"', text)) - ids
    assert not broken


def test_the_zip_file_holds_the_whole_site_and_is_the_same_twice(tmp_path):
    def packed() -> str:
        return hashlib.sha256(pdf.pack().read_bytes()).hexdigest()

    assert packed() == packed()
    shutil.unpack_archive(ROOT / "build" / "print" / "kdtutor-site.zip", tmp_path)
    with zipfile.ZipFile(ROOT / "build" / "print" / "kdtutor-site.zip") as file:
        names = {name.removeprefix("kdtutor/") for name in file.namelist()}
    site = ROOT / "build" / "site"
    assert names == {path.relative_to(site).as_posix() for path in site.rglob("*") if path.is_file()}


def test_the_unpacked_site_opens_from_the_disk(tmp_path, browser):
    shutil.unpack_archive(pdf.pack(), tmp_path)
    page, wrong = browser.new_page(), []
    page.on("requestfailed", lambda request: wrong.append(request.url))
    page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None)
    page.goto((tmp_path / "kdtutor" / "zh" / "foundations" / "the-loss.html").as_uri())
    page.wait_for_timeout(1000)
    assert page.locator("mjx-container").count() > 10
    assert not wrong
    page.close()
