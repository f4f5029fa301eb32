"""Grade submissions: scores, a page of feedback for each student, nbgrader's gradebook, tables.

    python tools/grade.py FROM [--seed N] [--to FOLDER] [--workers N] [--scheduler ADDRESS] [--unsafe]

FROM is a folder with one folder a student (FROM/ada/02-the-loss.ipynb, at any depth), or a zip file of it, also as a learning platform packs it.
A seed that only the instructor knows draws hidden numbers of the course's own; without it they are those of solutions/, which anybody can read.

Results stand in FOLDER (grading/ unless told): scores.csv, tests.csv, statistics.csv, platform.csv, feedback/STUDENT/NOTEBOOK/NOTEBOOK.html and
gradebook.db, which the Formgrader of `make lab` opens for answers in words. A second run grades only what is new or has changed, keeps the scores
that a person gave, and lists the scores that changed; an interrupted one goes on.

Submissions run in a sandbox (bubblewrap). Without one nothing is graded, unless --unsafe says that they may have your rights.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import execute
import nbformat
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError
from tqdm import tqdm
from traitlets.config import Config, PyFileConfigLoader

sys.path.insert(0, str(execute.ROOT))
from grader import batch, feedback, gradebook, report
from grader.collect import Submission, collect
from grader.intake import Course, combine
from grader.sandbox import NoSandboxError

ROOT = execute.ROOT
FOLDERS = {"en": ROOT / "exercises", "zh": ROOT / "exercises" / "zh"}


def released() -> dict[str, list[Course]]:
    """The notebooks of exercises/ as students know them, in both languages."""
    names = sorted(path.name for path in FOLDERS["en"].iterdir() if path.name != "zh" and path.is_dir())
    read = {(name, language): nbformat.read(folder / name / f"{name}.ipynb", 4) for name in names for language, folder in FOLDERS.items()}
    return {name: [Course(name, language, read[name, language]) for language in FOLDERS] for name in names}


def course(editions: list[Course], seed: int) -> list[Course]:
    """A released notebook with all tests, their hidden numbers drawn from the seed, in both languages."""
    import solutions
    from tasks import form

    notebook = solutions.notebooks()[editions[0].name]
    return [combine(known.name, known.language, form.build(notebook, language=known.language, seed=seed), known.notebook) for known in editions]


class Store:
    """What a run leaves behind. A result is stored before it goes into the gradebook, and marked as written after it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'gradebook.db'}"

    def path(self, submission: Submission, kind: str, suffix: str = ".ipynb") -> Path:
        return self.folder / kind / submission.student / submission.notebook / f"{submission.notebook}{suffix}"

    def result(self, submission: Submission, key: str) -> batch.Result | None:
        """The stored result, if nothing has changed since."""
        path = self.path(submission, "results", ".json")
        try:
            stored, text = json.loads(path.read_text("utf-8"))
            return batch.Result.from_json(text) if stored == key else None
        except (OSError, ValueError, TypeError):
            return None

    def keep(self, submission: Submission, key: str, result: batch.Result) -> None:
        report.save(self.path(submission, "results", ".json"), json.dumps([key, result.to_json()], ensure_ascii=False))

    def written(self, submission: Submission) -> str:
        path = self.path(submission, "results", ".key")
        return path.read_text("utf-8") if path.exists() else ""

    def write(self, book: Gradebook, config: Config, submission: Submission, key: str, result: batch.Result) -> list[gradebook.Change]:
        """Into the gradebook and the folders that nbgrader's pages read."""
        graded = nbformat.reads(result.notebook, 4)
        before = gradebook.stored(self.path(submission, "autograded"))
        changes = gradebook.write(book, submission.student, submission.notebook, graded, before, submission.timestamp)
        if submission.timestamp:
            gradebook.assign_penalty(self.url, config, submission.student, submission.notebook, graded)
            book.db.expire_all()
        for kind in ("submitted", "autograded"):
            report.save(self.path(submission, kind), result.notebook)
        report.save(self.path(submission, "results", ".key"), key + submission.timestamp)
        return changes


