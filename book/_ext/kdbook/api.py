"""The API page: docstrings through Sphinx's autodoc, with links to chapters. Docstrings stay in English in both editions."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms import SphinxTransform

CHAPTER = re.compile(r"Chapter `([\w-]+)`")


def adapt(app, what, name, obj, options, lines):
    """Leave out what the page says itself, and link the chapters that exist."""
    if what == "module":
        lines.clear()
    pages = {docname.rpartition("/")[2]: docname for docname in app.env.found_docs}
    for i, line in enumerate(lines):
        lines[i] = CHAPTER.sub(lambda m: f"Chapter :doc:`{m[1]} </{pages[m[1]]}>`" if m[1] in pages else f"Chapter {m[1]}", line)


def skip(app, what, name, obj, skipped, options):
    """The fields of a named tuple: its docstring names them."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field number") else skipped


class DocstringsStayEnglish(SphinxTransform):
    """Keep docstrings out of the message files."""

    default_priority = 5  # before sphinx.transforms.i18n.Locale

    def apply(self, **kwargs):
        for description in self.document.findall(addnodes.desc):
            for node in description.findall(nodes.TextElement):
                node["translatable"] = False


def setup(app):
    app.connect("autodoc-process-docstring", adapt, priority=400)  # before napoleon reads the sections
    app.connect("autodoc-skip-member", skip)
    app.add_transform(DocstringsStayEnglish)
