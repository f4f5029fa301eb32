"""Time `make grade` beside stock nbgrader on the same submissions, in one run; or load it with many.

python benchmarks/grading.py [STUDENTS] [--write]     30 honest submissions of one notebook, both ways; --write stores the figures
python benchmarks/grading.py --load 500               submissions of every kind, 5 % of them hostile, in one run
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import nbformat
import psutil

ROOT = Path(__file__).resolve().parents[1]
README = Path(__file__).parent / "README.md"
START, END = "<!-- grading -->", "<!-- end of grading -->"
NAME = "02-the-loss"
PROGRAM = str(ROOT / "tools" / "grade.py")
STOCK = """
c = get_config()
c.CourseDirectory.root = {root!r}
c.CourseDirectory.source_directory = "source"
c.Execute.timeout = 60
"""


def solved() -> nbformat.NotebookNode:
    """The solution, with PyTorch imported as every student's notebook does."""
    return nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)


def hand_in(folder: Path, students: int, sub: str = "") -> None:
    for i in range(students):
        place = folder / f"s{i:03d}" / sub
        place.mkdir(parents=True)
        nbformat.write(solved(), place / f"{NAME}.ipynb")


def stock(folder: Path, students: int) -> float:
    """Seconds of `nbgrader autograde`, without making the assignment."""
    folder.mkdir()
    (folder / "nbgrader_config.py").write_text(STOCK.format(root=str(folder)), "utf-8")
    shutil.copytree(ROOT / "solutions" / NAME, folder / "source" / NAME)
    for i in range(students):
        place = folder / "submitted" / f"s{i:03d}" / NAME
        place.mkdir(parents=True)
        nbformat.write(solved(), place / f"{NAME}.ipynb")
    environment = os.environ | {"PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]}
    nbgrader = [sys.executable, "-m", "nbgrader"]
    quiet = {"cwd": folder, "env": environment, "check": True, "capture_output": True}
    subprocess.run([*nbgrader, "generate_assignment", NAME], **quiet)
    start = time.perf_counter()
    subprocess.run([*nbgrader, "autograde", NAME], **quiet)
    return time.perf_counter() - start


def ours(source: Path, to: Path) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, PROGRAM, str(source), "--to", str(to)], check=True, capture_output=True)
    return time.perf_counter() - start


def scores(to: Path) -> list[str]:
    with (to / "scores.csv").open(encoding="utf-8") as file:
        return [row["score"] for row in csv.DictReader(file)]


def compare(students: int) -> str:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hand_in(folder / "in", students)
        hand_in(folder / "one", 1)
        other = stock(folder / "stock", students)
        first = ours(folder / "one", folder / "out-one")  # mostly what a run costs before the first submission
        mine = ours(folder / "in", folder / "out")
        assert scores(folder / "out") == ["9"] * students
        with (folder / "out" / "scores.csv").open(encoding="utf-8") as file:
            inside = sorted(float(row["seconds"]) for row in csv.DictReader(file))
    lines = [
        f"| stock `nbgrader autograde` | {other:.1f} | {other / students:.2f} | {60 * students / other:.0f} |",
        f"| `make grade` (sandbox, feedback, tables) | {mine:.1f} | {mine / students:.2f} | {60 * students / mine:.0f} |",
    ]
    return "\n".join(
        [
            f"{students} submissions of `{NAME}`, one after the other in one run, {os.cpu_count()} cores.",
            "",
            "| what | s | s a submission | submissions a minute |\n|---|---:|---:|---:|",
            *lines,
            "",
            f"Ratio: {other / mine:.1f}. Of ours, a run with a single submission takes {first:.1f} s (imports, course, a warm sandbox a core); ",
            f"the median submission spends {inside[len(inside) // 2]:.2f} s in the sandbox and its tests, "
            f"and {(mine - first) / max(1, students - 1):.2f} s of the run each, with its page and the gradebook.",
        ]
    )


def load(students: int) -> None:
    """Honest, wrong and hostile submissions in one run; prints what came out and how much memory it took."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "grading")]
    import submissions

    notebook = nbformat.read(ROOT / "solutions" / "01-what-distillation-is" / "01-what-distillation-is.ipynb", 4)
    course = submissions.Course(notebook, "01-shared-errors", "shared_errors", "/none")
    kinds = {group: [case for case in submissions.all_cases(course) if case.group == group] for group in ("honest", "cheat", "attack", "greedy")}
    with tempfile.TemporaryDirectory() as name:
        folder, expected = Path(name), {}
        for i in range(students):
            group = ("greedy" if i % 40 == 7 else "attack") if i % 20 == 7 else "cheat" if i % 3 == 0 else "honest"
            case = kinds[group][i % len(kinds[group])]
            place = folder / "in" / f"s{i:03d}"
            place.mkdir(parents=True)
            (place / "01-what-distillation-is.ipynb").write_bytes(case.raw)
            expected[f"s{i:03d}"] = case
        peak, stop = watch()
        start = time.perf_counter()
        done = subprocess.run([sys.executable, PROGRAM, str(folder / "in"), "--to", str(folder / "out")], capture_output=True, text=True)
        took = time.perf_counter() - start
        stop.set()
        with (folder / "out" / "scores.csv").open(encoding="utf-8") as file:
            rows = {row["student"]: row for row in csv.DictReader(file)}
        full = {"all": 9.0, "rest": 7.0}
        wrong = [
            (student, case.name, rows[student]["score"])
            for student, case in expected.items()
            if (float(rows[student]["score"]) > 7.0 if case.deserves == "less" else float(rows[student]["score"]) != full[case.deserves])
        ]
        halves = [max(mib for second, mib in peak if (second < start + took / 2) == early) for early in (True, False)]
        summary = {"submissions": students, "graded": len(rows), "wrong": wrong, "minutes": round(took / 60, 1)}
        print(json.dumps(summary | {"peak MiB in the first and second half": halves, "exit": done.returncode}, indent=1))


def watch() -> tuple[list[tuple[float, int]], threading.Event]:
    """Memory of all processes below this one, every second."""
    seen, stop = [(time.perf_counter(), 0)], threading.Event()

    def look() -> None:
        while not stop.wait(1.0):
            total = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    total += process.memory_info().rss - process.memory_info().shared
                except psutil.Error:
                    continue
            seen.append((time.perf_counter(), total >> 20))

    threading.Thread(target=look, daemon=True).start()
    return seen, stop


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("students", type=int, nargs="?", default=30)
    parser.add_argument("--load", type=int, default=0)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    if options.load:
        load(options.load)
        return
    text = compare(options.students)
    print(text)
    if options.write:
        whole = README.read_text("utf-8")
        README.write_text(re.sub(f"(?s){START}.*?{END}", lambda _: f"{START}\n{text}\n{END}", whole), "utf-8")


if __name__ == "__main__":
    main()
