"""Rules for the chapters that no other tool checks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import execute
import pytest

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGES = execute.pages(BOOK)
CHAPTERS = [name for name in PAGES if not name.startswith("appendix/")]
CELL = re.compile(r"```\{code-cell\} ipython3\n(.*?)```", re.S)
ANATOMY = [
    "The question",
    "The answer in 60 seconds",
    "Before you read",
    "Predict",
    "Exercise",
    "Summary",
    "Further reading",
]


def cells(name: str):
    """Code cells as (options, lines of code)."""
    for match in CELL.finditer((BOOK / f"{name}.md").read_text("utf-8")):
        lines = match[1].splitlines()
        yield [line for line in lines if line.startswith(":")], [line for line in lines if not line.startswith(":") and line.strip()]


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_has_its_parts_in_order(name):
    heads = re.findall(r"^## (.*)", (BOOK / f"{name}.md").read_text("utf-8"), re.M)
    found = [head for head in heads if head in ANATOMY]
    assert found == ANATOMY
    assert any(head.startswith("When it breaks") for head in heads) and any(head.startswith("Show it") for head in heads)


@pytest.mark.parametrize("name", PAGES)
def test_visible_cells_are_short_and_narrow(name):
    for options, code in cells(name):
        if not any("remove-cell" in option or "hide-input" in option for option in options):
            assert len(code) <= 15, code[0]
            assert max(map(len, code)) <= 88, max(code, key=len)


@pytest.mark.parametrize("name", PAGES)
def test_figures_have_captions_and_texts_in_place_of_the_picture(name):
    for options, code in cells(name):
        if any("plt.show()" in line for line in code):
            text = "\n".join(options)
            assert "caption:" in text and "alt:" in text, code[0]


@pytest.mark.parametrize("name", PAGES)
def test_the_first_cell_sets_the_seed(name):
    _, code = next(cells(name))
    assert any(line.removeprefix("training.") == "seed_everything(0)" for line in code)


@pytest.mark.parametrize("name", CHAPTERS)
def test_claims_about_trained_models_are_asserted_in_hidden_cells(name):
    hidden = [code for options, code in cells(name) if any("remove-cell" in option for option in options)]
    assert sum(line.lstrip().startswith("assert") for code in hidden for line in code) >= 5


@pytest.mark.parametrize("name", PAGES)
def test_stored_output_has_no_warning_path_time_or_progress_bar(name):
    notebook = json.loads((ROOT / "build" / "notebooks" / f"{name}.ipynb").read_text("utf-8"))
    text = [("".join(o.get("text", [])), o["output_type"], o.get("name")) for cell in notebook["cells"] for o in cell.get("outputs", [])]
    assert text, "the executed page holds no outputs"
    for content, kind, stream in text:
        assert kind != "error" and stream != "stderr", content[:200]
        assert not re.search(r"Warning|0x[0-9a-f]{6}|/tmp/|it/s|\d{2}:\d{2}:\d{2}", content), content[:200]


def test_numbers_of_the_text_come_from_glued_results_that_exist():
    for name in CHAPTERS:
        text = (BOOK / f"{name}.md").read_text("utf-8")
        used = set(re.findall(r"\{glue:text\}`[^:`]+::([a-z0-9_]+)", text))
        page = (ROOT / "build" / "notebooks" / f"{name}.ipynb").read_text("utf-8")
        assert used and used <= set(re.findall(r'"name": "([a-z0-9_]+)"', page))
