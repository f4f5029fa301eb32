"""Print the built book as one PDF a language, with bookmarks, page numbers, tags and links; and pack the site for reading offline.

    python tools/pdf.py [en] [zh]     build/print/kdtutor-LANGUAGE.pdf; needs Chromium on this machine
    python tools/pdf.py offline       build/print/kdtutor-site.zip: unpack it and open index.html

All pages are put behind each other into one page, so that numbers run through and links between chapters stay inside the file.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import posixpath
import re
import shutil
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pypdf
import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[1]
SITE, OUT = ROOT / "build" / "site", ROOT / "build" / "print"
LANGUAGES = {"en": "en", "zh": "zh-CN"}
STYLE = """
body { overflow: visible } article { break-before: page } .kd-print-only { display: block }
pre, table, figure, .admonition { break-inside: avoid-page } a { text-decoration: none }
.headerlink, .copybtn, button, input[type=range], select, .toggle-button { display: none !important }
"""
FOOTER = '<div style="font-size: 8px; width: 100%; text-align: center"><span class="pageNumber"></span></div>'


def names() -> list[str]:
    """Pages in the order of the table of contents."""
    toc = yaml.safe_load((ROOT / "book" / "_toc.yml").read_text("utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def anchor(page: str, name: str = "") -> str:
    return page.replace("/", "-") + (f"--{name}" if name else "")


def lasting(language: str) -> dict[str, tuple[str, str]]:
    """Page and anchor that each lasting address, `q/unc-q2.html`, sends its reader to."""
    found = {}
    for leaf in (SITE / language / "q").glob("*.html"):
        goal = re.search(r'url=\.\./([^"#]+)#([^"]+)', leaf.read_text("utf-8"))
        assert goal is not None, leaf
        found[f"q/{leaf.name}"] = (goal[1], goal[2])
    return found


def target(page: str, href: str, known: set[str], leaves: dict[str, tuple[str, str]]) -> str:
    """Where a link leads in the one page; links to files and other hosts stay."""
    path, _, name = href.partition("#")
    if re.match(r"[a-z]+:", href):
        return href
    found = posixpath.normpath(posixpath.join(posixpath.dirname(page), path)) if path else f"{page}.html"
    found, name = leaves.get(found, (found, name))
    return "#" + anchor(found.removesuffix(".html"), name) if found.removesuffix(".html") in known else href


def article(language: str, page: str, known: set[str], leaves: dict[str, tuple[str, str]]) -> Tag:
    """The text of a page, with names of its own and all that can be folded open."""
    soup = BeautifulSoup((SITE / language / f"{page}.html").read_text("utf-8"), "html.parser")
    found = soup.select_one("article.bd-article") or soup.select_one("article")
    assert found is not None, page
    found.name = "article"
    for node in found.find_all(id=True):
        node["id"] = anchor(page, node["id"])
    for node in found.find_all("a", href=True):
        node["href"] = target(page, node["href"], known, leaves)
    for node in found.find_all(src=True):
        node.attrs.pop("loading", None)  # all pictures are wanted at once
        node["src"] = posixpath.join(posixpath.dirname(page), node["src"]) if not node["src"].startswith("data:") else node["src"]
    for node in found.find_all("details"):
        if "hide" in node.get("class", []):  # code that the page hides; the notebook has it
            node.decompose()
        else:
            node["open"] = ""
    for node in found.find_all("script"):
        node.decompose()
    found["id"] = anchor(page)
    return found


def whole(language: str) -> str:
    """All pages as one."""
    pages = names()
    soup = BeautifulSoup((SITE / language / f"{pages[1]}.html").read_text("utf-8"), "html.parser")
    head, style = soup.head, soup.new_tag("style")
    assert head is not None
    base = posixpath.dirname(pages[1])
    for node in head.find_all(["link", "script"]):
        key = "href" if node.name == "link" else "src"
        if node.get(key) and not re.match(r"[a-z]+:", node[key]):
            node[key] = posixpath.normpath(posixpath.join(base, node[key]))
    style.string = STYLE
    head.append(style)
    known, leaves = set(pages), lasting(language)
    texts = "\n".join(str(article(language, page, known, leaves)) for page in pages)
    return f'<!DOCTYPE html>\n<html lang="{LANGUAGES[language]}" data-theme="light">{head}<body>{texts}</body></html>'


class Quiet(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # one connection for many files, as on the web

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # a page that was closed
            super().handle()

    def log_message(self, *arguments: object) -> None:
        pass


@contextlib.contextmanager
def served() -> Iterator[str]:
    """The built site on this machine; yields its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def chromium() -> str | None:
    """Where Chromium is, if it is installed."""
    return next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)


def print_book(language: str) -> Path:
    """Make the PDF with Chromium."""
    program = chromium()
    if program is None:
        raise SystemExit("expected Chromium on this machine, found none: 'apt install chromium' (Debian, Ubuntu), then run it again")
    if not (SITE / language).is_dir():
        raise SystemExit("expected the built site in build/site; run 'make book' first")
    OUT.mkdir(parents=True, exist_ok=True)
    text = whole(language)
    path = OUT / f"kdtutor-{language}.pdf"
    with served() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(300_000)
        address += f"/{language}/_print.html"  # beside the pages, for the files that it names; it is never written there
        page.route(address, lambda route: route.fulfill(body=text, content_type="text/html; charset=utf-8"))
        page.goto(address, wait_until="load")
        page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
        page.pdf(
            path=path,
            format="A4",
            scale=0.75,
            tagged=True,
            outline=True,
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
            margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        )
        heads = [heading(head) for head in page.locator("h1, h2, h3, h4").all_inner_texts()]
        browser.close()
    mend_bookmarks(path, heads)
    return path


def heading(text: str) -> str:
    return " ".join(text.removesuffix("#").split())


def mend_bookmarks(path: Path, headings: list[str]) -> None:
    """Chromium writes the first line of a heading twice into its bookmark if the heading stands first on a sheet."""
    known = {re.sub(r"\s", "", text): text for text in headings}
    document = pypdf.PdfWriter(path, incremental=True)
    waiting = [document.root_object["/Outlines"].get_object()]
    while waiting:
        entry = waiting.pop()
        waiting += [entry[key].get_object() for key in ("/First", "/Next") if key in entry]
        title = re.sub(r"\s", "", str(entry.get("/Title", "")))
        halves = [title[size:] for size in range(1, len(title) // 2 + 1) if title.startswith(title[:size], size)]
        meant = next((known[text] for text in [title, *halves] if text in known), None)
        if meant:
            entry[pypdf.generic.NameObject("/Title")] = pypdf.generic.TextStringObject(meant)
    document.write(path)


def pack() -> Path:
    """The site as a zip file, the same bytes each time."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / "kdtutor-site.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(file for file in SITE.rglob("*") if file.is_file()):
            info = zipfile.ZipInfo(f"kdtutor/{file.relative_to(SITE).as_posix()}", (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, file.read_bytes())
    return path


def main(chosen: list[str]) -> None:
    unknown = set(chosen) - {*LANGUAGES, "offline"}
    if unknown:
        raise SystemExit(f"expected en, zh or offline, got {', '.join(sorted(unknown))}")
    for name in chosen or list(LANGUAGES):
        path = pack() if name == "offline" else print_book(name)
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
