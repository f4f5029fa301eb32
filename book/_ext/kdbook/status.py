"""Tables of the status page, from files that other programs write: run times of the pages, proof of the graders."""

from __future__ import annotations

import contextlib
import json
import os
import platform
from importlib import metadata
from pathlib import Path

from sphinx.util.docutils import SphinxDirective

from kdbook.tables import table
from kdbook.words import word


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
