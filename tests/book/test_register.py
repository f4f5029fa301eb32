"""The register holds every row of the review, and the extension finds each way in which it can go wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from kdbook.register import ICONS, Register, exercise_exists, problems
from kdbook.words import WORDS

ROOT = Path(__file__).resolve().parents[2]
REGISTER = Register(ROOT / "book" / "register.yml")
IDS = (ROOT / "tests" / "book" / "register_ids.txt").read_text("utf-8").split()
KEYS = ["id", "document", "place", "kind", "parent", "title", "says", "verdict", "correction", "chapter", "section", "exercise"]


def test_all_349_rows_are_there_once():
    rows = yaml.safe_load((ROOT / "book" / "register.yml").read_text("utf-8"))["rows"]
    assert sorted(row["id"] for row in rows) == sorted(IDS)
    assert len(IDS) == len(set(IDS)) == 349


def test_each_row_has_all_fields_and_known_values():
    for row in REGISTER.rows.values():
        assert list(row) == KEYS, row["id"]
        assert row["verdict"] in ICONS and row["document"] in REGISTER.documents, row["id"]
        assert row["parent"] is None or row["parent"] in REGISTER.rows, row["id"]
        assert all(isinstance(row[key], str) and row[key].strip() for key in ("place", "says", "correction", "chapter")), row["id"]
        assert row["title"]["zh"].strip() and row["title"]["en"].strip(), row["id"]


def test_sentences_are_short_and_their_mathematics_is_closed():
    for row in REGISTER.rows.values():
        assert len(row["says"].split()) <= 30 and len(row["correction"].split()) <= 60, row["id"]
        assert row["says"].count("$") % 2 == row["correction"].count("$") % 2 == 0, row["id"]


def test_the_interface_has_the_same_words_in_both_languages():
    assert WORDS["en"].keys() == WORDS["zh_CN"].keys()
    assert set(ICONS) <= WORDS["en"].keys()


def test_every_row_is_treated():
    assert [row["id"] for row in REGISTER.rows.values() if not row["section"]] == []


# ------------------------------------------------------------------ each fault is found


@pytest.fixture
def course(tmp_path):
    """A register of two rows, one page that draws two of them, one exercise."""
    rows = [dict.fromkeys(KEYS, "x") | {"id": i, "section": "here", "exercise": None} for i in ("a", "b")]
    path = tmp_path / "register.yml"
    path.write_text(yaml.safe_dump({"documents": {}, "rows": rows}))
    folder = tmp_path / "solutions" / "02-loss"
    folder.mkdir(parents=True)
    (folder / "02-loss.ipynb").write_text('{"cells": [{"metadata": {"nbgrader": {"grade_id": "02-task"}}}, {"metadata": {}}]}')
    return Register(path), {"chapter": [("a", 1), ("b", 2)]}, {"here": "chapter"}, tmp_path / "solutions"


def test_a_right_register_has_no_fault(course):
    assert list(problems(*course)) == []


def test_a_row_without_a_place_is_found(course):
    course[1]["chapter"].pop()
    assert list(problems(*course)) == ["b: must be drawn once, in chapter; it is drawn in no page"]


def test_a_row_drawn_twice_is_found(course):
    course[1]["chapter"].append(("a", 9))
    assert "a: must be drawn once" in next(problems(*course))


def test_a_row_on_the_wrong_page_is_found(course):
    course[1].update({"chapter": [("a", 1)], "other": [("b", 1)]})
    assert list(problems(*course)) == ["b: must be drawn once, in chapter; it is drawn in other"]


def test_a_row_without_a_section_is_found(course):
    course[0].rows["a"]["section"] = None
    assert list(problems(*course)) == ["a: section None does not exist"]


def test_a_section_that_does_not_exist_is_found(course):
    course[0].rows["a"]["section"] = "nowhere"
    assert next(problems(*course)) == "a: section 'nowhere' does not exist"


def test_an_exercise_that_does_not_exist_is_found(course):
    course[0].rows["a"]["exercise"] = "02-loss#task"
    assert list(problems(*course)) == []
    for name in ("02-loss#other", "03-none#task"):
        course[0].rows["a"]["exercise"] = name
        assert list(problems(*course)) == [f"a: exercise {name!r} does not exist"]


def test_the_exercises_named_in_the_register_exist():
    named = {row["exercise"] for row in REGISTER.rows.values() if row["exercise"]}
    assert named and all(exercise_exists(ROOT / "solutions", name) for name in named)
