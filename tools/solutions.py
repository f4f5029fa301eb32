"""Run the solutions and store their outputs. Run: python tools/solutions.py [NN-slug ...]"""

from __future__ import annotations

import os
import sys

import execute
import nbformat
from nbclient import NotebookClient

SOLUTIONS = execute.ROOT / "solutions"


def run(name: str) -> None:
    path = SOLUTIONS / name / f"{name}.ipynb"
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=120, record_timing=False, extra_arguments=["--log-level=ERROR"]).execute(
        env={**os.environ, **execute.environment()}
    )
    # what depends on the machine that ran it does not belong into the file
    notebook.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    nbformat.validate(notebook)
    nbformat.write(notebook, path)
    print(f"{name}: run and stored")


if __name__ == "__main__":
    for name in sys.argv[1:] or sorted(path.name for path in SOLUTIONS.iterdir() if path.is_dir()):
        run(name)
