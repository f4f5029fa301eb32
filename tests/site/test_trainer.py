"""The interview trainer holds every question once, walks by keyboard, keeps marks, and reads without JavaScript; the Anki deck holds the same."""

from __future__ import annotations

import json
import re
import sqlite3
import zipfile
from pathlib import Path

import deck
import pytest
import yaml
from bs4 import BeautifulSoup
from kdbook import trainer
from kdbook.words import WORDS
from test_browser import SITE, visit

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGE = f"{trainer.PAGE}.html"
LANGUAGES = pytest.mark.parametrize("language", ["en", "zh"])
STRAIGHT = str.maketrans("’“”", '\'""')  # Sphinx sets typographic quotes
in_browser = pytest.mark.slow


def cards(language: str):
    return BeautifulSoup((SITE / language / PAGE).read_text("utf-8"), "html.parser").select("details.kd-quiz")


# ------------------------------------------------------------------ the page


def asked_rows() -> list[dict]:
    """Questions, frequent questions, and the claims that two titles make."""
    rows = yaml.safe_load((BOOK / "register.yml").read_text("utf-8"))["rows"]
    return [row for row in rows if row["kind"] in ("question", "faq") or row["id"] in ("unc-title", "art-title")]


def asked_dropdowns() -> list[str]:
    """Titles of dropdowns that ask, in the order of the chapters."""
    chapters = re.findall(r"^\s*- file: (\S+)", (BOOK / "_toc.yml").read_text("utf-8"), re.M)
    texts = [(BOOK / f"{name}.md").read_text("utf-8") for name in chapters]
    return [title for text in texts for title in re.findall(r"^`{3,}\{dropdown\} (.*\?)\s*$", text, re.M)]


def test_every_question_is_there_once_and_no_other():
    found, dropdowns = cards("en"), asked_dropdowns()
    rows = {card["data-key"] for card in found if card["data-document"] != trainer.FOLLOW_UPS}
    titles = [card.summary.get_text().translate(STRAIGHT) for card in found if card["data-document"] == trainer.FOLLOW_UPS]
    assert rows == {row["id"] for row in asked_rows()}
    assert [title.lower() for title in titles] == [re.sub("^Follow-up: ", "", title).lower() for title in dropdowns]
    assert len(found) == len({card["data-key"] for card in found}) == len(asked_rows()) + len(dropdowns) > 80


def test_both_languages_have_the_same_cards_in_the_same_order():
    en, zh = ([(c["data-key"], c["data-topic"], c["data-document"], [a["href"] for a in c.select("a")]) for c in cards(x)] for x in ("en", "zh"))
    assert en == zh


def test_titles_stand_in_the_language_of_the_page_without_the_word_follow_up():
    titles = {row["id"]: row["title"] for row in asked_rows()}
    for language in ("en", "zh"):
        for card in cards(language):
            first = card.summary.find("span") if card["data-key"] in titles else card.summary
            assert first.get_text() == titles.get(card["data-key"], {}).get(language, first.get_text())
            assert not first.get_text().startswith(tuple(words["followup"] for words in WORDS.values()))


@LANGUAGES
def test_each_answer_links_to_its_section_where_there_is_one(language):
    sections = {row["id"]: row["section"] for row in asked_rows()}
    for card in cards(language):
        links = [a["href"] for a in card.select(".kd-answer > .kd-card-where a") if not a["href"].startswith("register.html")]
        section = sections.get(card["data-key"], "")
        assert len(links) == (0 if section is None else 1), card["data-key"]
        assert not section or links[0].endswith(f"#{section}")


def test_only_this_page_loads_the_script():
    for page in (SITE / "en").rglob("*.html"):
        assert ("trainer.js" in page.read_text("utf-8")) == (page == SITE / "en" / PAGE), page


# ------------------------------------------------------------------ a small book, built twice

CHAPTER = """(here)=
# Chapter

```{dropdown} Follow-up: why is it so?
:name: why
ANSWER. See [](#here), [](#there) and {doc}`other`.

$$a$$ (eq-a)
```

```{dropdown} Not a question
Hidden.
```

By {eq}`eq-a` it is so.
"""


