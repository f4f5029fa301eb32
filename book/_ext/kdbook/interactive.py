"""Interactive figures: an ordinary table and caption, which JavaScript turns into a figure to move.

Table and caption are translated, printed and read without JavaScript like any other content.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

KINDS = ("temperature", "two-modes")  # the directive is the kind, the table holds the numbers; figures.js says what its columns are
SCRIPTS = {**{f"kd-{kind}": "figures.js" for kind in KINDS}, "kd-playground": "playground.js"}


class Interactive(SphinxDirective):
    """A table that figures.js makes a figure. The paragraph below the table is the caption."""

    has_content = True
    option_spec = {"name": directives.unchanged_required}

    def run(self):
        box = nodes.container(classes=[f"kd-{self.name}"])
        self.state.nested_parse(self.content, self.content_offset, box)
        figure = nodes.figure(classes=["kd-figure"])
        self.set_source_info(figure)
        captions = [child for child in box.children if isinstance(child, nodes.paragraph)]
        for child in captions:
            box.remove(child)
        for node in box.findall(nodes.TextElement):
            if not node.source:  # MyST's tables carry no source, and gettext passes such nodes over
                self.set_source_info(node)
        figure += box
        for child in captions[:1]:
            caption = nodes.caption(child.rawsource, "", *child.children)
            caption.source, caption.line = child.source, child.line
            figure += caption
        self.add_name(figure)
        return [figure]


TABLE = re.compile(r'<table class="kd-explorer">.*?</table>', re.DOTALL)
CELL = re.compile(r"(<(caption|th)>)([^<]+)(</\2>)")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def words(path: Path) -> dict[str, str]:
    """English to the other language; # stands for a number."""
    known = yaml.safe_load(path.read_text("utf-8"))
    for english, other in known.items():
        if english.count("#") != other.count("#"):  # YAML reads what follows a space and # as a remark
            raise ValueError(f"{path.name}: expected as many # as in {english!r}, got {other!r}; put quotation marks around it")
    return known


def translate(page: str, known: dict[str, str]) -> str:
    """The page with its tables of estimates (plots.slider_table) in its language: they are outputs of cells, which both languages share."""

    def cell(found: re.Match) -> str:
        text = html.unescape(found[3])
        pattern = NUMBER.sub("#", text)
        if pattern not in known:
            raise ValueError(f"book/locale/zh_CN/tables.yml: expected a line for {pattern!r}, found none")
        numbers = iter(NUMBER.findall(text))
        return found[1] + html.escape(re.sub("#", lambda _: next(numbers), known[pattern]), quote=False) + found[4]

    return TABLE.sub(lambda table: CELL.sub(cell, table[0]), page)


def load(app, pagename, templatename, context, doctree):
    boxes = [] if doctree is None else doctree.findall(nodes.container)
    for script in sorted({SCRIPTS[name] for box in boxes for name in box["classes"] if name in SCRIPTS}):
        app.add_js_file(script)


def setup(app):
    for kind in KINDS:
        app.add_directive(kind, Interactive)
    app.connect("html-page-context", load)
