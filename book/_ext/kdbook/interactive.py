"""Interactive figures: an ordinary table and caption, which JavaScript turns into a figure to move.

Table and caption are translated, printed and read without JavaScript like any other content.
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

KINDS = {  # the directive is the kind; the table holds the numbers
    "temperature": "classes and logits; a slider sets T",
    "two-modes": "mean, width and weight of the teacher's peaks; sliders set mean and width of the student, and both KLs are shown",
}


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


def load(app, pagename, templatename, context, doctree):
    wanted = {f"kd-{kind}" for kind in KINDS}
    if doctree is not None and any(wanted.intersection(box["classes"]) for box in doctree.findall(nodes.container)):
        app.add_js_file("figures.js")


def setup(app):
    for kind in KINDS:
        app.add_directive(kind, Interactive)
    app.connect("html-page-context", load)
