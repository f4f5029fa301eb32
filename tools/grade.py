"""Grade a folder of submissions with nbgrader: scores, feedback pages and a table.

    python tools/grade.py FOLDER [SEED]

FOLDER holds one folder a student, with the notebooks anywhere inside: FOLDER/ada/02-the-loss.ipynb or FOLDER/ada/02-the-loss/02-the-loss.ipynb.
SEED, a whole number that only the instructor knows, draws hidden numbers of the course's own; without it they are those of solutions/, which
anybody can read. Results: build/grading/scores.csv and build/grading/feedback/STUDENT/NOTEBOOK/NOTEBOOK.html. Answers in words wait for a person: run
`make lab` and open the Formgrader. nbgrader runs the notebooks on this machine with your rights: grade only submissions that you trust.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "grading"


def collect(source: Path, known: set[str]) -> list[tuple[str, str]]:
    """Copy submissions to where nbgrader looks for them; return (student, assignment)."""
    found = []
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        for path in sorted(folder.rglob("*.ipynb")):
            if ".ipynb_checkpoints" in path.parts:
                continue
            if path.stem not in known or (folder.name, path.stem) in found:
                why = "a second notebook of this name" if path.stem in known else f"expected one of {sorted(known)}"
                print(f"{path.relative_to(source)}: left out, {why}")
                continue
            target = WORK / "submitted" / folder.name / path.stem / path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
            found.append((folder.name, path.stem))
    return found


def course(seed: int) -> str:
    """Write solutions with the hidden numbers of a seed; return their folder."""
    import nbformat

    import solutions
    from tasks import form

    folder = WORK / "solutions"
    for name, notebook in solutions.notebooks().items():
        (folder / name).mkdir(parents=True)
        nbformat.write(form.build(notebook, seed=seed), folder / name / f"{name}.ipynb")
    return str(folder.relative_to(ROOT))


def write_scores(gradebook, found: list[tuple[str, str]], failed: list[tuple[str, str]]) -> Path:
    path = WORK / "scores.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["student", "notebook", "score", "max_score", "state"])
        for student, assignment in found:
            if (student, assignment) in failed:
                table.writerow([student, assignment, "", "", "could not be run: see the log above"])
                continue
            submission = gradebook.find_submission(assignment, student)
            state = "answers in words wait for a person" if submission.needs_manual_grade else "graded"
            table.writerow([student, assignment, f"{submission.score:g}", f"{submission.max_score:g}", state])
    return path


def main(arguments: list[str]) -> int:
    if not 1 <= len(arguments) <= 2 or not Path(arguments[0]).is_dir():
        print("expected a folder with one folder a student, e.g. make grade FROM=submissions" + (f"; got {arguments}" if arguments else ""))
        return 2
    if len(arguments) == 2 and not arguments[1].isdecimal():
        print(f"expected a whole number as seed, e.g. make grade FROM=submissions SEED=1234; got {arguments[1]}")
        return 2
    source = Path(arguments[0]).resolve()
    os.chdir(ROOT)
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]  # nbgrader starts the kernel by name

    warnings.filterwarnings("ignore", message="Object of type .* not in session")  # nbgrader 0.9.6 with SQLAlchemy 2.1, harmless
    from nbgrader.api import Gradebook
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config, PyFileConfigLoader

    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir(parents=True)
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(ROOT)
    config.CourseDirectory.release_directory = "build/grading/release"  # exercises/ is made by tools/exercises.py
    known = {path.name for path in (ROOT / "solutions").iterdir() if path.is_dir()}
    if len(arguments) == 2:
        config.CourseDirectory.source_directory = course(int(arguments[1]))
    found = collect(source, known)
    if not found:
        print(f"no notebook found below {source}; expected STUDENT/NOTEBOOK.ipynb with a name out of {sorted(known)}")
        return 1
    api = NbGraderAPI(config=config)
    for assignment in sorted({assignment for _, assignment in found}):
        made = api.generate_assignment(assignment)
        if not made["success"]:
            print(made.get("error") or made.get("log"))
            return 1
    failed = []
    for student, assignment in found:
        done = api.autograde(assignment, student)
        if not done["success"]:
            failed.append((student, assignment))
            print(f"{student}/{assignment}: nbgrader could not grade it:\n{done.get('error') or done.get('log')}")
            continue
        api.generate_feedback(assignment, student, force=True)
    with Gradebook(config.CourseDirectory.db_url) as gradebook:
        scores = write_scores(gradebook, found, failed)
    print(scores.read_text("utf-8"), end="")
    print(f"Table: {scores.relative_to(ROOT)}   Feedback: {(WORK / 'feedback').relative_to(ROOT)}/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
