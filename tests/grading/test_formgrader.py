"""A person's way in nbgrader's own Formgrader after `make grade`: find the answer in words, give points and a comment, grade again, keep both."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from test_grade import OTHER as NAME
from test_grade import grade, scores, solved

ROOT = Path(__file__).resolve().parents[2]
GIVEN = (0.5, "Name the control as well.")
pytestmark = pytest.mark.slow


def words(course: Path):
    """Points and comment of the answer in words, from the gradebook."""
    with Gradebook(f"sqlite:///{course / 'grading' / 'gradebook.db'}") as book:
        (notebook,) = book.find_submission(NAME, "s00").notebooks
        (task,) = [grade for grade in notebook.grades if grade.cell.cell_type == "markdown"]
        return task.name, notebook.id, task.manual_score, next(c.manual_comment for c in notebook.comments if c.name == task.name)


@pytest.fixture
def course(tmp_path, needs_a_sandbox):
    """A folder in which one student's solution was graded."""
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    assert grade(solved(tmp_path / "in", 1), tmp_path / "grading").returncode == 0
    return tmp_path


def test_a_person_gives_points_and_a_comment_which_stay(browser, jupyter, course):
    task, notebook, *before = words(course)
    assert before == [None, None]
    with jupyter(course) as address:
        page = browser.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{address}/login?token=x")  # as JupyterLab does
        page.goto(f"{address}/formgrader/gradebook/{NAME}/{NAME}")
        row = page.locator("tbody tr", has_text="Submission #1")
        row.wait_for()
        assert "9 / 10" in row.inner_text()
        page.goto(f"{address}/formgrader/submissions/{notebook}/", wait_until="networkidle")  # it fetches points and comments
        page.locator(f"input.needs_manual_grade[id='{task}']").wait_for()
        page.locator(f"input[id='{task}']").fill(str(GIVEN[0]))
        page.locator(f"[id='{task}-comment']").fill(GIVEN[1])
        page.locator(f"input[id='{task}']").focus()
        end = time.time() + 30
        while words(course)[2:] != GIVEN and time.time() < end:
            page.wait_for_timeout(300)
        page.close()
    assert words(course)[2:] == GIVEN
    assert "0 of them now" in grade(course / "in", course / "grading").stdout
    assert words(course)[2:] == GIVEN
    assert scores(course / "grading") == {"s00": "9.5"}
    (feedback,) = (course / "grading" / "feedback").rglob("*.html")
    assert GIVEN[1] in feedback.read_text("utf-8")
