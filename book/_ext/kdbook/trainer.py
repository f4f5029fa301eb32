"""The interview trainer: every question of the book on one page, taken from where it stands.

Rows of the register are drawn like their cards. Follow-ups and quick questions are copied from the finished chapters, which are translated
already. So no sentence is written or translated twice. The page is a plain list of folded answers, and trainer.js makes it a trainer.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import docname_join
from sphinx_design.shared import is_component

from kdbook.fold import Fold, FoldTitle
from kdbook.register import PAGE as REGISTER
from kdbook.register import RegisterDirective
from kdbook.words import WORDS, word

PAGE = "appendix/interview-trainer"
SCRIPT = "trainer.js"
FOLLOW_UPS = "follow-ups"


class Place(nodes.General, nodes.Element):
    """Where the cards go. Until the page is written it holds those of the register."""


def card(key: str, topic: str, document: tuple[str, str], front, back, classes=()) -> Fold:
    """One question. `key` is the same in both languages and in every build: marks and Anki notes hang on it."""
    data = {"key": key, "topic": topic, "document": document[0], "title": document[1]}
    answer = nodes.container("", *back, classes=["kd-answer"])
    return Fold("", FoldTitle("", "", *front, classes=["kd-front", *classes]), answer, classes=["kd-quiz"], data=data)


# ------------------------------------------------------------------ questions of the documents


def is_question(row) -> bool:
    """A question, one of a list of such, or a claim that the title of a document makes."""
    return row["kind"] in ("question", "faq") or row["id"].endswith("-title")


class Trainer(RegisterDirective):
    """`{trainer}`: all cards."""

    required_arguments = 0

    def run(self):
        self.env.note_dependency(str(self.register.path))
        for folder in self.config.locale_dirs:
            messages = Path(self.env.srcdir, folder, self.config.language, "LC_MESSAGES", f"{REGISTER}.mo")
            if messages.exists():
                self.env.note_dependency(str(messages))
        return [Place("", *(self.card(row) for row in self.register.rows.values() if is_question(row)))]

    def card(self, row) -> Fold:
        title = self.document(row)
        says = Fold("", FoldTitle("", self.word("says")), self.text(row["says"], ["kd-says"]))
        where = self.fixed(self.badge(row), " ", title, " · ", self.row_link(row), classes=["kd-card-where"])
        back = [self.text(row["correction"], ["kd-correction"]), says, where, self.treated(row)]
        return card(row["id"], row["chapter"], (row["document"], title), self.titles(row), back)


# ------------------------------------------------------------------ follow-ups and quick questions of the chapters


def reading_order(env, docname: str):
    """Pages in the order of the table of contents."""
    yield docname
    for child in env.toctree_includes.get(docname, []):
        yield from reading_order(env, child)


def bare_question(title: nodes.Element) -> list[nodes.Node]:
    """The title of a dropdown without the words that only make sense below another question."""
    first = next(iter(title.findall(nodes.Text)))
    text = str(first)
    for language in WORDS:
        lead = word(language, "followup")
        if text.startswith(lead):
            text = text.removeprefix(lead).lstrip()
            text = text[0].upper() + text[1:] if re.match(r"[a-z]+ ", text) else text  # no capital in eval()
    first.parent.replace(first, nodes.Text(text))
    return title.children


def move(content: nodes.Element, old: str, new: str, builder) -> None:
    """Make what was written on page `old` fit page `new`: no id twice, and links that start from here."""
    for node in list(content.findall(nodes.target)):
        node.parent.remove(node)
    for node in content.findall(nodes.Element):
        for key in ("ids", "names", "dupnames", "backrefs"):
            node[key] = []
        if isinstance(node, nodes.math_block):
            node["label"] = node["number"] = None
        elif isinstance(node, addnodes.pending_xref):
            if node.get("reftype") == "doc":
                node["reftarget"] = "/" + docname_join(old, node["reftarget"])
            node["refdoc"] = new
        elif isinstance(node, nodes.reference) and "refid" in node:
            node["refuri"] = f"{builder.get_relative_uri(new, old)}#{node.attributes.pop('refid')}"
            node["internal"] = True


class Cards(SphinxPostTransform):
    """Draw the page: a section a chapter. Runs before all that resolves links, citations and glued numbers, so that copies get theirs."""

    default_priority = 0

    def run(self, **kwargs):
        for place in list(self.document.findall(Place)):
            place.replace_self(self.sections(place.children) if self.app.builder.format == "html" else [])

    def sections(self, cards: list[Fold]) -> list[nodes.section]:
        """Cards in reading order, a section a page."""
        drawn = []
        for docname in dict.fromkeys(reading_order(self.env, self.config.root_doc)):
            name = docname.rpartition("/")[2]
            here = [c for c in cards if c["data"]["topic"] == name]
            here += self.copies(docname, name)
            if here:
                drawn.append(self.section(name, self.env.titles[docname].children, here))
        return drawn

    def section(self, name: str, title: list[nodes.Node], cards: list[Fold]) -> nodes.section:
        heading = nodes.title("", "", *(part.deepcopy() for part in title))
        return nodes.section("", heading, *cards, ids=[f"trainer-{name}"], classes=["kd-topic"])

    def copies(self, docname: str, name: str):
        """The dropdowns of a page whose English title asks something."""
        for box in list(self.env.get_doctree(docname).findall(lambda node: is_component(node, "dropdown"))):
            title, *back = box.children
            question = title.rawsource  # English in both languages
            if not (box["has_title"] and question.endswith("?")):
                continue
            section = next(node for node in parents(box) if isinstance(node, nodes.section))["ids"][-1]  # its label, if it has one
            move(box, docname, self.env.docname, self.app.builder)
            key = f"{name}-{hashlib.sha256(question.encode()).hexdigest()[:8]}"
            document = (FOLLOW_UPS, word(self.config.language, "followups"))
            yield card(key, name, document, bare_question(title), [*back, self.link(docname, section)], title["classes"])

    def link(self, docname: str, section: str) -> nodes.paragraph:
        uri = f"{self.app.builder.get_relative_uri(self.env.docname, docname)}#{section}"
        title = nodes.inline("", self.env.titles[docname].astext(), classes=["std", "std-ref"])
        lead = nodes.Text(word(self.config.language, "treated") + word(self.config.language, "colon"))
        return nodes.paragraph("", "", lead, nodes.reference("", "", title, refuri=uri, internal=True), classes=["kd-card-where"])


def parents(node: nodes.Node):
    while node.parent is not None:
        node = node.parent
        yield node


# ------------------------------------------------------------------ the page


def outdated(app, env, added, changed, removed):
    """The page copies from all chapters: whichever changes, it changes too."""
    return [PAGE] if added or changed or removed else []


def load_script(app, pagename, templatename, context, doctree):
    if pagename == PAGE:
        app.add_js_file(SCRIPT)


def setup(app):
    app.setup_extension("kdbook.fold")
    app.add_node(Place)
    app.add_directive("trainer", Trainer)
    app.add_post_transform(Cards)
    app.connect("env-get-outdated", outdated)
    app.connect("html-page-context", load_script)
