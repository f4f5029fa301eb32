"""Write results into nbgrader's gradebook. One process writes, in one transaction a submission; nbgrader's pages read it as ever."""

from __future__ import annotations

import contextlib
import copy
import logging
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties, SaveCells
from nbgrader.utils import compute_checksum, determine_grade, parse_utc
from traitlets.config import Config

from grader.intake import Course, identity, is_answer

LOG = logging.getLogger("grader")


class Change(NamedTuple):
    """A score of a test that became another one when it was graded again."""

    student: str
    notebook: str
    cell: str
    before: float
    after: float


def add_course(url: str, course: Course) -> None:
    """Bring the gradebook's tests and points of one notebook up to date."""
    with Gradebook(url) as book:
        book.update_or_create_assignment(course.name)
    resources = {"nbgrader": {"assignment": course.name, "notebook": course.name, "db_url": url}}
    SaveCells(log=LOG).preprocess(copy.deepcopy(course.notebook), resources)


def write(book: Gradebook, student: str, name: str, notebook: nbformat.NotebookNode, before: nbformat.NotebookNode | None, when: str) -> list[Change]:
    """Store the scores of a graded notebook; `before` is what was graded last. A manual score stays, and waits for a look if its answer changed."""
    book.update_or_create_student(student)
    late: dict[str, Any] = {}
    with contextlib.suppress(ValueError, OverflowError):
        late = {"timestamp": parse_utc(when)} if when else {}
    book.update_or_create_submission(name, student, **late)
    cells = {identity(cell): cell for cell in notebook.cells if identity(cell)}
    old = {identity(cell): cell.source for cell in before.cells if identity(cell)} if before is not None else {}
    own = book.find_submission_notebook(name, name, student)
    changes = []
    for grade in own.grades:
        cell = cells[grade.name]
        score, _ = determine_grade(cell, LOG)
        same = before is not None and score == grade.auto_score and (not is_answer(cell) or old.get(grade.name) == cell.source)
        if same:
            continue
        if before is not None and score is not None and grade.auto_score is not None and score != grade.auto_score:
            changes.append(Change(student, name, grade.name, grade.auto_score, score))
        grade.auto_score = score
        grade.needs_manual_grade = score is None or grade.manual_score is not None
    for comment in own.comments:
        cell = cells[comment.name]
        comment.auto_comment = "No response." if cell.metadata.nbgrader.get("checksum") == compute_checksum(cell) else None
    book.db.commit()
    return changes


def assign_penalty(url: str, config: Config, student: str, name: str, notebook: nbformat.NotebookNode) -> None:
    """nbgrader's own late penalty, if the course has one."""
    resources = {"nbgrader": {"student": student, "assignment": name, "notebook": name, "db_url": url}}
    AssignLatePenalties(config=config, log=LOG).preprocess(notebook, resources)


def scores(book: Gradebook, student: str, name: str) -> dict[str, Any]:
    """What the gradebook holds of one submission: scores and comments by cell, sums, and whether a person is waited for."""
    own = book.find_submission_notebook(name, name, student)
    penalty = own.late_submission_penalty or 0.0
    return {
        "cells": {grade.name: (grade.score, grade.max_score, bool(grade.needs_manual_grade)) for grade in own.grades},
        "comments": {comment.name: comment.comment for comment in own.comments if comment.comment},
        "score": own.score - penalty,
        "max_score": own.max_score,
        "penalty": penalty,
        "waits": bool(own.needs_manual_grade),
    }


def stored(path: Path) -> nbformat.NotebookNode | None:
    """A notebook that was graded before, if there is one."""
    try:
        return nbformat.read(path, 4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None
