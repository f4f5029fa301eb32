"""A box that opens: `<details>` with its `<summary>`, which needs no script."""

from __future__ import annotations

from docutils import nodes


class Fold(nodes.General, nodes.Element):
    """A `<details>` with the attributes in `data`."""


class FoldTitle(nodes.General, nodes.TextElement):
    """Its `<summary>`."""


def visit_fold(self, node):
    self.body.append(self.starttag(node, "details", **{f"data-{key}": value for key, value in node.get("data", {}).items()}))


def depart_fold(self, node):
    self.body.append("</details>\n")


def visit_fold_title(self, node):
    self.body.append(self.starttag(node, "summary", ""))


def depart_fold_title(self, node):
    self.body.append("</summary>\n")


def folded(title: str, *content: nodes.Node) -> Fold:
    """A box with a plain title."""
    return Fold("", FoldTitle("", title), *content, classes=["kd-fold"])


def setup(app):
    app.add_node(Fold, html=(visit_fold, depart_fold))
    app.add_node(FoldTitle, html=(visit_fold_title, depart_fold_title))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
