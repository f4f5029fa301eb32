"""A submission runs in a sandbox, its tests outside: full points for the solution, none for tricks, and nobody else is harmed."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest

from grader import execute, intake, plain, sandbox

ROOT = Path(__file__).resolve().parents[2]
NAME, TASK = "01-what-distillation-is", "01-shared-errors"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def box():
    try:
        with sandbox.Box() as made:
            made.open().close()
            yield made
    except sandbox.NoSandboxError as error:
        pytest.skip(f"the sandbox was not tested: {error}")


@pytest.fixture(scope="module")
def course():
    return nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)


@pytest.fixture(scope="module")
def released(course):
    """The course's notebook with all tests and the stubs of the release."""
    stubs = {cell.id: cell.source for cell in nbformat.read(ROOT / "exercises" / NAME / f"{NAME}.ipynb", 4).cells}
    made = copy.deepcopy(course)
    for cell in made.cells:
        if intake.nbgrader(cell).get("solution"):
            cell.source = stubs[cell.id]
    return made


def graded(box, course, released, path) -> dict[str, str]:
    """The error of each failed test by name."""
    notebook, _ = intake.rebuild(path, released)
    execute.run(notebook, course, box)
    tests = [cell for cell in notebook.cells if cell.cell_type == "code" and execute.is_test(cell)]
    return {cell.id: output.evalue for cell in tests for output in cell.outputs if output.output_type == "error"}


def submission(tmp_path, answer: str) -> Path:
    notebook = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)
    for cell in notebook.cells:
        if cell.id == TASK:
            cell.source = answer
    nbformat.write(notebook, tmp_path / "s.ipynb")
    return tmp_path / "s.ipynb"


def test_the_solution_fails_no_test_and_the_release_fails_all_that_have_points(box, course, released):
    assert graded(box, course, released, ROOT / "solutions" / NAME / f"{NAME}.ipynb") == {}
    failed = graded(box, course, released, ROOT / "exercises" / "zh" / NAME / f"{NAME}.ipynb")
    assert {cell.id for cell in course.cells if cell.cell_type == "code" and intake.nbgrader(cell).get("points")} <= set(failed)


TRICKS = {
    "redefined check": "check = lambda *a, **k: None\ndef shared_errors(*a):\n    return 0",
    "patched numpy": "np.allclose = lambda *a, **k: True\ndef shared_errors(*a):\n    return 0",
    "an object equal to everything": "class All(float):\n    def __eq__(self, o): return True\ndef shared_errors(*a):\n    return All(0)",
    "frames": "import sys\ndef shared_errors(*a):\n    return sys._getframe(1).f_locals['expected']",
    "ends the process": "def shared_errors(*a):\n    import os\n    os._exit(0)",
    "raises SystemExit": "def shared_errors(*a):\n    raise SystemExit(0)",
}


@pytest.mark.parametrize("trick", TRICKS)
def test_a_trick_costs_its_own_task_and_nothing_else(box, course, released, tmp_path, trick):
    failed = graded(box, course, released, submission(tmp_path, TRICKS[trick]))
    assert set(failed) == {f"{TASK}-visible", f"{TASK}-hidden"}
    assert graded(box, course, released, ROOT / "solutions" / NAME / f"{NAME}.ipynb") == {}  # the next student


def test_a_session_has_no_network_no_other_process_and_no_file_of_the_course(box):
    session = box.open()
    code = "import os, socket\nprint(os.getpid(), os.listdir('/proc'), os.path.exists({!r}))\nsocket.create_connection(('1.1.1.1', 80), 2)"
    reply = session.ask(10, op="run", source=code.format(str(ROOT / "solutions")))
    assert reply["outputs"][0]["text"].startswith("1 [] False")
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