@pytest.fixture
def small_book(tmp_path):
    """A book of a chapter and the trainer; returns a function that writes the chapter's answer, builds, and gives the trainer's page."""
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace

    source, out = tmp_path / "book", tmp_path / "out"
    (source / "appendix").mkdir(parents=True)
    row = dict.fromkeys(["place", "says", "correction"], "Words.") | dict.fromkeys(["exercise", "parent"])
    row |= {
        "id": "x-q1",
        "chapter": "other",
        "section": "there",
        "document": "x",
        "kind": "question",
        "verdict": "wrong",
        "title": {"en": "Why?", "zh": "为什么？"},
    }
    (source / "register.yml").write_text(yaml.safe_dump({"documents": {"x": {"en": "X", "zh": "某"}}, "rows": [row]}))
    (source / "index.md").write_text("# Book\n\n```{toctree}\nfolder/chapter\nfolder/other\nappendix/register\nappendix/interview-trainer\n```\n")
    (source / "folder").mkdir()
    (source / "folder" / "other.md").write_text("(there)=\n# Other\n\n```{question} x-q1\n```\n")
    (source / "appendix" / "register.md").write_text("# Register\n\n```{register} x\n```\n")
    (source / "appendix" / "interview-trainer.md").write_text("# Trainer\n\n```{trainer}\n```\n")
    settings = {
        "extensions": ["myst_parser", "sphinx_design", "kdbook.register", "kdbook.trainer"],
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 2,
        "language": "en",
    }

    def build(answer: str) -> Path:
        chapter, text = source / "folder" / "chapter.md", CHAPTER.replace("ANSWER", answer)
        if not chapter.exists() or chapter.read_text() != text:
            chapter.write_text(text)
        with docutils_namespace():
            Sphinx(str(source), None, str(out), str(tmp_path / "trees"), "html", settings, status=None, warningiserror=True).build()
        return out / PAGE

    return build


def test_the_page_is_written_again_when_a_chapter_changes_and_only_then(small_book):
    assert "At first" in small_book("At first").read_text()
    page = small_book("And later")
    assert "And later" in page.read_text() and "At first" not in page.read_text()
    written = page.stat().st_mtime_ns
    assert small_book("And later").stat().st_mtime_ns == written


def test_copies_have_links_that_start_from_their_new_place_and_no_ids(small_book):
    page = small_book("At first")
    (copy,) = BeautifulSoup(page.read_text(), "html.parser").select(f"details[data-document={trainer.FOLLOW_UPS}]")
    assert copy.summary.get_text() == "Why is it so?"
    links = [a["href"] for a in copy.select("a")]
    assert links == ["../folder/chapter.html#here", "../folder/other.html#there", "../folder/other.html", "../folder/chapter.html#here"]
    assert not copy.select("[id], .eqno") and "a" in copy.select_one("div.math").get_text()
    chapter = BeautifulSoup((page.parents[1] / "folder" / "chapter.html").read_text(), "html.parser")
    assert chapter.select("#why") and chapter.select("#equation-eq-a")


# ------------------------------------------------------------------ in the browser

CURRENT = "details.kd-quiz:not(.kd-hidden)"


def keys(page) -> list[str]:
    """Keys of all cards in the order in which n shows them."""
    total = int(re.findall(r"\d+", page.locator(".kd-trainer-status").inner_text())[1])
    found = []
    for _ in range(total):
        found.append(current(page))
        page.keyboard.press("n")
    return found


def current(page) -> str:
    assert page.locator(CURRENT).count() == 1
    return page.locator(CURRENT).get_attribute("data-key")


def is_open(page) -> bool:
    return page.locator(CURRENT).evaluate("card => card.open") and page.locator(f"{CURRENT} > .kd-answer").is_visible()


def marks(page) -> dict[str, str]:
    return json.loads(page.evaluate("() => localStorage.getItem('kdbook-trainer')") or "{}")


@in_browser
@LANGUAGES
def test_the_keyboard_is_enough(browser, base, language):
    page, wrong = visit(browser, f"{base}/{language}/{PAGE}")
    order = [card["data-key"] for card in cards(language)]
    assert current(page) == order[0] and not is_open(page)
    for key in (" ", "Enter"):
        page.keyboard.press(key)
        assert is_open(page)
        page.keyboard.press(key)
        assert not is_open(page)
    page.keyboard.press(" ")
    for key, place in (("n", 1), ("ArrowRight", 2), ("p", 1), ("ArrowLeft", 0), ("ArrowLeft", -1), ("n", 0)):
        page.keyboard.press(key)
        assert current(page) == order[place] and not is_open(page)
    for i, key in enumerate("123"):
        page.keyboard.press(key)
        assert marks(page)[order[i]] == key and current(page) == order[i + 1]
    assert wrong == []
    page.context.close()


