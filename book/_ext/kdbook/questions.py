"""All questions of the documents on one page, and an address for each row that stays when chapters move: `q/unc-q2.html`."""

from __future__ import annotations

import html
from itertools import groupby
from pathlib import Path

from docutils import nodes
from sphinx import addnodes

from kdbook.register import RegisterDirective
from kdbook.trainer import is_question
from kdbook.words import FOLDERS, TAGS, word

LEAF = """<!doctype html>
<html lang="{tag}">
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={target}">
<meta name="robots" content="noindex">
<link rel="icon" href="../_static/favicon.svg">
<title>{title}</title>
{others}
<p><a href="{target}">{title}</a></p>
</html>
"""


class AllQuestions(RegisterDirective):
    """`{questions}`: each question, exercise and worked example of the documents, by chapter, with a link to its card."""

    required_arguments = 0

    def run(self):
        self.env.note_dependency(str(self.register.path))
        rows = [row for row in self.register.rows.values() if is_question(row) or (row["kind"] in ("code", "worked-example") and not row["parent"])]
        pages = {Path(name).name: str(name) for name in self.config.external_site_map}  # in reading order
        rows.sort(key=lambda row: list(pages).index(row["chapter"]))
        out: list[nodes.Node] = []
        for chapter, group in groupby(rows, key=lambda row: row["chapter"]):
            out.append(self.fixed(self.page(pages[chapter]), classes=["kd-questions-of"]))
            items = nodes.bullet_list(classes=["kd-questions"])
            for row in group:
                link = nodes.reference("", "", *self.titles(row), refuri=self.address(row), internal=True)
                items += nodes.list_item("", self.fixed(link, " ", self.badge(row), " ", nodes.literal("", row["id"])))
            out.append(items)
        return out

    def page(self, docname: str):
        inner = nodes.inline("", docname)
        return addnodes.pending_xref(
            "", inner, refdomain="std", reftype="doc", reftarget=f"/{docname}", refexplicit=False, refwarn=True, refdoc=self.env.docname
        )


def leaves(app, exception):
    """One small page for each row, which sends its reader to where the row is treated today."""
    if exception is not None or app.builder.format != "html":
        return
    language, register = app.config.language, app.kd_register
    folder = Path(app.outdir, "q")
    folder.mkdir(exist_ok=True)
    for docname, drawn in app.env.kd_drawn.items():
        for identifier, _ in drawn:
            title = register.rows[identifier]["title"][FOLDERS[language]]
            others = "\n".join(
                f'<link rel="alternate" hreflang="{TAGS[code]}" href="../../{name}/q/{identifier}.html">' for code, name in FOLDERS.items()
            )
            target = f"../{app.builder.get_target_uri(docname)}#{nodes.make_id(f'q-{identifier}')}"
            text = LEAF.format(tag=TAGS[language], target=target, others=others, title=html.escape(f"{identifier}{word(language, 'colon')}{title}"))
            (folder / f"{identifier}.html").write_text(text, "utf-8")


def setup(app):
    app.add_directive("questions", AllQuestions)
    app.connect("build-finished", leaves)
