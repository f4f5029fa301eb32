"""Tables of the status page, from files that other programs write: run times of the pages, proof of the graders, links to other hosts."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from kdbook.fold import folded
from kdbook.tables import table
from kdbook.words import word


class Execution(SphinxDirective):
    """`{execution}`: pages, code cells and seconds of the run that made their outputs."""

    def run(self):
        path = Path(os.environ.get("KD_NOTEBOOKS", "nowhere"), "execution.json")
        runs = json.loads(path.read_text("utf-8")) if path.exists() else []
        self.env.note_dependency(str(path))
        header = [word(self.config.language, key) for key in ("page", "cells", "seconds")]
        return [table(header, [[run["page"], str(run["cells"]), f"{run['seconds']:.0f}"] for run in runs], ["kd-execution"])]


class Versions(SphinxDirective):
    """`{versions}`: of Python and of the packages that compute, draw and build; all come with the extra `book`."""

    PACKAGES = ("torch", "numpy", "scipy", "scikit-learn", "mlxtend", "matplotlib", "jupyter-book")

    def run(self):
        self.env.note_dependency(str(Path(self.env.srcdir).parent / "requirements" / "constraints.txt"))
        found = [["Python", platform.python_version()], *([name, metadata.version(name)] for name in self.PACKAGES)]
        return [table([word(self.config.language, key) for key in ("package", "version")], found, ["kd-versions"])]


class Graders(SphinxDirective):
    """`{graders}`: for each task how many answers were tried and caught; folded below, each of them with the points lost and the message."""

    def run(self):
        path = Path(self.env.srcdir, "appendix", "graders.json")
        self.env.note_dependency(str(path))
        rows = json.loads(path.read_text("utf-8"))
        header = [word(self.config.language, key) for key in ("task", "tried", "caught", "kept")]
        tasks = dict.fromkeys(row["task"] for row in rows)
        found = [table(header, [self.counts(task, [row for row in rows if row["task"] == task]) for task in tasks], [])]
        header = [word(self.config.language, key) for key in ("answer", "lost", "message")]
        for notebook in dict.fromkeys(row["notebook"] for row in rows):
            chosen = (row for row in rows if row["notebook"] == notebook)
            own = [[f"{row['task']}: {row['kind']}: {row['answer']}", row["lost"], row["message"]] for row in chosen]
            found.append(folded(notebook, table(header, own, ["kd-graders"])))
        return found

    @staticmethod
    def counts(task, rows):
        wrong, right = ([row["lost"] for row in rows if row["kind"] == kind] for kind in ("wrong", "right"))
        caught, kept = len(wrong) - sum(lost.startswith("0 ") for lost in wrong), sum(lost.startswith("0 ") for lost in right)
        return [
            task,
            str(len(rows)),
            f"{caught} / {len(wrong)}",
            f"{kept} / {len(right)}" if right else "–",
        ]


class Links(SphinxDirective):
    """`{links}`: addresses on other hosts, and when each was last checked; tools/links.py keeps the list."""

    def run(self):
        path = Path(self.env.srcdir, "links.yml")
        self.env.note_dependency(str(path))
        language = self.config.language
        rows = [
            [nodes.reference("", entry["url"], refuri=entry["url"], internal=False), str(entry["checked"]), word(language, f"link_{entry['how']}")]
            for entry in yaml.safe_load(path.read_text("utf-8"))
        ]
        header = [word(language, key) for key in ("link", "link_checked", "link_how")]
        return [folded(word(language, "links"), table(header, rows, ["kd-links"]))]


def setup(app):
    app.setup_extension("kdbook.fold")
    app.add_directive("execution", Execution)
    app.add_directive("versions", Versions)
    app.add_directive("graders", Graders)
    app.add_directive("links", Links)
