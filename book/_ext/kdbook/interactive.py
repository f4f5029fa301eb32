"""Interactive figures: an ordinary table and caption, which JavaScript turns into a figure to move.

Table and caption are translated, printed and read without JavaScript like any other content.
"""

from __future__ import annotations

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class Temperature(SphinxDirective):
    """A table of classes and logits; a slider sets T. The paragraph below the table is the caption."""

    has_content = True
    option_spec = {"name": directives.unchanged_required}

    def run(self):
        box = nodes.container(classes=["kd-temperature"])
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


def setup(app):
    app.add_directive("temperature", Temperature)
