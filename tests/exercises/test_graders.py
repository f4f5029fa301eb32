"""The graders give each prepared answer what it deserves, and these checks can fail."""

from __future__ import annotations

from pathlib import Path

import graders
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(path.name for path in (ROOT / "solutions").iterdir())
TASKS = [(notebook, task) for notebook in NOTEBOOKS for task in graders.tasks(notebook)]


def read(folder: str, notebook: str):
    return nbformat.read(ROOT / folder / notebook / f"{notebook}.ipynb", 4)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_each_prepared_answer_gets_its_points_and_its_message(notebook):
    found = [fault for answer in graders.answers(notebook) for fault in graders.faults(answer, graders.grade(notebook, answer.task, answer.source))]
    assert not found


@pytest.mark.parametrize(("notebook", "task"), TASKS)
def test_each_task_has_enough_answers(notebook, task):
    answers = [answer for answer in graders.answers(notebook) if answer.task == task]
    assert sum(not answer.right for answer in answers) >= 6
    assert sum(answer.right for answer in answers) >= 3
    assert all(bool(answer.fails) != answer.right for answer in answers)


@pytest.mark.parametrize(("notebook", "task"), TASKS)
def test_the_solution_gets_all_points_and_the_untouched_release_none(notebook, task):
    solved = graders.grade(notebook, task, graders.cells(notebook)[task].source)
    assert solved.points == solved.full > 0, solved.message
    released = {cell.metadata.nbgrader.grade_id: cell for cell in read("exercises", notebook).cells if "nbgrader" in cell.metadata}
    assert graders.grade(notebook, task, released[task].source).points == 0


@pytest.mark.parametrize(("notebook", "task"), TASKS)
@pytest.mark.parametrize("value", ["0.0", "1.0", "None", "args[0]", "args[-1]", "'text'", "np.zeros_like(np.asarray(args[0]))"])
def test_a_trivial_answer_gets_no_point(notebook, task, value):
    functions = [line.split("(")[0].removeprefix("def ") for line in graders.cells(notebook)[task].source.splitlines() if line.startswith("def ")]
    source = "\n".join(f"def {name}(*args):\n    return {value} if args else None" for name in functions)
    assert graders.grade(notebook, task, source).points == 0


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_points_in_the_text_equal_the_metadata(notebook):
    cells = [cell for cell in read("solutions", notebook).cells if "nbgrader" in cell.metadata]
    words = {"half a point": 0.5, "1 point": 1.0, "2 points": 2.0}
    for cell in cells:
        if cell.metadata.nbgrader.grade and cell.cell_type == "code":
            (said,) = [value for text, value in words.items() if f"({text})" in cell.source.splitlines()[0]]
            assert said == cell.metadata.nbgrader.points, cell.metadata.nbgrader.grade_id
    for cell in cells:
        if cell.metadata.nbgrader.grade_id.endswith("-task"):
            task = cell.metadata.nbgrader.grade_id.removesuffix("-task")
            of_task = [c for c in cells if c.metadata.nbgrader.grade and c.metadata.nbgrader.grade_id.startswith(task)]
            (said,) = [value for text, value in words.items() if f"({text})" in cell.source.splitlines()[0]]
            assert said == sum(c.metadata.nbgrader.points for c in of_task), task
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in cells) == 10


def test_grade_ids_are_unique_in_the_course_and_cell_ids_are_fixed_and_meaningful():
    ids = [cell.metadata.nbgrader.grade_id for name in NOTEBOOKS for cell in read("solutions", name).cells if "nbgrader" in cell.metadata]
    assert len(ids) == len(set(ids))
    for name in NOTEBOOKS:
        for cell in read("solutions", name).cells:
            assert cell.id == cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) and not cell.id.isdigit()


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_each_task_has_three_folded_hints(notebook):
    for cell in read("solutions", notebook).cells:
        if cell.id.endswith("-task"):
            assert [f"<summary>Hint {i}: " in cell.source for i in (1, 2, 3)] == [True] * 3


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_visible_and_hidden_tests_stand_in_cells_of_their_own(notebook):
    for name, cell in graders.cells(notebook).items():
        if cell.metadata.nbgrader.grade:
            code = [line for line in cell.source.splitlines() if line and not line.startswith("#")]
            inside = "### BEGIN HIDDEN TESTS" in cell.source
            assert inside == (not name.endswith("-visible")), name
            assert not inside or cell.source.split("### BEGIN HIDDEN TESTS")[0].count("\n") == 1, name
            assert code


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_the_release_shows_no_answer_no_hidden_test_and_no_output(notebook):
    release = read("exercises", notebook)
    text = "\n".join(cell.source for cell in release.cells)
    assert "HIDDEN TESTS" not in text and "SOLUTION" not in text and "Derived from solutions/" in release.cells[0].source
    assert not [cell.id for cell in release.cells if cell.get("outputs") or cell.get("execution_count")]


def test_the_package_with_the_answers_is_out_of_reach():
    source = "import kdtutor.losses\n" + graders.cells("02-the-loss")["02-loss"].source
    outcome = graders.grade("02-the-loss", "02-loss", source)
    assert outcome.points == 0 and "kdtutor" in outcome.message


def test_a_grader_that_lets_a_wrong_answer_pass_is_reported():
    wrong = next(answer for answer in graders.answers("02-the-loss") if not answer.right)
    blind = graders.Outcome(frozenset(), 2.0, 2.0, "")
    assert any("must fail" in fault for fault in graders.faults(wrong, blind))


def test_a_grader_that_refuses_a_right_answer_is_reported():
    right = next(answer for answer in graders.answers("02-the-loss") if answer.right)
    strict = graders.Outcome(frozenset({right.task + "-hidden"}), 1.0, 2.0, "no")
    assert any("must fail no test" in fault for fault in graders.faults(right, strict))
