"""A plain table from words, numbers and links that need no translation."""

from __future__ import annotations

from docutils import nodes


def table(header: list[str], rows: list[list[str | nodes.Node]], classes: list[str]) -> nodes.table:
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]

    def line(cells):
        row = nodes.row()
        for cell in cells:
            paragraph = nodes.paragraph("", "", nodes.Text(cell) if isinstance(cell, str) else cell)
            paragraph["translatable"] = False
            row += nodes.entry("", paragraph)
        return row

    group += nodes.thead("", line(header))
    group += nodes.tbody("", *(line(row) for row in rows))
    return nodes.table("", group, classes=classes)