@in_browser
def test_keys_with_modifiers_and_keys_in_a_form_do_nothing(browser, base):
    page, _ = visit(browser, f"{base}/en/{PAGE}")
    before = current(page)
    for key in ("Control+ArrowRight", "Alt+1", "Shift+ArrowRight", "Meta+2"):
        page.keyboard.press(key)
    page.locator(".kd-trainer-bar input").focus()
    for key in ("1", "n", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator(".kd-trainer-bar select").first.focus()
    page.keyboard.press("2")
    assert current(page) == before and marks(page) == {} and not is_open(page)
    page.context.close()


@in_browser
@LANGUAGES
def test_the_question_is_announced_and_the_focus_is_seen(browser, base, language):
    page, _ = visit(browser, f"{base}/{language}/{PAGE}", reduced_motion="reduce")
    page.keyboard.press("n")
    title = cards(language)[1].summary.get_text()
    assert title in page.locator(".kd-live[aria-live=polite]").text_content()
    page.locator(".kd-trainer-bar input").focus()
    page.keyboard.press("Tab")
    for _ in range(2):
        assert page.evaluate("() => document.activeElement.tagName") == "SUMMARY"
        assert page.evaluate("() => parseFloat(getComputedStyle(document.activeElement).outlineWidth)") >= 2
        page.keyboard.press("n")  # the focus moves on with the question
    page.keyboard.press("Enter")
    assert is_open(page)
    inner = page.locator(f"{CURRENT} details")
    inner.locator("summary").focus()
    page.keyboard.press("Enter")  # opens what has the focus, and leaves the answer open
    assert inner.evaluate("fold => fold.open") and is_open(page)
    moving = "() => document.getAnimations().filter(a => a.effect.target.closest('article')).length"
    assert page.evaluate(moving) == 0
    page.context.close()


@in_browser
@LANGUAGES
def test_marks_survive_a_reload_in_both_languages_until_they_are_cleared(browser, base, language):
    page, _ = visit(browser, f"{base}/{language}/{PAGE}")
    order = [card["data-key"] for card in cards(language)]
    for key in "132":
        page.keyboard.press(key)
    kept = dict(zip(order[:3], "132", strict=True))
    page.reload()
    assert marks(page) == kept and current(page) == order[3]
    page.keyboard.press("p")
    assert page.locator(".kd-marks [aria-pressed=true]").inner_text().startswith("2")
    page.goto(f"{base}/{'zh' if language == 'en' else 'en'}/{PAGE}")
    assert re.findall(r"\d+", page.locator(".kd-trainer-status").inner_text().splitlines()[1]) == ["1", "1", "1", str(len(order) - 3)]
    for answer, left in (("dismiss", kept), ("accept", {})):
        page.once("dialog", lambda dialog, answer=answer: getattr(dialog, answer)())
        page.locator(".kd-reset").click()
        assert marks(page) == left
    assert current(page) == order[0]
    page.context.close()


@in_browser
@LANGUAGES
def test_filters_leave_the_questions_of_their_topic_and_document(browser, base, language):
    page, _ = visit(browser, f"{base}/{language}/{PAGE}")
    found = cards(language)
    for position, attribute in enumerate(("data-topic", "data-document")):
        select = page.locator(".kd-trainer-bar select").nth(position)
        values = select.locator("option").evaluate_all("options => options.map(o => o.value)")
        assert values[1:] == list(dict.fromkeys(card[attribute] for card in found))
        for value in values[1:]:
            select.select_option(value)
            page.locator(f"{CURRENT} > summary").focus()
            assert keys(page) == [card["data-key"] for card in found if card[attribute] == value]
        select.select_option("")
    page.locator(".kd-trainer-bar select").nth(0).select_option("measuring-uncertainty")
    page.locator(".kd-trainer-bar select").nth(1).select_option("xai")
    assert page.locator(CURRENT).count() == 0 and page.locator(".kd-trainer-status").inner_text() == page.locator(".kd-live").text_content()
    page.context.close()


@in_browser
def test_shuffling_puts_what_is_known_last(browser, base):
    page, _ = visit(browser, f"{base}/en/{PAGE}")
    for _ in range(10):
        page.keyboard.press("1")
    known = set(marks(page))
    page.locator(".kd-trainer-bar input").check()
    page.locator(f"{CURRENT} > summary").focus()
    shuffled, plain = keys(page), [card["data-key"] for card in cards("en")]
    assert set(shuffled[-10:]) == known and sorted(shuffled) == sorted(plain)
    assert shuffled[:-10] != plain[10:] and len(known) == 10
    page.context.close()


@in_browser
@LANGUAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_works_from_a_file_on_a_phone_and_keeps_its_marks_when_the_browser_is_closed(reader, language, scheme):
    options = {"viewport": {"width": 390, "height": 800}, "color_scheme": scheme}
    address = f"{SITE.as_uri()}/{language}/{PAGE}"
    page, wrong = visit(reader, address, **options)
    for _ in cards(language):
        page.keyboard.press(" ")
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), current(page)
        assert is_open(page)
        page.keyboard.press("2")
    assert set(marks(page).values()) == {"2"} and len(marks(page)) == len(cards(language))
    page.context.close()
    page, later = visit(reader, address, **options)
    assert len(marks(page)) == len(cards(language)) and wrong + later == []
    page.context.close()