def grade(options: argparse.Namespace, store: Store, config: Config, scratch: Path) -> int:
    known = released()
    found, odd = collect(options.source, known, scratch)
    for flag in odd:
        print(flag.text())
    if not found:
        print(f"no notebook found in {options.source}; expected STUDENT/NOTEBOOK.ipynb with a name out of {', '.join(known)}")
        return 1
    workers = min(options.workers, len(found))
    new = any(not store.path(submission, "results", ".json").exists() for submission in found)
    pool = batch.start(workers, options.unsafe) if new and not options.scheduler else None
    courses = {name: course(known[name], options.seed) for name in sorted({submission.notebook for submission in found})}
    for editions in courses.values():
        gradebook.add_course(store.url, editions[0])
    fingerprints = {name: batch.fingerprint(editions, options.unsafe) for name, editions in courses.items()}
    keys = {
        submission: hashlib.sha256(fingerprints[submission.notebook].encode() + submission.raw).hexdigest() for submission in found if submission.raw
    }
    results = {submission: result for submission, key in keys.items() if (result := store.result(submission, key)) is not None}
    jobs = {submission: (submission.raw, courses[submission.notebook]) for submission in keys if submission not in results}
    changes: list[gradebook.Change] = []
    with Gradebook(store.url) as book:
        for submission, result in results.items():  # of a run that was interrupted between the two
            if result.notebook and store.written(submission) != keys[submission] + submission.timestamp:
                changes += store.write(book, config, submission, keys[submission], result)
        if options.scheduler:
            computed = batch.grade_on_cluster(jobs, scheduler=options.scheduler, unsafe=options.unsafe)
        else:
            computed = batch.grade_all(jobs, workers=workers, unsafe=options.unsafe, pool=pool)
        for submission, result in tqdm(computed, total=len(jobs), desc="graded", unit="notebook", disable=not sys.stderr.isatty()):
            results[submission] = result
            store.keep(submission, keys[submission], result)
            if result.notebook:
                changes += store.write(book, config, submission, keys[submission], result)
        rows = [row(book, store, submission, results.get(submission), options.unsafe) for submission in found]
    report.write(store.folder, rows)
    for change in changes:
        print(f"changed: {change.student}/{change.notebook}: {change.cell}: {change.before:g} -> {change.after:g}")
    graded = sum(line.sums is not None for line in rows)
    flagged = sum(bool(line.flags) for line in rows)
    print(f"{graded} of {len(rows)} graded, {len(jobs)} of them now, {flagged} flagged. Tables and feedback: {store.folder}")
    return 0 if graded == len(rows) else 1


def row(book: Gradebook, store: Store, submission: Submission, result: batch.Result | None, unsafe: bool) -> report.Row:
    """A line of the tables, and the page of feedback with it."""
    flags = submission.flags + (result.flags if result else ())
    student, name = submission.student, submission.notebook
    graded = result is not None and bool(result.notebook)
    sums = gradebook.scores(book, student, name) if graded else None
    notebook = nbformat.reads(result.notebook, 4) if result and graded else None
    shown = sums or {"cells": {}, "comments": {}, "score": 0.0, "max_score": 0.0, "penalty": 0.0, "waits": False}
    language = result.language if result else "en"
    report.save(store.path(submission, "feedback", ".html"), feedback.page(student, name, notebook, shown, flags, language, unsafe))
    return report.Row(student, name, sums, flags, result.seconds if result else 0.0, unsafe)


def arguments(given: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Grade a folder or a zip file of submissions.", usage=__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=Path())
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--to", type=Path, default=ROOT / "grading")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--scheduler", default="")
    parser.add_argument("--unsafe", action="store_true")
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    options = arguments(given)
    if not given or not (options.source.is_dir() or (options.source.suffix == ".zip" and options.source.is_file())):
        print(f"expected a folder with one folder a student, or a zip file of it, e.g. make grade FROM=submissions; got {options.source}")
        return 2
    if options.seed < 0 or options.workers < 1:
        print("expected a seed of 0 or more and at least one worker, e.g. make grade FROM=submissions SEED=1234")
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a worker a core
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]  # nbgrader starts a program of its own
    warnings.filterwarnings("ignore", message="Object of type .* not in session")  # nbgrader 0.9.6 with SQLAlchemy 2.1, harmless
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    store = Store(options.to.resolve())
    scratch = Path(tempfile.mkdtemp(prefix="grading-"))
    try:
        store.folder.mkdir(parents=True, exist_ok=True)
        return grade(options, store, config, scratch)
    except NoSandboxError as error:
        print(f"nothing was graded: {error}. --unsafe (UNSAFE=1) runs submissions with your rights: only if you trust them all.")
        return 2
    except (OSError, OperationalError) as error:
        reason = str(getattr(error, "orig", error))
        print(f"stopped: {store.folder} cannot be written ({reason}). What was graded is kept: make room or mend the rights, then run it again.")
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
