"""A submission runs in a sandbox, its tests outside: full points for the solution, none for tricks, and nobody else is harmed."""

from __future__ import annotations

import os
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader import batch, execute, intake, plain, sandbox

ROOT = Path(__file__).resolve().parents[2]
NAME, TASK = "01-what-distillation-is", "01-shared-errors"
pytestmark = pytest.mark.slow
os.environ["KD_SECRET"] = "must not be seen inside"


@pytest.fixture(scope="module")
def box(needs_a_sandbox):
    with sandbox.Box() as made:
        yield made


@pytest.fixture(scope="module")
def course():
    """The course's notebook with all tests and the stubs of the release."""
    source, release = (nbformat.read(ROOT / folder / NAME / f"{NAME}.ipynb", 4) for folder in ("solutions", "exercises"))
    return intake.combine(NAME, "en", source, release)


def graded(box, course, path) -> dict[str, str]:
    """The error of each failed test by name."""
    notebook, _ = intake.rebuild(intake.cells_of(intake.fetch(path)), course)
    execute.run(notebook, course, box)
    tests = [cell for cell in notebook.cells if cell.cell_type == "code" and intake.is_test(cell)]
    return {cell.id: output.evalue for cell in tests for output in cell.outputs if output.output_type == "error"}


def submission(tmp_path, answer: str) -> Path:
    notebook = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)
    for cell in notebook.cells:
        if cell.id == TASK:
            cell.source = answer
    nbformat.write(notebook, tmp_path / "s.ipynb")
    return tmp_path / "s.ipynb"


def test_the_solution_fails_no_test_and_the_release_fails_all_that_have_points(box, course):
    assert graded(box, course, ROOT / "solutions" / NAME / f"{NAME}.ipynb") == {}
    failed = graded(box, course, ROOT / "exercises" / "zh" / NAME / f"{NAME}.ipynb")
    assert {cell.id for cell in course.notebook.cells if cell.cell_type == "code" and intake.nbgrader(cell).get("points")} <= set(failed)


TRICKS = {
    "redefined check": "check = lambda *a, **k: None\ndef shared_errors(*a):\n    return 0",
    "patched numpy": "np.allclose = lambda *a, **k: True\ndef shared_errors(*a):\n    return 0",
    "an object equal to everything": "class All(float):\n    def __eq__(self, o): return True\ndef shared_errors(*a):\n    return All(0)",
    "frames": "import sys\ndef shared_errors(*a):\n    return sys._getframe(1).f_locals['expected']",
    "ends the process": "def shared_errors(*a):\n    import os\n    os._exit(0)",
    "raises SystemExit": "def shared_errors(*a):\n    raise SystemExit(0)",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_costs_its_own_task_and_nothing_else(box, course, tmp_path, trick):
    failed = graded(box, course, submission(tmp_path, TRICKS[trick]))
    assert set(failed) == {f"{TASK}-visible", f"{TASK}-hidden"}
    assert graded(box, course, ROOT / "solutions" / NAME / f"{NAME}.ipynb") == {}  # the next student


def test_a_session_has_no_network_no_other_process_and_no_file_of_the_course(box, tmp_path):
    (tmp_path / "own").write_text("of another")
    session = box.open()
    paths = [str(ROOT / "solutions"), str(tmp_path / "own"), "/home", "/etc/passwd", "/etc/shadow", "/var", "/box/kdtutor/losses.py"]
    code = "import os, socket\nprint(os.getpid(), os.listdir('/proc'), [p for p in {!r} if os.path.exists(p)])\n"
    code += "print(sorted(os.environ))\nsocket.create_connection(('1.1.1.1', 80), 2)"
    reply = session.ask(10, op="run", source=code.format(paths))
    assert reply["outputs"][0]["text"].startswith("1 [] []\n")
    assert "KD_SECRET" in os.environ and "KD_SECRET" not in reply["outputs"][0]["text"]
    assert reply["error"][0] == "OSError"
    session.close()


def test_a_loop_ends_and_the_box_lives_on(box):
    session = box.open()
    with pytest.raises(sandbox.StoppedError, match="no answer in 1 seconds"):
        session.ask(1, op="run", source="while True: pass")
    session.close()
    session = box.open()
    assert session.ask(10, op="run", source="1")["ok"]
    session.close()


FORGED = [
    {"array": ["float64", [10**9, 10**9], ""]},
    {"array": ["float64", [2], "AAAA"]},
    {"array": ["object", [1], "AAAA"]},
    {"array": ["float64", [-1], ""]},
    {"array": ["float64", [4_000_000, 0], ""]},
    {"number": ["float64", [1], "AAAAAAAAAAA="]},
    {"pickle": "x"},
    {"list": 5},
    {"dict": [[{"list": []}, 1]]},
]


@pytest.mark.parametrize("value", FORGED, ids=range(len(FORGED)))
def test_forged_values_are_refused(value):
    with pytest.raises(plain.NotPlainError):
        plain.decode(value)


def test_deep_nesting_is_refused():
    value = {"list": []}
    for _ in range(50):
        value = {"list": [value]}
    with pytest.raises(plain.NotPlainError):
        plain.decode(value)


ODD = {
    "fraction": (Fraction(1, 4), 0.25),
    "decimal": (Decimal("0.5"), 0.5),
    "range": (range(3), [0.0, 1.0, 2.0]),
    "objects": (np.array([1, 2.5], dtype=object), [1.0, 2.5]),
    "numpy text": (np.str_("follows"), "follows"),
}


@pytest.mark.parametrize("name", ODD)
def test_numbers_in_an_odd_form_cross_as_numbers(name):
    value, expected = ODD[name]
    found = plain.through(value)
    assert (found if isinstance(found, str) else found.tolist()) == expected


def test_what_holds_no_numbers_is_refused_with_its_type():
    with pytest.raises(plain.NotPlainError, match="set: return numbers"):
        plain.through({1, 2})


def test_an_exception_of_the_student_keeps_its_built_in_kind(box):
    session = box.open()
    session.ask(10, op="run", source="class NoRows(ValueError): pass\ndef f():\n    raise NoRows('none left')")
    assert session.ask(10, op="call", name="f", arguments=plain.encode(()))["error"] == ["ValueError", "NoRows: none left"]
    session.close()


def test_forged_outputs_are_cut_and_never_raise():
    deep: dict = {}
    for _ in range(900):
        deep = {"x": deep}
    forged = [{"output_type": "stream", "name": "stdout", "text": "x" * 5_000_000}, {"output_type": "display_data", "data": {}, "metadata": deep}]
    assert execute.outputs_of({"outputs": forged}) == []
    fine = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    assert len(execute.outputs_of({"outputs": fine})) == 1
    assert execute.outputs_of({"outputs": "text"}) == []


def test_an_error_in_the_grader_stops_nobody_else(course):
    solved = (ROOT / "solutions" / NAME / f"{NAME}.ipynb").read_bytes()
    jobs = {"bad": (b'{"nbformat": 4, "cells": []}', [course._replace(notebook=None)]), "good": (solved, [course])}
    results = dict(batch.grade_all(jobs, workers=1))
    assert results["good"].notebook
    assert results["bad"].flags[0].kind == "not graded" and not results["bad"].notebook
