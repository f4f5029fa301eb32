"""Each submission of the public set gets the points that it deserves and the flag that it asks for, alone and beside the others."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import nbformat
import psutil
import pytest
import submissions

from grader import batch, intake

ROOT = Path(__file__).resolve().parents[2]
NAME, TASK = "01-what-distillation-is", "01-shared-errors"
SOLVED = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)
COURSE = submissions.Course(SOLVED, TASK, "shared_errors", str(ROOT / "solutions" / NAME / f"{NAME}.ipynb"))
CASES = submissions.all_cases(COURSE)
TESTS = {intake.identity(cell) for cell in SOLVED.cells if intake.is_test(cell)}
OWN = {f"{TASK}-visible", f"{TASK}-hidden"}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def editions(needs_a_sandbox):
    return [intake.combine(NAME, "en", SOLVED, nbformat.read(ROOT / "exercises" / NAME / f"{NAME}.ipynb", 4))]


def failed(result: batch.Result) -> set[str | None]:
    """Tests without their points."""
    if not result.notebook:
        return TESTS
    cells = [cell for cell in nbformat.reads(result.notebook, 4).cells if intake.is_test(cell)]
    assert {intake.identity(cell) for cell in cells} == TESTS
    return {intake.identity(cell) for cell in cells if any(output.output_type == "error" for output in cell.outputs)}


def deserved(case: submissions.Case, lost: set[str | None]) -> bool:
    return lost >= OWN if case.deserves == "less" else lost == {"all": set(), "rest": OWN, "nothing": TESTS}[case.deserves]


def grade(case: submissions.Case, editions, tmp_path: Path) -> batch.Result:
    path = tmp_path / "submission.ipynb"
    path.write_bytes(case.raw)
    try:
        raw = intake.fetch(path)
    except intake.UnreadableError as error:
        return batch.Result("", "en", (error.flag,), 0.0, False)
    return batch.grade(raw, editions)


def surroundings() -> str:
    """What no submission may change: the course's files and the gradebook's folder."""
    found = hashlib.sha256()
    for folder in ("solutions", "exercises", "grader", "kdtutor", "tests/grading"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found.update(str(path).encode() + path.read_bytes())
    return found.hexdigest()


def test_the_set_is_large_and_has_every_kind():
    groups = [case.group for case in CASES]
    assert len(CASES) >= 60
    assert {group: groups.count(group) >= 8 for group in set(groups)} == dict.fromkeys(("honest", "broken", "cheat", "attack", "greedy"), True)
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.group}: {case.name}")
def test_a_submission_gets_what_it_deserves(case, editions, tmp_path):
    result = grade(case, editions, tmp_path)
    assert deserved(case, failed(result)), failed(result)
    assert not case.flag or case.flag in {flag.kind for flag in result.flags}, result.flags
    assert case.flag or case.group != "honest" or not [flag for flag in result.flags if flag.kind != "missing"], result.flags
    assert all(flag.text("zh") != flag.text("en") for flag in result.flags)


def test_nobody_is_graded_otherwise_for_the_attacks_beside_him(editions, tmp_path):
    """The honest ones in one run with all attacks, in two processes: the same notebooks to the byte; nothing outside changed or left running."""
    files, processes = surroundings(), {process.pid for process in psutil.process_iter()}
    readable = [case for case in CASES if case.deserves != "nothing"]
    quiet = {case.name: batch.grade(case.raw, editions).notebook for case in readable if case.group == "honest"}
    jobs = {case.name: (case.raw, editions) for case in readable}
    together = dict(batch.grade_all(jobs, workers=2))
    assert {name: together[name].notebook for name in quiet} == quiet
    assert set(together) == set(jobs)
    assert not [case.name for case in readable if not deserved(case, failed(together[case.name]))]
    assert surroundings() == files
    left = [process for process in psutil.process_iter(["cmdline"]) if process.pid not in processes and "4711" in (process.info["cmdline"] or [])]
    assert not left


def test_a_grader_process_that_dies_costs_nobody_else_a_result(editions, monkeypatch):
    """The grader itself is made to end on one submission: the others are graded, and that one says so."""
    poison = submissions.with_cell(COURSE, "poison = 1")
    jobs = {f"s{i}": (CASES[0].raw, editions) for i in range(6)} | {"dies": (poison, [DeadlyCourse(*editions[0])])}
    results = dict(batch.grade_all(jobs, workers=2))
    assert all(failed(results[f"s{i}"]) == set() for i in range(6))
    assert results["dies"].notebook == "" and results["dies"].flags[0].kind == "not graded"


class DeadlyCourse(intake.Course):
    @property
    def functions(self):
        os._exit(1)


def test_a_result_survives_being_stored(editions):
    result = batch.grade(CASES[0].raw, editions)
    assert batch.Result.from_json(result.to_json()) == result
