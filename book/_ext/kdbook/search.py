"""Search: the text of each section, for search.js, which ranks them in the reader's browser.

Sphinx's own search weighs a word that a page names once like one that it is about, and fetches pages to quote them, which `file://` forbids.
"""

from __future__ import annotations

import json
import shutil
from importlib.resources import files
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from kdbook.trainer import PAGE as TRAINER

SKIPPED = (nodes.literal_block, nodes.math, nodes.math_block, nodes.raw, nodes.comment, addnodes.toctree, nodes.image, nodes.doctest_block)
SECTIONS = "sections.js"
FOLDER = "_sections"  # beside the pages, one file a page; readers get them in one
STEMMERS = ("base-stemmer.js", "porter-stemmer.js")


def places(node: nodes.Node, found: list[list], place: list) -> None:
    """Add the text below a node to its place. Sections, rows of the register, terms and functions are places of their own."""
    for child in node.children:
        if isinstance(child, SKIPPED):
            continue
        if isinstance(child, nodes.Text):
            place[2].append(child.astext())
            continue
        own = opened(child)
        if own:
            found.append(own)
        places(child, found, own or place)
        if isinstance(child, (nodes.TextElement, nodes.entry, nodes.list_item)) and not isinstance(child, nodes.Inline):
            (own or place)[2].append(" ")


def opened(node: nodes.Node) -> list | None:
    """Anchor and title of the place that a node opens, if it does."""
    head: nodes.Node | None = None
    if isinstance(node, nodes.section):
        head, ids = next((child for child in node if isinstance(child, nodes.title)), None), node["ids"]
    elif isinstance(node, nodes.container) and "kd-row" in node["classes"]:
        head, ids = node.next_node(nodes.paragraph), node["ids"]
    elif isinstance(node, nodes.definition_list_item):
        head = node.next_node(nodes.term)
        ids = head["ids"] if isinstance(head, nodes.term) else []
    elif isinstance(node, addnodes.desc):
        head = node.next_node(addnodes.desc_signature)
        ids = head["ids"] if isinstance(head, addnodes.desc_signature) else []
    if head is None or not ids:
        return None
    return [ids[0], head.astext().split("(")[0] if isinstance(node, addnodes.desc) else head.astext(), []]


def collect(app, pagename, templatename, context, doctree):
    """Write down the sections of a page."""
    if doctree is None or pagename == TRAINER:  # its cards stand in the chapters
        return
    found: list[list] = []
    top = ["", context["title"], []]
    places(doctree, found, top)
    lines = [[anchor, title, " ".join("".join(parts).removeprefix(title).split())] for anchor, title, parts in [top, *found]]
    page = {"title": app.env.titles[pagename].astext(), "sections": [line for line in lines if line[2]]}
    file = Path(app.outdir, FOLDER, f"{pagename}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(page, ensure_ascii=False), "utf-8")


def start(app):
    if app.builder.format == "html":
        app.builder.search = False


def page(app):
    return [("search", {}, "search.html")]


def write(folder: Path, static: Path) -> None:
    """Put the sections of all pages into one script, and the stemmer beside it."""
    found = {path.relative_to(folder).with_suffix("").as_posix(): json.loads(path.read_text("utf-8")) for path in folder.rglob("*.json")}
    names = sorted(found)
    pages = [[f"{name}.html", found[name]["title"]] for name in names]
    sections = [[number, *section] for number, name in enumerate(names) for section in found[name]["sections"]]
    text = json.dumps({"pages": pages, "sections": sections}, ensure_ascii=False, separators=(",", ":"))
    (static / SECTIONS).write_text(f"window.kdSections = {text};\n", "utf-8")
    for name in STEMMERS:
        shutil.copy2(str(files("sphinx.search") / "minified-js" / name), static / name)


def setup(app):
    app.connect("builder-inited", start)
    app.connect("html-collect-pages", page)
    app.connect("html-page-context", collect)
