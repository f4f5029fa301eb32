"""Make the solution notebooks from tasks/, run them and store their outputs.

Run: python tools/solutions.py [NN-slug ...]                        (write solutions/)
     python tools/solutions.py --check                              (fail where solutions/ holds other cells than tasks/ gives)
     python tools/solutions.py --seed N --to folder [NN-slug ...]   (the same with the hidden numbers of a course of one's own)
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from pathlib import Path

import execute
import nbformat
from nbclient import NotebookClient

sys.path.insert(0, str(execute.ROOT))
from tasks import form

SOLUTIONS = execute.ROOT / "solutions"


def notebooks() -> dict[str, form.Notebook]:
    """All graded notebooks by name."""
    modules = sorted(path.stem for path in (execute.ROOT / "tasks").glob("nb*.py"))
    found = [importlib.import_module(f"tasks.{module}").nb for module in modules]
    return {notebook.slug: notebook for notebook in found}


def run(notebook: nbformat.NotebookNode) -> None:
    """Run in place; what depends on the machine does not belong into the file."""
    metadata = dict(notebook.metadata)
    NotebookClient(notebook, timeout=120, record_timing=False, extra_arguments=["--log-level=ERROR"]).execute(
        env={**os.environ, **execute.environment()}
    )
    notebook.metadata = nbformat.from_dict(metadata)
    nbformat.validate(notebook)


def stale(name: str, notebook: form.Notebook) -> bool:
    """Whether the stored solution has other cells than its task module gives."""
    path = SOLUTIONS / name / f"{name}.ipynb"
    if not path.exists():
        return True
    stored, made = (
        [(cell.id, cell.cell_type, cell.source, cell.metadata.get("nbgrader")) for cell in found.cells]
        for found in (nbformat.read(path, 4), form.build(notebook))
    )
    return stored != made


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the solution notebooks from tasks/.")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path, default=SOLUTIONS)
    options = parser.parse_args(arguments)
    found = notebooks()
    chosen = {name: found[name] for name in options.names} if options.names else found
    if options.check:
        bad = [name for name, notebook in chosen.items() if stale(name, notebook)]
        bad += [path.name for path in SOLUTIONS.iterdir() if path.name not in found]
        print("\n".join(f"solutions/{name}: differs from what tasks/ gives; run 'make exercises'" for name in bad))
        return 1 if bad else 0
    for name, notebook in chosen.items():
        made = form.build(notebook, seed=options.seed)
        run(made)
        path = options.to / name / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(made, path)
        print(f"{name}: run and stored")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
