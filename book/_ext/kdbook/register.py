"""The register: cards, tables of defects, the appendix page, and the check that each row is drawn once, in its own section.

English stands in register.yml. The appendix page draws every row, so its PO file holds all translations; cards and tables in chapters take
theirs from there, and no sentence is translated twice.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import yaml
from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from kdbook.tables import table
from kdbook.translation import catalogue
from kdbook.words import FOLDERS, TAGS, word

log = logging.getLogger(__name__)

PAGE = "appendix/register"
ICONS = {"correct": "✓", "incomplete": "◐", "misleading": "⚠\ufe0e", "wrong": "✗", "broken": "⊘", "fabricated": "∅"}


class Register:
    """The rows of register.yml by id, and the documents that they come from."""

    def __init__(self, path: Path) -> None:
        self.path = path
        content = yaml.safe_load(path.read_text("utf-8"))
        self.documents = content["documents"]
        self.rows = {row["id"]: row for row in content["rows"]}

    def children(self, parent: str):
        return [row for row in self.rows.values() if row["parent"] == parent]


class RegisterDirective(SphinxDirective):
    """What the three directives share: words, paragraphs in the reader's language, links."""

    required_arguments = 1

    @property
    def register(self) -> Register:
        return self.env.app.kd_register

    def word(self, key: str) -> str:
        return word(self.config.language, key)

    def run(self):
        self.env.note_dependency(str(self.register.path))
        return self.draw(self.arguments[0])

    def note(self, row) -> None:
        drawn = self.env.kd_drawn.setdefault(self.env.docname, [])
        drawn.append((row["id"], self.lineno))

    def fixed(self, *content, classes=(), tag=nodes.paragraph):
        """Text that is already in the reader's language."""
        node = tag("", "", *(nodes.Text(c) if isinstance(c, str) else c for c in content), classes=list(classes))
        node["translatable"] = False
        return node

    def text(self, source: str, classes=(), label: str = ""):
        """A sentence of the register: for gettext on the register's own page, looked up there by chapters."""
        if self.env.docname == PAGE:
            children, _ = self.state.inline_text(source, self.lineno)
            node = nodes.paragraph(source, "", *children, classes=list(classes))
            self.set_source_info(node)
            return node
        translate, found = catalogue(self.env, PAGE)
        message = translate(source)
        children, _ = self.state.inline_text(message, self.lineno)
        missing = ["untranslated"] if self.config.language != "en" and (not found or message == source) else []
        lead = [nodes.strong("", label + self.word("colon"))] if label else []
        return self.fixed(*lead, *children, classes=[*classes, *missing])

    def link(self, label: str):
        inner = nodes.inline("", label, classes=["xref", "std", "std-ref"])
        return addnodes.pending_xref(
            "", inner, refdomain="std", reftype="ref", reftarget=label, refexplicit=False, refwarn=True, refdoc=self.env.docname
        )

    def row_link(self, row):
        """To the section that treats a row, or to the row on the register's page."""
        target = nodes.make_id(f"row-{row['id']}")
        uri = self.env.app.builder.get_relative_uri(self.env.docname, PAGE) + "#" + target
        return nodes.reference("", "", nodes.literal("", row["id"]), refuri=uri, internal=True)

    def address(self, row) -> str:
        """Where the row's leaf is, `q/unc-q2.html`; questions.py writes it."""
        return self.env.app.builder.get_relative_uri(self.env.docname, f"q/{row['id']}")

    def lasting(self, row):
        """The row's own address, and a way to say that it is wrong once the project has a home on the web."""
        address = nodes.reference("", self.word("address"), refuri=self.address(row), internal=True)
        yield nodes.inline("", "", nodes.Text(" · "), address, classes=["kd-address"])  # not printed
        if self.config.kd_repository:
            about = quote(f"{row['id']}: {row['title']['en']}")
            yield nodes.Text(" · ")
            yield nodes.reference("", self.word("report"), refuri=f"{self.config.kd_repository}/issues/new?title={about}", internal=False)

    def document(self, row) -> str:
        """Title of the row's document."""
        return self.register.documents[row["document"]][FOLDERS[self.config.language]]

    def treated(self, row, *more):
        """Where the row is treated, and what else belongs on that line."""
        return self.fixed(self.word("treated"), self.word("colon"), self.link(row["section"]), *more, classes=["kd-card-where"])

    def badge(self, row):
        text = f"{ICONS[row['verdict']]} {self.word(row['verdict'])}"
        return nodes.inline("", text, classes=["kd-badge", f"kd-{row['verdict']}"])

    def titles(self, row):
        zh = nodes.inline("", row["title"]["zh"], classes=["kd-zh"])
        en = nodes.inline("", row["title"]["en"], classes=["kd-en"])
        for node, tag in ((zh, TAGS["zh_CN"]), (en, TAGS["en"])):
            node["classes"].append(f"kd-lang-{tag.lower()}")
        return [zh, nodes.Text(" "), en] if self.config.language == "zh_CN" else [en, nodes.Text(" "), zh]

    def exercise(self, row):
        if not row["exercise"]:
            return []
        notebook, task = row["exercise"].split("#")
        where = nodes.literal("", f"{notebook} / {task}")
        return [nodes.Text(" · " + self.word("exercise") + " "), where]


class Question(RegisterDirective):
    """`{question} unc-q4`: the card of one row."""

    def draw(self, identifier):
        row = self.register.rows.get(identifier)
        if row is None:
            raise self.error(f"question: no row {identifier!r} in register.yml")
        self.note(row)
        card = nodes.container(classes=["kd-card", f"kd-card-{row['verdict']}"], ids=[nodes.make_id(f"q-{identifier}")])
        card += self.fixed(*self.titles(row), classes=["kd-card-title"])
        where = [self.badge(row), " ", self.document(row), " · ", self.row_link(row), *self.exercise(row), *self.lasting(row)]
        card += self.fixed(*where, classes=["kd-card-where"])
        card += self.text(row["says"], ["kd-says"], self.word("says"))
        card += self.text(row["correction"], ["kd-correction"], self.word("correction"))
        return [card]


