"""Pack the questions of the interview trainer for Anki: build/deck/kdtutor-en.apkg and kdtutor-zh.apkg.

Run: python tools/deck.py    (after tools/build.py: the cards are read from the built page, so the decks hold its questions and no others)

A note keeps its identity in every build and in both languages. A second import changes the cards that changed and leaves the learning as it
is. A collection holds one of the languages: where Anki is told to update notes always, importing the other deck changes the language.
With SOURCE_DATE_EPOCH set, equal pages give equal files.
"""

from __future__ import annotations

import copy
import functools
import io
import os
import re
import sys
import time
import zipfile
from pathlib import Path

import genanki
import yaml
from bs4 import BeautifulSoup, Tag

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
OUT = ROOT / "build" / "deck"
PAGE = "appendix/interview-trainer.html"
# for ever the same: Anki knows decks and note types by them
MODEL_ID = 1761040001
DECKS = {"en": (1761040002, "Knowledge distillation, corrected"), "zh": (1761040003, "知识蒸馏勘误")}

STYLE = """.card { font-family: system-ui, sans-serif; font-size: 18px; line-height: 1.5; max-width: 42em; margin: 0 auto; padding: 1em; }
.where { font-size: 80%; opacity: .75; }
code { font-size: 90%; }"""
TEMPLATE = {"name": "Question", "qfmt": "<b>{{Question}}</b>", "afmt": "{{FrontSide}}<hr id=answer>{{Answer}}"}
# one for both languages: else Anki would not let one deck take the other's notes over
MODEL = genanki.Model(MODEL_ID, "kdtutor", [{"name": "Question"}, {"name": "Answer"}], [TEMPLATE], css=STYLE)


@functools.cache
def macros() -> dict[str, str]:
    config = yaml.safe_load((ROOT / "book" / "_config.yml").read_text("utf-8"))
    return config["sphinx"]["config"]["mathjax3_config"]["tex"]["macros"]


def spelled_out(formula: str) -> str:
    """Without the book's own TeX commands, which Anki does not know."""
    for name, meaning in macros().items():
        formula = re.sub(rf"\\{name}(?![a-zA-Z])", lambda _, text=meaning: text, formula)
    return formula


def plain(node: Tag) -> str:
    """HTML that looks right without the book's style: no links, classes or ids."""
    node = copy.copy(node)
    for picture in node.select("img, svg"):
        raise SystemExit(f"a card holds a picture, which the deck cannot carry: {picture.get('alt') or picture.name}")
    for formula in node.select(".math"):
        formula.string = spelled_out(formula.get_text())
    for tag in node.find_all(True):
        tag.attrs = {"class": "where"} if "kd-card-where" in tag.get("class", []) else {}
    for tag in node.find_all(["a", "span"]):
        tag.unwrap()
    return node.decode_contents().strip()


def note(card: Tag, language: str, position: int) -> genanki.Note:
    """One question. Titles of documents stand in both languages on the page; the deck keeps its own."""
    front = card.select_one(f".kd-front > .kd-{language}") or card.select_one(".kd-front")
    tags = [card["data-topic"], card["data-document"]]
    fields = [plain(front), plain(card.select_one(".kd-answer"))]
    return genanki.Note(MODEL, fields, guid=f"kdtutor-{card['data-key']}", tags=tags, due=position)


def pack(language: str) -> tuple[genanki.Deck, int]:
    path = SITE / language / PAGE
    if not path.exists():
        raise SystemExit(f"no page {path.relative_to(ROOT)}; run 'make book' first")
    cards = BeautifulSoup(path.read_text("utf-8"), "html.parser").select("details.kd-quiz")
    deck = genanki.Deck(*DECKS[language])
    for position, card in enumerate(cards):
        deck.add_note(note(card, language, position))
    return deck, len(cards)


def write(deck: genanki.Deck, path: Path, seconds: float) -> None:
    """The zip that genanki makes, with one date for all its files."""
    made = io.BytesIO()
    genanki.Package(deck).write_to_file(made, timestamp=seconds)
    date = time.gmtime(max(seconds, 315532800))[:6]  # a zip knows no year before 1980
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(zipfile.ZipInfo(name, date), old.read(name), zipfile.ZIP_DEFLATED)


def main() -> int:
    OUT.mkdir(parents=True, exist_ok=True)
    seconds = float(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    for language in DECKS:
        deck, count = pack(language)
        path = OUT / f"kdtutor-{language}.apkg"
        write(deck, path, seconds)
        print(f"{path}: {count} cards")
    return 0


if __name__ == "__main__":
    sys.exit(main())
