"""Prove the graders: try prepared answers, right and wrong, on each code task of a notebook.

The answers stand in tests/exercises/answers/NN-slug.py, each below a line

    # %% TASK | right or wrong | name | tests that it must fail, separated by blanks, or - | words of the message, or -

TASK is the grade_id of an answer cell, and its tests are the cells TASK-visible, TASK-hidden and so on. An answer is run with the notebook's
locked cells and no other answer. Run: python tools/graders.py          (print the table, write book/appendix/graders.json)
                                       python tools/graders.py --check  (fail if an answer gets other points or another message, or the
                                                                         table is stale)
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import warnings
from pathlib import Path
from typing import NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "tests" / "exercises" / "answers"
TABLE = ROOT / "book" / "appendix" / "graders.json"


class Answer(NamedTuple):
    notebook: str
    task: str
    right: bool
    name: str
    fails: frozenset[str]
    words: str
    source: str


class Outcome(NamedTuple):
    failed: frozenset[str]
    points: float
    full: float
    message: str


def answers(notebook: str) -> list[Answer]:
    """All prepared answers of a notebook."""
    found = []
    for block in (ANSWERS / f"{notebook}.py").read_text("utf-8").split("# %% ")[1:]:
        head, _, source = block.partition("\n")
        task, kind, name, fails, words = (part.strip() for part in head.split(" | "))
        if kind not in ("right", "wrong"):
            raise ValueError(f"{notebook}: {name}: expected 'right' or 'wrong', got {kind!r}")
        lost = frozenset() if fails == "-" else frozenset(f"{task}-{test}" for test in fails.split())
        found.append(Answer(notebook, task, kind == "right", name, lost, "" if words == "-" else words, source))
    return found


def cells(notebook: str) -> dict[str, nbformat.NotebookNode]:
    """Code cells of the solution by grade_id."""
    path = ROOT / "solutions" / notebook / f"{notebook}.ipynb"
    return {
        cell.metadata.nbgrader.grade_id: cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code" and "nbgrader" in cell.metadata
    }


def tasks(notebook: str) -> list[str]:
    return [name for name, cell in cells(notebook).items() if cell.metadata.nbgrader.solution]


def tests_of(notebook: str, task: str) -> dict[str, nbformat.NotebookNode]:
    return {name: cell for name, cell in cells(notebook).items() if name.startswith(task + "-") and cell.metadata.nbgrader.grade}


def grade(notebook: str, task: str, source: str) -> Outcome:
    """Points and first message of an answer, as nbgrader would give them: a test cell counts whole or not at all."""
    tests = tests_of(notebook, task)
    failed, first, points = set(), "", 0.0
    namespace: dict[str, object] = {"__name__": "__main__"}
    # Answers may print and warn, and the locked set-up hides kdtutor: both must not reach this program.
    hidden = sys.modules.get("kdtutor")
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(cells(notebook)["setup"].source, namespace)
            try:
                exec(source, namespace)
            except Exception as error:
                first = f"{type(error).__name__}: {error}"
            for name, cell in tests.items():
                try:
                    exec(cell.source, namespace)
                    points += cell.metadata.nbgrader.points
                except Exception as error:
                    failed.add(name)
                    first = first or (str(error) if isinstance(error, AssertionError) else f"{type(error).__name__}: {error}")
    finally:
        sys.modules.pop("kdtutor", None)
        if hidden is not None:
            sys.modules["kdtutor"] = hidden
    return Outcome(frozenset(failed), points, sum(cell.metadata.nbgrader.points for cell in tests.values()), first)


def faults(answer: Answer, outcome: Outcome) -> list[str]:
    """What is not as it should be."""
    found = []
    if outcome.failed != answer.fails:
        found.append(f"must fail {sorted(answer.fails) or 'no test'}, fails {sorted(outcome.failed) or 'no test'}: {outcome.message}")
    if answer.words not in outcome.message:
        found.append(f"message must say {answer.words!r}, says {outcome.message!r}")
    return [f"{answer.notebook}: {answer.task}: {answer.name}: {text}" for text in found]


def notebooks() -> list[str]:
    return sorted(path.stem for path in ANSWERS.glob("*.py"))


def main(check: bool) -> int:
    rows, bad = [], []
    for notebook in notebooks():
        for answer in answers(notebook):
            outcome = grade(notebook, answer.task, answer.source)
            bad += faults(answer, outcome)
            kind = "right" if answer.right else "wrong"
            seen = any(test.endswith("-visible") for test in outcome.failed)  # the table is public: hidden tests stay hidden
            cause = outcome.message.split(". ")[-1] if seen else "a hidden test" if outcome.failed else ""
            rows.append(
                {"task": answer.task, "answer": f"{kind}: {answer.name}", "points": f"{outcome.points:g} / {outcome.full:g}", "message": cause}
            )
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if check and TABLE.read_text("utf-8") != text:
        bad.append("book/appendix/graders.json is stale: run 'make exercises'")
    if not check:
        TABLE.write_text(text, "utf-8")
    wrong = [row for row in rows if row["answer"].startswith("wrong")]
    caught = sum(not row["points"].startswith(row["points"].split(" / ")[1] + " /") for row in wrong)
    kept = sum(row["points"].split(" / ")[0] == row["points"].split(" / ")[1] for row in rows if row["answer"].startswith("right"))
    print(f"{caught} of {len(wrong)} wrong answers lose points, {kept} of {len(rows) - len(wrong)} right answers keep them all")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