class Defects(RegisterDirective):
    """`{defects} unc-code1`: the children of a row that this chapter treats, as a list; the others as links."""

    def draw(self, identifier):
        if identifier not in self.register.rows:
            raise self.error(f"defects: no row {identifier!r} in register.yml")
        children = self.register.children(identifier)
        here = [row for row in children if row["chapter"] == Path(self.env.docname).name]
        if not here:
            raise self.error(f"defects: no child of {identifier!r} belongs to this chapter")
        box = nodes.container(classes=["kd-defects"])
        for row in here:
            self.note(row)
            item = nodes.container(classes=["kd-defect", f"kd-card-{row['verdict']}"], ids=[nodes.make_id(f"q-{row['id']}")])
            item += self.fixed(self.badge(row), " ", *self.titles(row), " ", self.row_link(row), classes=["kd-card-title"])
            item += self.text(row["says"], ["kd-says"], self.word("says"))
            item += self.text(row["correction"], ["kd-correction"], self.word("correction"))
            box += item
        others = [row for row in children if row not in here]
        if others:
            links = [part for row in others for part in (nodes.Text(" "), self.row_link(row))]
            box += self.fixed(self.word("elsewhere"), *links, classes=["kd-elsewhere"])
        return [box]


class AllRows(RegisterDirective):
    """`{register} unc`: every row of one document, for the appendix."""

    def draw(self, document):
        rows = [row for row in self.register.rows.values() if row["document"] == document]
        if not rows:
            raise self.error(f"register: no document {document!r} in register.yml")
        return [self.entry(row) for row in rows]

    def entry(self, row):
        kind = "kd-child" if row["parent"] else "kd-parent"
        names = ["kd-row", f"kd-{row['verdict']}", f"kd-in-{row['chapter']}", kind]
        entry = nodes.container(classes=names, ids=[nodes.make_id(f"row-{row['id']}")])
        entry += self.fixed(self.badge(row), " ", nodes.literal("", row["id"]), " ", *self.titles(row), classes=["kd-card-title"])
        entry += self.text(row["place"], ["kd-place"])
        entry += self.text(row["says"], ["kd-says"])
        entry += self.text(row["correction"], ["kd-correction"])
        entry += self.treated(row, *self.exercise(row))
        return entry


class Verdicts(SphinxDirective):
    """`{verdicts}`: how many rows have which verdict."""

    def run(self):
        register, language = self.env.app.kd_register, self.config.language
        self.env.note_dependency(str(register.path))
        count = Counter(row["verdict"] for row in register.rows.values())
        lines = [[f"{icon} {word(language, verdict)}", str(count[verdict])] for verdict, icon in ICONS.items()]
        lines.append([word(language, "sum"), str(count.total())])
        return [table([word(language, "verdict"), word(language, "rows")], lines, ["kd-verdicts"])]


# ------------------------------------------------------------------ checks


def load(app):
    app.kd_register = Register(Path(app.srcdir, "register.yml"))
    if not hasattr(app.env, "kd_drawn"):
        app.env.kd_drawn = {}


def purge(app, env, docname):
    getattr(env, "kd_drawn", {}).pop(docname, None)


def merge(app, env, docnames, other):
    env.kd_drawn.update({name: drawn for name, drawn in other.kd_drawn.items() if name in docnames})


def exercise_exists(solutions: Path, exercise: str) -> bool:
    """`02-the-loss#loss` is the cell with grade_id `02-loss` in solutions/02-the-loss/02-the-loss.ipynb."""
    notebook, _, task = exercise.partition("#")
    path = solutions / notebook / f"{notebook}.ipynb"
    if not path.exists():
        return False
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return f"{notebook[:2]}-{task}" in {cell["metadata"].get("nbgrader", {}).get("grade_id") for cell in cells}


def problems(register: Register, drawn: dict[str, list], labels: dict[str, str], solutions: Path):
    """Texts of all faults: rows drawn nowhere, twice or on the wrong page; sections and exercises that do not exist."""
    places: dict[str, list[str]] = {}
    for docname, items in drawn.items():
        for identifier, _ in items:
            places.setdefault(identifier, []).append(docname)
    for identifier, row in register.rows.items():
        found, section = places.get(identifier, []), row["section"]
        if section not in labels:
            yield f"{identifier}: section {section!r} does not exist"
        elif found != [labels[section]]:
            yield f"{identifier}: must be drawn once, in {labels[section]}; it is drawn in {', '.join(found) or 'no page'}"
        if row["exercise"] and not exercise_exists(solutions, row["exercise"]):
            yield f"{identifier}: exercise {row['exercise']!r} does not exist"


def check(app, env):
    labels = {name: docname for name, (docname, _) in env.get_domain("std").anonlabels.items()}
    for text in problems(app.kd_register, env.kd_drawn, labels, Path(app.srcdir).parent / "solutions"):
        log.warning("register: %s", text, type="kdbook", subtype="register")


def setup(app):
    app.add_config_value("kd_repository", "", "env")  # launch.py reads it too
    app.connect("builder-inited", load)
    app.connect("env-purge-doc", purge)
    app.connect("env-merge-info", merge)
    app.connect("env-check-consistency", check)
    app.add_directive("question", Question)
    app.add_directive("defects", Defects)
    app.add_directive("register", AllRows)
    app.add_directive("verdicts", Verdicts)
