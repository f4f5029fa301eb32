"""One style sheet with the rules that some page of the language can use, in place of ten with three times as many.

A browser paints nothing before it has read them all, and on a slow processor that is what a reader waits for.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2

from kdbook.policy import INLINE

NAME = "site.css"
ALWAYS = {"untranslated"}  # marks a sentence that changed; the sheet, whose address each page names, must not change with it
LINK = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="(?P<up>[^"]*)_static/(?P<path>[^"?]+)[^"]*"[^>]*>\n?')
NAMED = re.compile(r'\b(?:class|id)="([^"]*)"')
WORD = re.compile(r"[\w-]+")
BEGINNING = re.compile(r"([a-zA-Z][\w-]*-)(?:\$\{|[\"']\s*\+)")  # `kd-width-${n}` or "kd-width-" + n


def names_in_use(pages: Iterable[str], scripts: Iterable[str]) -> tuple[set[str], tuple[str, ...]]:
    """Names that a class or an id may have: those of the pages, all words of the scripts, and beginnings that scripts complete."""
    words = set(ALWAYS)
    beginnings: set[str] = set()
    texts = list(scripts)
    for page in pages:
        for value in NAMED.findall(page):
            words.update(value.split())
        texts += [text for _, text in INLINE.findall(page)]
    for text in set(texts):
        words.update(WORD.findall(text))
        beginnings.update(BEGINNING.findall(text))
    return words, tuple(sorted(beginnings))


def selectors(prelude: list) -> list[list]:
    """The tokens of a rule's selectors, which commas part."""
    parts: list[list] = [[]]
    for token in prelude:
        if token == ",":
            parts.append([])
        else:
            parts[-1].append(token)
    return parts


def names(selector: list) -> Iterator[str]:
    """The classes and ids that an element must have; what stands in :not(...) and the like is not looked at."""
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before == "."):
            yield token.value


def kept(rules: list, words: set[str], beginnings: tuple[str, ...]) -> str:
    """The text of the rules that can match an element."""
    text = []
    for rule in rules:
        if rule.type == "qualified-rule":
            live = [s for s in selectors(rule.prelude) if all(n in words or n.startswith(beginnings) for n in names(s))]
            if live:
                text.append(f"{','.join(tinycss2.serialize(s).strip() for s in live)}{{{tinycss2.serialize(rule.content).strip()}}}\n")
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = kept(tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True), words, beginnings)
            if inner:
                text.append(f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}{{{inner}}}\n")
        elif rule.type == "error":
            raise ValueError(f"expected rules of CSS, got {rule.message} in line {rule.source_line}")
        else:
            text.append(f"{rule.serialize()}\n")
    return "".join(text)


def read(static: Path, path: str) -> str:
    """A sheet with those that it imports, and with addresses that hold in the folder `static`."""
    folder = posixpath.dirname(path)
    text = (static / path).read_text("utf-8").removeprefix("\ufeff").replace('@charset "UTF-8";', "")
    text = re.sub(r"url\((?!\"?data:)([^)]+)\)", lambda found: f"url({posixpath.normpath(posixpath.join(folder, found[1]))})", text)
    return re.sub(r'@import "([^":]+)";', lambda found: read(static, posixpath.normpath(posixpath.join(folder, found[1]))), text)


def write(static: Path, pages: list[str], scripts: list[str]) -> str:
    """Write the one sheet in place of those that the pages name; return its name with a checksum."""
    lists = {tuple(link["path"] for link in LINK.finditer(page)) for page in pages} - {()}
    if len(lists) != 1:
        raise ValueError(f"expected the same style sheets on each page, got {len(lists)} lists: {sorted(lists)[:2]}")
    words, beginnings = names_in_use(pages, scripts)
    text = '@charset "utf-8";\n'
    for path in lists.pop():
        text += kept(tinycss2.parse_stylesheet(read(static, path), skip_comments=True, skip_whitespace=True), words, beginnings)
    for path in static.rglob("*.css"):
        path.unlink()
    (static / NAME).write_text(text, "utf-8")
    return f"{NAME}?v={hashlib.sha256(text.encode()).hexdigest()[:8]}"


def link(page: str, name: str) -> str:
    """The text of a page that names the one sheet where the first of the others stood."""
    found = LINK.search(page)
    if found is None:
        return page
    before, after = page[: found.start()], page[found.end() :]
    return f'{before}<link rel="stylesheet" href="{found["up"]}_static/{name}" />\n{LINK.sub("", after)}'
