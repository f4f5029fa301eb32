"""The graded notebooks have the form that they should, and the proof of the graders can fail. The proof itself is `tools/graders.py --check`."""

from __future__ import annotations

import ast
import collections
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import graders
import nbformat
import pytest
import solutions
from tasks import form

ROOT = Path(__file__).resolve().parents[2]
BOOKS = solutions.notebooks()
NAMES = list(BOOKS)
TASKS = [(name, task) for name in NAMES for task in BOOKS[name].tasks]
CODE = [pytest.param(name, task, id=task.name) for name, task in TASKS if isinstance(task, form.CodeTask)]
RELEASES = [pytest.param(folder, name, id=f"{folder}/{name}") for folder in ("exercises", "exercises/zh") for name in NAMES]


def read(folder: str, notebook: str):
    return nbformat.read(ROOT / folder / notebook / f"{notebook}.ipynb", 4)


def graded(notebook):
    return [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]


# ------------------------------------------------------------------ the course


def test_the_course_has_one_notebook_a_chapter_with_ten_points_each():
    chapters = {path.relative_to(ROOT / "book").with_suffix("").as_posix() for path in (ROOT / "book").glob("[a-z]*/*.md")}
    chapters -= {name for name in chapters if name.startswith("appendix/")}
    assert {book.chapter for book in BOOKS.values()} == chapters
    assert len(NAMES) == 14
    for name in NAMES:
        assert BOOKS[name].points == 10, name
        assert f"```{{graded}} {name}\n" in (ROOT / "book" / f"{BOOKS[name].chapter}.md").read_text("utf-8")


def test_each_kind_of_task_occurs_at_least_five_times_and_there_are_enough_tests():
    kinds = collections.Counter(task.kind for _, task in TASKS)
    assert set(kinds) == set(form.KINDS)
    assert min(kinds.values()) >= 5, kinds
    assert len(TASKS) >= 60
    assert sum(cell.cell_type == "code" for name in NAMES for cell in graded(read("solutions", name))) >= 120


def test_the_table_of_the_readme_has_the_tasks_points_and_minutes_of_each_notebook():
    text = (ROOT / "README.md").read_text("utf-8")
    for name, book in BOOKS.items():
        assert f"| `{name}` | {len(book.tasks)} | {book.points} | {book.minutes} |" in text, name


@pytest.mark.parametrize("name", NAMES)
def test_the_stored_solution_is_what_its_task_module_gives(name):
    assert not solutions.stale(name, BOOKS[name])


def test_a_changed_solution_is_noticed(monkeypatch):
    other = form.build(BOOKS[NAMES[0]], seed=1)
    monkeypatch.setattr(form, "build", lambda notebook: other)
    assert solutions.stale(NAMES[0], BOOKS[NAMES[0]])


