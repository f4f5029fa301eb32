"""`{graded} NN-slug`: the box that tells of a chapter's graded notebook, from the released notebook in the page's language."""

from __future__ import annotations

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from kdbook.words import word

FOLDERS = {"en": "exercises", "zh_CN": "exercises/zh"}


class Graded(SphinxDirective):
    required_arguments = 1

    def run(self):
        slug, language = self.arguments[0], self.config.language
        folder = f"{FOLDERS[language]}/{slug}"
        path = Path(self.env.srcdir).parent / folder / f"{slug}.ipynb"
        if not path.exists():
            raise self.error(f"graded: expected the name of a notebook in exercises/, got {slug!r}")
        self.env.note_dependency(str(path))
        cells = ["".join(cell["source"]) for cell in json.loads(path.read_text("utf-8"))["cells"]]
        # the introduction's line with the numbers, and the heading of each task
        facts = next(line for line in next(text for text in cells if text.startswith("# ")).splitlines() if re.match(r"\d+ tasks|共 \d+", line))
        box = nodes.container("", classes=["kd-graded"], notebook=slug)
        head = nodes.paragraph("", "", nodes.strong("", word(language, "graded")), nodes.Text(" "), nodes.literal("", folder))
        before, after = (nodes.Text(text) for text in word(language, "lab").split("make lab"))
        head += [nodes.Text(word(language, "colon") + facts), before, nodes.literal("", "make lab"), after]
        head["translatable"] = False
        items = nodes.bullet_list()
        for heading in re.findall(r"^## (?:Task|任务) \d+ · (.+)", "\n".join(cells), re.MULTILINE):
            text = nodes.paragraph("", heading)
            text["translatable"] = False
            items += nodes.list_item("", text)
        box += [head, items]
        return [box]


def setup(app):
    app.add_directive("graded", Graded)
