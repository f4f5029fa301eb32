"""Check the built site without a browser and without the network. Run: python tools/check_site.py [build/site]

Each local link, asset and #fragment must exist; nothing may load from another host; pictures need an alt text; both languages must have the
same pages and anchors; no markup may be left unrendered.
"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = {"en": "en", "zh": "zh-CN"}
LOADS = {
    ("script", "src"),
    ("img", "src"),
    ("link", "href"),
    ("iframe", "src"),
    ("source", "src"),
    ("video", "src"),
    ("object", "data"),
    ("embed", "src"),
}
LEFT_OVER = [re.compile(p, re.M) for p in (r"\{[a-z:]+\}`", r"\*\*\S", r"\]\(", r"(?<!\\)\$[^$\s][^$]*\$", r"^:::", r"```")]
GENERATED = {"search", "genindex"}  # their anchors differ by language
VOID = {"meta", "link", "img", "input", "br", "hr", "path", "source", "col", "wbr"}
CSS_LOAD = re.compile(r"url\(\s*['\"]?((?:https?:)?//[^)'\"]+)|@import\s+['\"]?((?:https?:)?//[^'\"]+)")


class Page(HTMLParser):
    """What one page holds: ids, links, loads, visible text, language, title."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.ids: set[str] = set()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.problems: list[str] = []
        self.text: list[str] = []
        self.language = self.title = ""
        self.alternates: dict[str, str] = {}
        self.open: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        a = {key: value or "" for key, value in attributes}
        classes = a.get("class", "").split()
        if "id" in a:
            if a["id"] in self.ids:
                self.problems.append(f"duplicate id {a['id']!r}")
            self.ids.add(a["id"])
        if tag == "html":
            self.language = a.get("lang", "")
        if tag == "link" and a.get("rel") == "alternate" and "hreflang" in a:
            self.alternates[a["hreflang"]] = a["href"]
        elif tag == "a" and a.get("href"):
            self.links.append(a["href"])
        self.loads += [
            a[key] for key in ("src", "href", "data") if (tag, key) in LOADS and a.get(key) and a.get("rel") not in ("canonical", "alternate")
        ]
        if tag == "img" and (not a.get("alt") or re.fullmatch(r"\S+\.(png|svg|jpg)", a["alt"])):
            self.problems.append(f"picture without a text in place of it: {a.get('src', '')[:60]}")
        if "problematic" in classes or "system-message" in classes:
            self.problems.append("an error message of the builder is left in the page")
        if tag not in VOID:
            hidden = tag in ("script", "style", "pre", "code", "title") or "math" in classes
            self.open.append((tag, hidden))

    def handle_endtag(self, tag):
        while self.open:
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "title" and not self.title:
            self.title = data.strip()
        if not any(hidden for _, hidden in self.open):
            self.text.append(data)


def links_of(path: Path, page: Page, pages: dict[Path, Page]):
    """Faults of a page's links and loads."""
    for url in [*page.loads, *page.links, *page.alternates.values()]:
        parts = urlsplit(url)
        if parts.scheme in ("data", "mailto", "javascript"):
            continue
        if parts.scheme or parts.netloc:
            if url in page.loads:
                yield f"loads from another host: {url}"
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        target = target / "index.html" if target.is_dir() else target
        if not target.exists():
            yield f"no such file: {url}"
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
            yield f"no such anchor: {url}"


def read(site: Path) -> dict[Path, Page]:
    """The pages of a built site."""
    return {path: Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html")) if "_static" not in path.parts}


def faults(site: Path):
    """All faults of a built site, as (place, text)."""
    pages = read(site)
    if not pages:
        yield site, "no page found; run 'make book' first"
    for path, page in pages.items():
        place = path.relative_to(site)
        wanted = LANGUAGES.get(place.parts[0], "en")
        for text in [*page.problems, *links_of(path, page, pages)]:
            yield place, text
        if page.language != wanted:
            yield place, f"language {page.language!r}, expected {wanted!r}"
        if not page.title:
            yield place, "no title"
        if not {"en", "zh-CN"} <= set(page.alternates):
            yield place, "no link to the other language"
        text = "\n".join(page.text)
        for pattern in LEFT_OVER:
            for match in pattern.finditer(text):
                yield place, f"unrendered markup: {text[max(0, match.start() - 20) : match.end() + 20]!r}"
    for path in site.rglob("*.css"):
        for match in CSS_LOAD.finditer(path.read_text("utf-8", "ignore")):
            yield path.relative_to(site), f"loads from another host: {match[0]}"
    trees = {name: {p.relative_to(site / name): page for p, page in pages.items() if p.is_relative_to(site / name)} for name in LANGUAGES}
    for name in sorted(trees["en"].keys() ^ trees["zh"].keys()):
        yield name, "page in one language only"
    for name in sorted(trees["en"].keys() & trees["zh"].keys()):
        difference = trees["en"][name].ids ^ trees["zh"][name].ids
        if difference and name.stem not in GENERATED:
            yield Path("zh") / name, f"anchors differ from the English page: {sorted(difference)[:5]}"


def main(site: Path) -> int:
    found = list(faults(site.resolve()))
    for place, text in found:
        print(f"{place}: {text}")
    print(f"Site: {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"))
