"""Take a submission in: never repair it, but make a clean notebook from the released one and take over the student's text alone.

Metadata, outputs, attachments, locked cells and test cells never come from the student. What is odd is flagged, and what can be read is graded.
"""

from __future__ import annotations

import copy
import json
import os
import stat
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

LARGEST, CELLS, CHARACTERS = 10 << 20, 400, 200_000


class Flag(NamedTuple):
    """Something odd: what, where, and what to do about it."""

    kind: str  # unreadable, changed, missing, twice, unknown
    where: str
    advice: str

    def __str__(self) -> str:
        return f"{self.kind} {self.where}: {self.advice}" if self.where else f"{self.kind}: {self.advice}"


class UnreadableError(ValueError):
    """A file that holds no notebook; the message says what to hand in."""


def nbgrader(cell: Any) -> dict[str, Any]:
    """The nbgrader metadata of a cell, empty if there are none or they are malformed."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def name(cell: Any) -> str | None:
    found = nbgrader(cell).get("grade_id")
    return found if isinstance(found, str) else None


def text(cell: Any) -> str:
    """The source of a cell, whatever form it has."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source.replace("\r\n", "\n").replace("\r", "\n")[:CHARACTERS] if isinstance(source, str) else ""


def cells_of(path: Path) -> list[dict[str, Any]]:
    """The cells of a file, from which nothing but texts and names may be used."""
    try:
        found = os.lstat(path)
        if not stat.S_ISREG(found.st_mode):
            raise UnreadableError("it is a link or no plain file; hand in the notebook itself")
        if found.st_size > LARGEST:
            raise UnreadableError(f"it has more than {LARGEST >> 20} MB; clear the outputs and save it again")
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"it could not be opened ({type(error).__name__})") from None
    try:
        content = json.loads(raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"))
        if not isinstance(content, dict) or content.get("nbformat") not in (3, 4, 5):
            raise UnreadableError("it is no Jupyter notebook of format 3 or 4; save it from JupyterLab as .ipynb")
        if content["nbformat"] == 3:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = nbformat.convert(nbformat.from_dict(content), 4)
    except UnreadableError:
        raise
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, LookupError) as error:
        raise UnreadableError(f"it cannot be read as a notebook ({type(error).__name__}); open it in JupyterLab and save it again") from None
    cells = content.get("cells")
    cells = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    if len(cells) > CELLS:
        raise UnreadableError(f"it has {len(cells)} cells, at most {CELLS} are read; delete those that you do not need")
    return cells


def rebuild(path: Path, released: nbformat.NotebookNode) -> tuple[nbformat.NotebookNode, list[Flag]]:
    """A clean notebook with the student's answers and own cells in their places, and what was odd.

    `released` has the course's cells with all tests. An answer that stands in two cells is joined; one that is missing stays the released stub.
    """
    flags: list[Flag] = []
    own = {name(cell): cell for cell in released.cells if name(cell)}
    answers: dict[str, list[str]] = {}
    extra: dict[str | None, list[str]] = {}
    seen: set[str] = set()
    after: str | None = None
    for cell in cells_of(path):
        found = name(cell)
        if found in own:
            seen.add(found)
            after = found
            if nbgrader(own[found]).get("solution"):
                answers.setdefault(found, []).append(text(cell))
                if len(answers[found]) == 2:
                    flags.append(Flag("twice", found, "both cells were read, one after the other; keep one of them"))
            # a released test cell lacks its hidden part: only what it shows can be compared
            elif nbgrader(own[found]).get("grade") is not True and text(cell).strip() != text(own[found]).strip():
                flags.append(Flag("changed", found, "this cell belongs to the course; the original was used"))
        elif cell.get("cell_type") == "code" and text(cell).strip():
            extra.setdefault(after, []).append(text(cell))
            if found:
                flags.append(Flag("unknown", found[:40], "no cell of this notebook has this name; it was run as a cell of your own"))
    made = copy.deepcopy(released)
    made.cells, number = [], 0
    for cell in [None, *copy.deepcopy(released.cells)]:
        found = None if cell is None else name(cell)
        if cell is not None:
            if found and nbgrader(cell).get("solution"):
                if found in answers:
                    cell.source = "\n\n".join(answers[found])
                else:
                    flags.append(Flag("missing", found, "no answer to this task was found"))
            elif found and found not in seen:
                flags.append(Flag("missing", found, "this cell belongs to the course and was put back"))
            made.cells.append(cell)
        if cell is None or found:
            for source in extra.pop(found, []):
                number += 1
                student = nbformat.v4.new_code_cell(source)
                student.id = f"student-{number}"
                made.cells.append(student)
    return made, flags