@in_browser
@LANGUAGES
def test_without_javascript_the_answers_can_be_read(browser, base, language):
    page, _ = visit(browser, f"{base}/{language}/{PAGE}", java_script_enabled=False)
    box = page.locator("details.kd-quiz")
    assert box.count() == len(cards(language)) and page.locator(".kd-topic > h2").first.is_visible()
    for i in range(box.count()):
        answer = box.nth(i).locator(":scope > .kd-answer")
        assert box.nth(i).locator(":scope > summary").is_visible() and not answer.is_visible()
        box.nth(i).locator(":scope > summary").click()
        assert answer.is_visible() and answer.inner_text().strip()
    page.context.close()


# ------------------------------------------------------------------ the Anki deck


@pytest.fixture
def pack(tmp_path, monkeypatch):
    """A function that builds the decks in a folder of its own and returns the two files."""

    def build(name: str = "deck") -> dict[str, Path]:
        monkeypatch.setattr(deck, "OUT", tmp_path / name)
        assert deck.main() == 0
        return {language: tmp_path / name / f"kdtutor-{language}.apkg" for language in ("en", "zh")}

    return build


def notes(path: Path) -> list[tuple[str, str, str]]:
    """Identity, tags and fields of all notes."""
    with zipfile.ZipFile(path) as file:
        database = path.with_suffix(".sqlite")
        database.write_bytes(file.read("collection.anki2"))
    connection = sqlite3.connect(database)
    found = connection.execute("select guid, tags, flds from notes order by id").fetchall()
    assert connection.execute("select count(*) from cards").fetchone() == (len(found),)
    connection.close()
    return found


def test_the_deck_holds_the_questions_of_the_page(pack, capsys):
    for language, path in pack().items():
        found, page = notes(path), cards(language)
        assert [guid for guid, _, _ in found] == [f"kdtutor-{card['data-key']}" for card in page]
        assert [tags.split() for _, tags, _ in found] == [[card["data-topic"], card["data-document"]] for card in page]
        for (_, _, fields), card in zip(found, page, strict=True):
            front, back = fields.split("\x1f")
            assert BeautifulSoup(front, "html.parser").get_text() in card.summary.get_text() and back.startswith("<")
        assert f"{path}: {len(page)} cards" in capsys.readouterr().out or language == "zh"


def test_notes_keep_their_identity_in_both_languages_and_builds(pack, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first, second = pack("first"), pack("second")
    assert [guid for guid, _, _ in notes(first["en"])] == [guid for guid, _, _ in notes(first["zh"])]
    for language in ("en", "zh"):
        assert notes(first[language]) == notes(second[language])
        assert first[language].read_bytes() == second[language].read_bytes()


def test_the_deck_needs_nothing_from_elsewhere_and_keeps_the_formulas(pack):
    for language, path in pack().items():
        text = "".join(fields for _, _, fields in notes(path))
        assert not re.search(r"https?://|//\w|<(a|img|script|link|iframe)\b|\b(src|href|url)\b\s*[=(]", text)
        assert text.count(r"\(") == sum(len(card.select("span.math")) for card in cards(language)) > 20
        assert not re.search(r"\\(softmax|KL|CE)\b", text)


def test_the_books_own_commands_are_spelled_out():
    assert deck.spelled_out(r"\(\KL(p\|\softmax(z)) \KLx\)") == r"\(\mathrm{KL}(p\|\operatorname{softmax}(z)) \KLx\)"


def test_a_picture_or_a_missing_page_ends_the_packing(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match="holds a picture"):
        deck.plain(BeautifulSoup('<p><img src="x.png" alt="a curve"></p>', "html.parser"))
    monkeypatch.setattr(deck, "ROOT", tmp_path)
    monkeypatch.setattr(deck, "SITE", tmp_path / "site")
    with pytest.raises(SystemExit, match="run 'make book' first"):
        deck.pack("en")
