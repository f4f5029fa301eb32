"""Tables of the status page, from files that other programs write: run times of the pages, proof of the graders."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from kdbook.words import word


def table(header: list[str], rows: list[list[str]], classes: list[str]) -> nodes.table:
    group = nodes.tgroup(cols=len(header))
    group += [nodes.colspec(colwidth=1) for _ in header]

    def line(cells):
        row = nodes.row()
        for cell in cells:
            paragraph = nodes.paragraph("", cell)
            paragraph["translatable"] = False
            row += nodes.entry("", paragraph)
        return row

    group += nodes.thead("", line(header))
    group += nodes.tbody("", *(line(row) for row in rows))
    return nodes.table("", group, classes=classes)


class Execution(SphinxDirective):
    """`{execution}`: pages, code cells and seconds of the run that made their outputs."""

    def run(self):
        path = Path(os.environ.get("KD_NOTEBOOKS", "nowhere"), "execution.json")
        runs = json.loads(path.read_text("utf-8")) if path.exists() else []
        self.env.note_reread()  # the file changes without this page
        header = [word(self.config.language, key) for key in ("page", "cells", "seconds")]
        return [table(header, [[run["page"], str(run["cells"]), f"{run['seconds']:.0f}"] for run in runs], ["kd-execution"])]


class Versions(SphinxDirective):
    """`{versions}`: of Python and of the packages that compute, draw and build."""

    PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "mlxtend", "matplotlib", "jupyter-book", "nbgrader", "nbval")

    def run(self):
        self.env.note_reread()
        found = [["Python", platform.python_version()]]
        for name in self.PACKAGES:
            with contextlib.suppress(metadata.PackageNotFoundError):
                found.append([name, metadata.version(name)])
        return [table([word(self.config.language, key) for key in ("package", "version")], found, ["kd-versions"])]


class Graders(SphinxDirective):
    """`{graders}`: each prepared answer to a task, right or wrong, with the points that it gets and the first message."""

    def run(self):
        path = Path(self.env.srcdir, "appendix", "graders.json")
        self.env.note_dependency(str(path))
        rows = [[row["task"], row["answer"], row["points"], row["message"]] for row in json.loads(path.read_text("utf-8"))]
        header = [word(self.config.language, key) for key in ("task", "answer", "points", "message")]
        return [table(header, rows, ["kd-graders"])]


def setup(app):
    app.add_directive("execution", Execution)
    app.add_directive("versions", Versions)
    app.add_directive("graders", Graders)
