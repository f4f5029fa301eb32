"""`make grade` with stock nbgrader: the solution, the untouched release, half an answer and a broken file."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME = "02-the-loss"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """Grade four students; return (exit code, output, scores by student)."""
    folder = tmp_path_factory.mktemp("submissions")
    solution, release = (ROOT / top / NAME / f"{NAME}.ipynb" for top in ("solutions", "exercises"))
    for student in ("ada", "bob", "cem", "dan", "eve"):
        (folder / student).mkdir()
    shutil.copy(solution, folder / "ada")
    (folder / "bob" / NAME).mkdir()
    shutil.copy(release, folder / "bob" / NAME)
    chinese = nbformat.read(ROOT / "exercises" / "zh" / NAME / f"{NAME}.ipynb", 4)
    half = nbformat.read(release, 4)
    answers = {cell.id: cell.source for cell in nbformat.read(solution, 4).cells}
    for cell in half.cells:
        if cell.id == "02-gradient":
            cell.source = answers[cell.id]
        if cell.id == "02-stable":  # a typical mistake: the arguments exchanged
            cell.source = answers[cell.id].replace("p * (log_p - log_q)", "log_q.exp() * (log_q - log_p)")
    nbformat.write(half, folder / "cem" / f"{NAME}.ipynb")
    for cell in chinese.cells:
        cell.source = answers[cell.id] if cell.metadata.get("nbgrader", {}).get("solution") else cell.source
    nbformat.write(chinese, folder / "eve" / f"{NAME}.ipynb")
    (folder / "dan" / f"{NAME}.ipynb").write_text("no notebook")
    command = ["make", f"PYTHON={sys.executable}", "grade", f"FROM={folder}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    with (ROOT / "build" / "grading" / "scores.csv").open(encoding="utf-8") as file:
        return done.returncode, done.stdout, {row["student"]: row for row in csv.DictReader(file)}


def test_scores_are_what_each_deserves(graded):
    _, output, scores = graded
    assert {student: row["score"] for student, row in scores.items()} == {"ada": "9", "bob": "0", "cem": "2", "dan": "", "eve": "9"}, output
    assert {row["max_score"] for row in scores.values()} == {"10", ""}


def test_the_table_says_what_waits_and_what_failed(graded):
    code, _, scores = graded
    assert scores["ada"]["state"] == "answers in words wait for a person" and scores["bob"]["state"] == "graded"
    assert "could not be run" in scores["dan"]["state"] and code != 0


def test_feedback_names_the_cause(graded):
    page = (ROOT / "build" / "grading" / "feedback" / "cem" / NAME / f"{NAME}.html").read_text("utf-8")
    assert "The KL has the wrong direction: teacher first, student second." in re.sub(r"<[^>]+>", "", page).replace("&#39;", "'")


def test_a_course_with_its_own_seed_does_not_pay_for_the_public_hidden_numbers(tmp_path):
    """An answer that knows the inputs of the public tests by heart passes them, and fails those of another seed."""
    solution = nbformat.read(ROOT / "solutions" / "01-what-distillation-is" / "01-what-distillation-is.ipynb", 4)
    cells = {cell.id: cell for cell in solution.cells}
    known = "".join(cells[f"01-mixed-target-{part}"].source for part in ("visible", "hidden"))
    inputs = re.findall(r"mixed_target\((.+?), ([\d.]+)\), \[\[", known)
    # returns the right answer for exactly these inputs
    table = ", ".join(f"repr(({arrays}, {alpha}))" for arrays, alpha in inputs)
    cheat = cells["01-mixed-target"].source.replace(
        "### BEGIN SOLUTION", f"if repr((teacher_probs, target, alpha)) not in [{table}]:\n        return 0"
    )
    for student, source in (("ada", cells["01-mixed-target"].source), ("bob", cheat)):
        cells["01-mixed-target"].source = source
        (tmp_path / student).mkdir()
        nbformat.write(solution, tmp_path / student / "01-what-distillation-is.ipynb")
    scores = {}
    for seed in ("", "7"):
        command = ["make", f"PYTHON={sys.executable}", "grade", f"FROM={tmp_path}", f"SEED={seed}"]
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        with (ROOT / "build" / "grading" / "scores.csv").open(encoding="utf-8") as file:
            scores[seed] = {row["student"]: row["score"] for row in csv.DictReader(file)}
    assert scores == {"": {"ada": "9", "bob": "9"}, "7": {"ada": "9", "bob": "8"}}


def test_a_missing_folder_is_explained():
    done = subprocess.run([sys.executable, "tools/grade.py", "no-such-folder"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "expected a folder with one folder a student" in done.stdout