# ------------------------------------------------------------------ each notebook


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", form.LANGUAGES)
def test_points_in_the_text_equal_the_metadata(name, language):
    cells = form.build(BOOKS[name], language=language).cells
    pattern = {"en": r"\(([\d.]+) points?\)", "zh": r"（([\d.]+) 分）"}[language]
    said = lambda text: Fraction(re.search(pattern, text.splitlines()[0])[1])
    for cell in cells:
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
            assert said(cell.source) == Fraction(str(cell.metadata.nbgrader.points)), cell.id
        if cell.id.endswith("-task"):
            task = cell.id.removesuffix("-task")
            own = [c for c in cells if c.metadata.get("nbgrader", {}).get("grade") and (c.id == task or c.id.startswith(task + "-"))]
            longer = [other.name for _, other in TASKS if other.name.startswith(task + "-")]
            own = [c for c in own if not any(c.id == other or c.id.startswith(other + "-") for other in longer)]
            assert said(cell.source) == sum(Fraction(str(c.metadata.nbgrader.points)) for c in own), task
    assert sum(Fraction(str(cell.metadata.nbgrader.points)) for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")) == 10


def test_grade_ids_are_unique_in_the_course_and_cell_ids_are_fixed_and_meaningful():
    cells = [cell for name in NAMES for cell in read("solutions", name).cells]
    ids = [cell.metadata.nbgrader.grade_id for cell in cells if "nbgrader" in cell.metadata]
    assert len(ids) == len(set(ids))
    for cell in cells:
        assert cell.id in ("intro", "setup", "end") or cell.id == cell.metadata.nbgrader.grade_id
        assert not cell.id.isdigit()


@pytest.mark.parametrize(("folder", "name"), RELEASES)
def test_each_task_has_three_folded_hints(folder, name):
    word = "提示 {}：" if folder.endswith("zh") else "Hint {}: "
    cells = [cell for cell in read(folder, name).cells if cell.id.endswith("-task")]
    assert len(cells) == len(BOOKS[name].tasks)
    for cell in cells:
        assert all(f"<details><summary>{word.format(i)}" in cell.source for i in (1, 2, 3)), cell.id


@pytest.mark.parametrize("name", NAMES)
def test_visible_and_hidden_tests_stand_in_cells_of_their_own(name):
    for cell in graded(read("solutions", name)):
        if cell.cell_type == "code":
            inside = "### BEGIN HIDDEN TESTS" in cell.source
            assert inside != cell.id.endswith("-visible"), cell.id
            assert not inside or cell.source.split("### BEGIN HIDDEN TESTS")[0].count("\n") == 1, cell.id
            assert [line for line in cell.source.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(("folder", "name"), RELEASES)
def test_the_release_shows_no_answer_no_hidden_test_and_no_output(folder, name):
    release = read(folder, name)
    text = "\n".join(cell.source for cell in release.cells)
    assert "HIDDEN TESTS" not in text and "SOLUTION" not in text and release.cells[0].id == "derived"
    assert not [cell.id for cell in release.cells if cell.get("outputs") or cell.get("execution_count")]
    for task in BOOKS[name].tasks:
        if isinstance(task, form.CodeTask):
            (cell,) = [cell for cell in release.cells if cell.id == task.name]
            assert "YOUR CODE HERE" in cell.source
            body = form.with_marks(task.source).split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0].strip()
            assert body not in text, task.name
        if isinstance(task, form.WordsTask):
            assert task.model.en.strip().splitlines()[0] not in text


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_cells_so_that_one_solution_grades_both(name):
    english, chinese = (read(folder, name) for folder in ("exercises", "exercises/zh"))
    key = lambda cell: (cell.id, cell.cell_type, cell.metadata.get("nbgrader", {}).get("points"), cell.metadata.get("nbgrader", {}).get("locked"))
    assert [key(cell) for cell in english.cells] == [key(cell) for cell in chinese.cells]
    for a, b in zip(english.cells, chinese.cells, strict=True):
        if a.metadata.get("nbgrader", {}).get("solution") and a.cell_type == "code":
            assert a.source == b.source
        elif a.cell_type == "markdown" and not a.source.startswith(("YOUR ANSWER", "<!--")):
            assert re.search(r"[\u4e00-\u9fff]", b.source), b.id
            assert not re.search(r"[\u4e00-\u9fff]", a.source), a.id


@pytest.mark.parametrize("name", NAMES)
def test_the_last_visible_words_say_that_hidden_tests_run_at_grading(name):
    assert "Hidden tests run at grading" in read("exercises", name).cells[-1].source
    assert "隐藏测试在评分时运行" in read("exercises/zh", name).cells[-1].source


def test_the_package_with_the_answers_is_out_of_reach():
    setup = next(cell.source for cell in read("exercises", "02-the-loss").cells if cell.id == "setup")
    done = subprocess.run([sys.executable, "-c", setup + "\nimport kdtutor.losses"], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


# ------------------------------------------------------------------ each task


@pytest.mark.parametrize(("name", "task"), CODE)
def test_each_code_task_has_enough_answers_and_hidden_points(name, task):
    assert len(task.wrongs) >= 6
    assert len(task.rights) >= 3
    assert len({wrong.source for wrong in task.wrongs}) == len(task.wrongs)
    assert sum(task.split[1:]) >= task.split[0]


@pytest.mark.parametrize(("name", "task"), CODE)
def test_a_course_with_a_seed_of_its_own_has_other_hidden_numbers_and_the_same_visible_ones(name, task):
    names = BOOKS[name].namespace()
    one, two = (form.code_tests(task, names, "en", seed) for seed in (0, 1))
    assert one["hidden"] != two["hidden"]
    assert one["visible"] == two["visible"]


@pytest.mark.parametrize(("name", "task"), CODE)
def test_answers_are_functions_of_plain_data(name, task):
    """A test calls the answer with plain values and compares what it returns: it needs no class, no import and no name of another task."""
    others = {other.function for _, other in TASKS if isinstance(other, form.CodeTask)} - {task.function}
    assert not any(isinstance(node, ast.ClassDef) for node in ast.walk(ast.parse(task.source)))
    for part, source in form.code_tests(task, BOOKS[name].namespace(), "en", 0).items():
        tree = ast.parse(source)
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        assert not any(isinstance(node, ast.Import | ast.ImportFrom | ast.ClassDef | ast.Global) for node in ast.walk(tree)), part
        assert not used & others, part
        stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        assert not stored & set(BOOKS[name].namespace()), part


@pytest.mark.parametrize(("name", "task"), [pytest.param(n, t, id=t.name) for n, t in TASKS if isinstance(t, form.ChoiceTask)])
def test_each_wrong_choice_has_a_message_and_the_right_code_is_not_given_away(name, task):
    items = [item for item in task.items if isinstance(item, form.Item)]
    for item in items:
        assert item.right in item.options
        assert all((message is None) == (code == item.right) for code, (_, message) in item.options.items()), item.key
    for value in task.items:
        if isinstance(value, form.Value):
            assert len(value.wrong) >= 1
            assert all(abs(number - value.right) > value.tolerance for number, _ in value.wrong), value.key
    if len(items) > 3 and len({tuple(item.options) for item in items}) == 1:
        assert len({item.right for item in items}) > 1


@pytest.mark.parametrize(("name", "task"), [pytest.param(n, t, id=t.name) for n, t in TASKS if isinstance(t, form.WordsTask)])
def test_each_answer_in_words_has_a_rubric_a_model_and_samples_of_all_grades(name, task):
    assert sorted(points for points, _ in task.samples) == [0, task.worth / 2, task.worth]
    assert all(text.strip() for pair in (task.rubric, task.model) for text in pair)


# ------------------------------------------------------------------ the proof can fail


def first_code_task():
    return BOOKS["02-the-loss"], next(task for task in BOOKS["02-the-loss"].tasks if isinstance(task, form.CodeTask))


def test_the_proof_reports_a_grader_that_lets_everything_pass(monkeypatch):
    book, task = first_code_task()
    monkeypatch.setattr(graders, "SEEDS", (0,))
    monkeypatch.setattr(form, "code_tests", lambda task, *rest: dict.fromkeys(task.parts, "pass"))
    _, faults = graders.prove_code(book, task, [])
    assert len(faults) == len(task.wrongs) + len(graders.TRIVIAL) + 1


def test_the_proof_reports_a_grader_that_refuses_everything(monkeypatch):
    book, task = first_code_task()
    monkeypatch.setattr(graders, "SEEDS", (0,))
    monkeypatch.setattr(form, "code_tests", lambda task, *rest: dict.fromkeys(task.parts, "raise AssertionError('should not be')"))
    _, faults = graders.prove_code(book, task, [])
    assert sum("must fail no test" in fault for fault in faults) == len(task.rights) + 1


def test_the_proof_reports_a_message_that_names_another_cause(monkeypatch):
    book, task = first_code_task()
    monkeypatch.setattr(graders, "SEEDS", (0,))
    tests = {part: text.replace("The sign is turned", "The moon is full") for part, text in form.code_tests(task, book.namespace(), "en", 0).items()}
    monkeypatch.setattr(form, "code_tests", lambda *rest: tests)
    _, faults = graders.prove_code(book, task, [])
    assert [fault for fault in faults if "no message names its cause" in fault and "sign is turned" in fault]


def test_the_proof_reports_a_choice_that_costs_nothing(monkeypatch):
    book = BOOKS["01-what-distillation-is"]
    task = next(task for task in book.tasks if isinstance(task, form.ChoiceTask))
    whole = form.choice_tests(task, "en")
    monkeypatch.setattr(form, "choice_tests", lambda *rest: whole | {task.items[0].key: "pass"})
    _, faults = graders.prove_choice(book, task, [])
    assert len(faults) == len(task.items[0].options) - 1 + 1  # its wrong codes, and the empty answer


def test_an_independent_answer_that_keeps_its_points_though_wrong_is_reported():
    book, task = first_code_task()
    answer = graders.Answer(task.name, "wrong", "right in truth", task.source, None, "")
    tests = form.code_tests(task, book.namespace(), "en", 0)
    outcome = graders.grade(book.namespace(), task.function, answer.source, tests, dict(zip(task.parts, task.split, strict=True)))
    assert graders.faults(answer, outcome) == [f"{task.name}: wrong: right in truth: must lose points and keeps all"]


def test_an_independent_choice_that_is_not_graded_as_it_should_is_reported():
    book = BOOKS["01-what-distillation-is"]
    task = next(task for task in book.tasks if isinstance(task, form.ChoiceTask))
    source = f"def {task.function}():\n    return { {item.key: item.right for item in task.items}!r}\n"
    answers = [graders.Answer(task.name, kind, kind, source, fails, "") for kind, fails in (("right", frozenset()), ("wrong", None))]
    _, faults = graders.prove_choice(book, task, answers)
    assert faults == [f"{task.name}: wrong: wrong: must lose points and keeps all"]
