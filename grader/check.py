"""Check one's own answers at home: the visible tests of a notebook, with the messages that grading gives. Hidden tests are not here.

    python -m grader.check submissions/ada/02-the-loss.ipynb          (the notebook, or a folder with it)

The notebook runs on this machine as in JupyterLab, without a sandbox. Exit code: 0 all visible tests pass, 1 some do not, 2 nothing to check.
"""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat

from grader.execute import run
from grader.intake import Course, UnreadableError, cells_of, fetch, identity, is_answer, is_test, text
from grader.sandbox import Box


def find(place: Path) -> Path | None:
    if place.is_file():
        return place
    found = place / f"{place.resolve().name}.ipynb"
    return found if found.is_file() else None


def notebook_of(path: Path) -> nbformat.NotebookNode:
    """The notebook with nothing but its texts and marks."""
    made = nbformat.v4.new_notebook()
    for number, cell in enumerate(cells_of(fetch(path))):
        kind = nbformat.v4.new_code_cell if cell.get("cell_type") == "code" else nbformat.v4.new_markdown_cell
        fresh = kind(text(cell))
        fresh.id = f"cell-{number}"
        if identity(cell):
            fresh.metadata = nbformat.from_dict({"nbgrader": cell["metadata"]["nbgrader"]})
        made.cells.append(fresh)
    return made


def report(notebook: nbformat.NotebookNode) -> tuple[list[str], int]:
    """A line for each visible test, and how many fail."""
    lines, bad = [], 0
    for cell in notebook.cells:
        errors = [f"{o.ename}: {o.evalue}".removesuffix(": ") for o in cell.get("outputs", []) if o.output_type == "error"]
        if is_test(cell) and cell.cell_type == "code" and any(line and not line.startswith("#") for line in cell.source.splitlines()):
            bad += bool(errors)
            lines.append(f"{'failed' if errors else 'passed'}  {identity(cell)}" + "".join(f"\n        {error}" for error in errors))
        elif errors and (is_answer(cell) or not identity(cell)):
            lines += [f"error   {identity(cell) or 'a cell of your own'}\n        {error}" for error in errors]
    return lines, bad


def main(arguments: Sequence[str]) -> int:
    path = find(Path(arguments[0])) if len(arguments) == 1 else None
    if path is None:
        print(f"expected a notebook or its folder, e.g. submissions/ada/02-the-loss.ipynb; got {' '.join(arguments) or 'nothing'}")
        return 2
    start = time.monotonic()
    try:
        notebook = notebook_of(path)
    except UnreadableError as error:
        print(f"{path}: {error}")
        return 2
    threading.Thread(target=importlib.import_module, args=("torch",)).start()  # while the worker does the same
    with Box(unsafe=True, warm=("numpy", "torch")) as box:
        run(notebook, Course(path.stem, "en", notebook), box)
    lines, bad = report(notebook)
    if not lines:
        print(f"{path}: expected a graded notebook of this course, found none of its tests")
        return 2
    print("\n".join(lines))
    visible = sum(line.startswith(("passed", "failed")) for line in lines)
    print(f"{visible - bad} of {visible} visible tests pass ({time.monotonic() - start:.1f} s). Hidden tests run when the notebook is graded.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
