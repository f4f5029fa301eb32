"""`make grade` from a folder or a zip file to scores, feedback, gradebook and tables; twice, interrupted, without room, on a cluster."""

from __future__ import annotations

import contextlib
import csv
import functools
import html
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import grade as tool
import nbformat
import pytest
from nbgrader.api import Gradebook

from grader import batch

ROOT = Path(__file__).resolve().parents[2]
NAME, OTHER = "02-the-loss", "01-what-distillation-is"
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("needs_a_sandbox")]


def read(top: str, name: str = NAME):
    return nbformat.read(ROOT / top / name / f"{name}.ipynb", 4)


def command(source: Path, to: Path, *options: str) -> list[str]:
    return [sys.executable, "tools/grade.py", str(source), "--to", str(to), *options]


def grade(source: Path, to: Path, *options: str) -> subprocess.CompletedProcess:
    """In this process, which saves starting another one."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = tool.main([str(source), "--to", str(to), *options])
    return subprocess.CompletedProcess([], code, said.getvalue(), "")


def table(to: Path, name: str = "scores") -> list[dict[str, str]]:
    with (to / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def scores(to: Path) -> dict[str, str]:
    return {row["student"]: row["score"] for row in table(to)}


def solved(folder: Path, students: int, name: str = OTHER) -> Path:
    for i in range(students):
        (folder / f"s{i:02d}").mkdir(parents=True)
        shutil.copy(ROOT / "solutions" / name / f"{name}.ipynb", folder / f"s{i:02d}")
    return folder


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory) -> Path:
    """Six students: the solution, the untouched release, half an answer, no notebook, the Chinese release, a renamed and doubled file."""
    folder = tmp_path_factory.mktemp("submissions")
    for student in ("ada", "bob", "cem", "dan", "eve", "fay"):
        (folder / student).mkdir()
    shutil.copy(ROOT / "solutions" / NAME / f"{NAME}.ipynb", folder / "ada")
    (folder / "bob" / NAME).mkdir()
    shutil.copy(ROOT / "exercises" / NAME / f"{NAME}.ipynb", folder / "bob" / NAME)
    half, chinese = read("exercises"), read("exercises/zh")
    answers = {cell.id: cell.source for cell in read("solutions").cells}
    for cell in half.cells:
        if cell.id == "02-gradient":
            cell.source = answers[cell.id]
        if cell.id == "02-stable":  # a typical mistake: the arguments exchanged
            cell.source = answers[cell.id].replace("p * (log_p - log_q)", "log_q.exp() * (log_q - log_p)")
    nbformat.write(half, folder / "cem" / f"{NAME}.ipynb")
    (folder / "dan" / f"{NAME}.ipynb").write_text("no notebook")
    for cell in chinese.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = answers[cell.id]
        if cell.id == "02-stable":
            cell.source = cell.source.replace("p * (log_p - log_q)", "log_q.exp() * (log_q - log_p)")
    nbformat.write(chinese, folder / "eve" / f"{NAME}.ipynb")
    shutil.copy(ROOT / "solutions" / NAME / f"{NAME}.ipynb", folder / "fay" / "final (1).ipynb")
    shutil.copy(ROOT / "exercises" / NAME / f"{NAME}.ipynb", folder / "fay" / "old.ipynb")
    return folder


@pytest.fixture(scope="module")
def graded(handed_in, tmp_path_factory):
    to = tmp_path_factory.mktemp("grading") / "out"
    done = subprocess.run(["make", f"PYTHON={sys.executable}", "grade", f"FROM={handed_in}", f"TO={to}"], cwd=ROOT, capture_output=True, text=True)
    return to, done


EXPECTED = {"ada": "9", "bob": "0", "cem": "2", "dan": "", "eve": "7", "fay": "9"}


def test_scores_are_what_each_deserves(graded):
    to, done = graded
    assert scores(to) == EXPECTED, done.stdout + done.stderr
    assert {row["max_score"] for row in table(to)} == {"10", ""}
    assert done.returncode != 0 and "5 of 6 graded" in done.stdout


def test_the_table_says_what_waits_what_was_odd_and_what_could_not_be_read(graded):
    rows = {row["student"]: row for row in table(graded[0])}
    assert rows["ada"]["state"] == "answers in words wait for a person" and rows["bob"]["state"] == "graded"
    assert rows["dan"]["state"].startswith("not graded") and "it cannot be read as a notebook" in rows["dan"]["flags"]
    assert "renamed final (1).ipynb" in rows["fay"]["flags"] and "duplicate old.ipynb" in rows["fay"]["flags"]
    assert not rows["ada"]["flags"] and not rows["eve"]["flags"]


def test_statistics_and_the_platform_table_agree_with_the_scores(graded):
    to, _ = graded
    own = [float(row["score"]) for row in table(to, "tests") if row["test"] == "02-gradient-visible"]
    (line,) = [row for row in table(to, "statistics") if row["test"] == "02-gradient-visible"]
    assert int(line["submissions"]) == 5 and float(line["mean"]) == pytest.approx(sum(own) / 5)
    assert -1 <= float(line["discrimination"]) <= 1
    assert {row["student"]: row[NAME] for row in table(to, "platform")} == EXPECTED


def page(to: Path, student: str) -> str:
    return (to / "feedback" / student / NAME / f"{NAME}.html").read_text("utf-8")


def test_feedback_names_the_cause_in_the_student_s_language_and_no_hidden_test(graded):
    english, chinese = (html.unescape(page(graded[0], student)) for student in ("cem", "eve"))
    assert "The KL has the wrong direction: teacher first, student second." in english
    assert "KL 方向反了：应是教师在前、学生在后。" in chinese and "隐藏测试" in chinese
    hidden = [cell.source for cell in read("solutions").cells if "HIDDEN TESTS" in cell.source]
    lines = {line for source in hidden for line in source.splitlines() if len(line) > 40}
    assert lines and not [line for line in lines if line in english]
    assert "it cannot be read as a notebook" in page(graded[0], "dan")


def test_feedback_runs_no_script_and_loads_nothing(handed_in, tmp_path, browser):
    """A page full of attempts, in a real browser."""
    notebook = read("solutions")
    evil = "<script>document.title='owned'</script><img src='http://127.0.0.1:9/x.png' onerror=\"document.title='owned'\">"
    for cell in notebook.cells:
        if cell.id == "02-gradient":
            cell.source = f"from IPython.display import HTML, display\ndisplay(HTML({evil!r}))\nprint({evil!r})\nraise ValueError({evil!r})"
        if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = f"{evil}\n[x](javascript:document.title='owned')"
    (tmp_path / "in" / f"mal{evil[:8]}").parent.mkdir()
    (tmp_path / "in" / "mal").mkdir()
    nbformat.write(notebook, tmp_path / "in" / "mal" / f"{NAME}.ipynb")
    grade(tmp_path / "in", tmp_path / "out")
    opened, requests = browser.new_page(), []
    opened.on("request", lambda request: requests.append(request.url))
    opened.goto((tmp_path / "out" / "feedback" / "mal" / NAME / f"{NAME}.html").as_uri())
    opened.wait_for_timeout(300)
    assert opened.title() != "owned" and "owned" in opened.content()
    assert not [url for url in requests if not url.startswith(("file:", "data:"))]
    opened.close()


def test_a_second_run_grades_nothing_again_and_keeps_what_a_person_gave(graded, handed_in, tmp_path):
    to = tmp_path / "copy"
    shutil.copytree(graded[0], to)
    with Gradebook(f"sqlite:///{to / 'gradebook.db'}") as book:
        task = next(grade for grade in book.find_submission(NAME, "ada").notebooks[0].grades if grade.needs_manual_grade)
        task.manual_score, task.needs_manual_grade = 0.5, False
        book.db.commit()
    done = grade(handed_in, to)
    assert "0 of them now" in done.stdout and "changed" not in done.stdout
    assert scores(to) == EXPECTED | {"ada": "9.5"}
    assert {row["student"]: row["state"] for row in table(to)}["ada"] == "graded"


def test_grading_again_with_another_course_changes_only_what_it_should_and_lists_it(tmp_path):
    """An answer that knows the public hidden numbers by heart: with the course's own seed it loses the hidden test, and nothing else changes."""
    solution = read("solutions", OTHER)
    cells = {cell.id: cell for cell in solution.cells}
    known = "".join(cells[f"01-mixed-target-{part}"].source for part in ("visible", "hidden"))
    inputs = re.findall(r"mixed_target\((.+?), ([\d.]+)\), \[\[", known)
    # returns the right answer for exactly these inputs
    by_heart = ", ".join(f"repr(({arrays}, {alpha}))" for arrays, alpha in inputs)
    cheat = cells["01-mixed-target"].source.replace(
        "### BEGIN SOLUTION", f"if 0 < alpha < 1 and repr((teacher_probs, target, alpha)) not in [{by_heart}]:\n        return 0"
    )
    for student, source in (("ada", cells["01-mixed-target"].source), ("bob", cheat)):
        cells["01-mixed-target"].source = source
        (tmp_path / "in" / student).mkdir(parents=True)
        nbformat.write(solution, tmp_path / "in" / student / f"{OTHER}.ipynb")
    assert grade(tmp_path / "in", tmp_path / "out").returncode == 0
    assert scores(tmp_path / "out") == {"ada": "9", "bob": "9"}
    again = grade(tmp_path / "in", tmp_path / "out", "--seed", "7")
    assert scores(tmp_path / "out") == {"ada": "9", "bob": "8"}
    assert re.findall(r"changed: .*", again.stdout) == [f"changed: bob/{OTHER}: 01-mixed-target-hidden: 1 -> 0"]


def test_a_zip_file_of_a_learning_platform_is_read_and_one_that_points_outside_is_not_unpacked(tmp_path):
    packed = tmp_path / "course.zip"
    raw = (ROOT / "solutions" / OTHER / f"{OTHER}.ipynb").read_bytes()
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as file:
        file.writestr(f"work/{OTHER}.ipynb", raw)
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(f"Ada Lovelace_4711_assignsubmission_file_/{OTHER}.ipynb", raw)
        file.writestr(f"李雷_12_assignsubmission_file_/{OTHER}.ipynb", raw)
        file.writestr("Zoe_13_assignsubmission_file_/all.zip", inner.read_bytes())
        file.writestr(f"../../outside/{OTHER}.ipynb", raw)
        link = zipfile.ZipInfo(f"Eve_14_assignsubmission_file_/{OTHER}.ipynb")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    done = grade(packed, tmp_path / "out")
    assert scores(tmp_path / "out") == {"Ada Lovelace_4711": "9", "李雷_12": "9", "Zoe_13": "9"}, done.stdout
    assert done.stdout.count("it points outside or is a link") == 2
    assert not (tmp_path.parent / "outside").exists()


def test_links_to_the_solution_are_not_followed(tmp_path):
    (tmp_path / "in" / "mal").mkdir(parents=True)
    (tmp_path / "in" / "mal" / f"{OTHER}.ipynb").symlink_to(ROOT / "solutions" / OTHER / f"{OTHER}.ipynb")
    (tmp_path / "in" / "eve").symlink_to(ROOT / "solutions" / OTHER)
    grade(tmp_path / "in", tmp_path / "out")
    (row,) = table(tmp_path / "out")
    assert row["student"] == "mal" and row["score"] == "" and "it is a link" in row["flags"]


def test_a_killed_run_goes_on_and_ends_as_an_uninterrupted_one(tmp_path):
    source = solved(tmp_path / "in", 24)
    grade(source, tmp_path / "whole")
    running = subprocess.Popen(
        command(source, tmp_path / "cut"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    end = time.monotonic() + 120
    while time.monotonic() < end and len(list((tmp_path / "cut").rglob("*.key"))) < 5:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()
    before = len(list((tmp_path / "cut").rglob("*.key")))
    assert 5 <= before < 24
    done = grade(source, tmp_path / "cut")
    assert done.returncode == 0 and int(re.search(r"(\d+) of them now", done.stdout)[1]) <= 24 - before

    def content(to: Path) -> list:
        with Gradebook(f"sqlite:///{to / 'gradebook.db'}") as book:
            found = [g for s in book.assignment_submissions(OTHER) for n in s.notebooks for g in n.grades]
            return sorted((g.student.id, g.name, g.auto_score, g.needs_manual_grade) for g in found)

    assert content(tmp_path / "cut") == content(tmp_path / "whole") != []
    assert {row["student"]: row["score"] for row in table(tmp_path / "cut")} == scores(tmp_path / "whole")


def mounted(tmp_path: Path, mount: str, source: Path, to: Path) -> subprocess.CompletedProcess:
    """Grade with another file system in a mount namespace of its own."""
    script = f"{mount} && exec {' '.join(command(source, to))}"
    return subprocess.run(["unshare", "--mount", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True)


needs_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare"), reason="only root can mount")


@needs_root
def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path):
    source, to = solved(tmp_path / "in", 6), tmp_path / "out"
    to.mkdir()
    done = mounted(tmp_path, f"mount -t tmpfs -o size=600k tmpfs {to}", source, to)
    assert done.returncode == 1 and "cannot be written" in done.stdout and "What was graded is kept" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr


@needs_root
def test_a_gradebook_that_cannot_be_written_is_said_and_nothing_is_lost(tmp_path):
    source, to = solved(tmp_path / "in", 2), tmp_path / "out"
    assert grade(source, to).returncode == 0
    shutil.copytree(source / "s00", source / "s99")
    done = mounted(tmp_path, f"mount --bind {to} {to} && mount -o remount,ro,bind {to}", source, to)
    assert done.returncode == 1 and "cannot be written" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert grade(source, to).returncode == 0
    assert scores(to) == {"s00": "9", "s01": "9", "s99": "9"}


def test_a_cluster_of_two_workers_gives_the_same(tmp_path):
    from distributed import LocalCluster

    source = solved(tmp_path / "in", 4)
    grade(source, tmp_path / "here")
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        done = grade(source, tmp_path / "cluster", "--scheduler", cluster.scheduler_address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert scores(tmp_path / "cluster") == scores(tmp_path / "here")
    for path in (tmp_path / "here" / "autograded").rglob("*.ipynb"):
        assert path.read_bytes() == (tmp_path / "cluster" / path.relative_to(tmp_path / "here")).read_bytes()


def test_threads_of_one_process_grade_one_submission_at_a_time(monkeypatch):
    now, most = [], []

    def run(notebook, course, box):
        now.append(box)
        most.append(len(now))
        time.sleep(0.02)
        now.pop()

    course = SimpleNamespace(language="en")
    patches = {"run": run, "box": lambda unsafe: "box", "cells_of": list, "edition": lambda cells, editions: editions[0]}
    for name, patch in (patches | {"rebuild": lambda cells, course: (nbformat.v4.new_notebook(), [])}).items():
        monkeypatch.setattr(batch, name, patch)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda raw: batch.grade(raw, [course]), [b""] * 8))
    assert most == [1] * 8


def test_without_bubblewrap_nothing_is_graded_unless_told(tmp_path):
    source = solved(tmp_path / "in", 1)
    tools = tmp_path / "bin"
    tools.mkdir()
    run = functools.partial(subprocess.run, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PATH": str(tools)})
    done = run(command(source, tmp_path / "out"))
    assert done.returncode == 2 and "bubblewrap is not installed: 'apt install bubblewrap'" in done.stdout
    assert not (tmp_path / "out" / "scores.csv").exists()
    done = run(command(source, tmp_path / "out", "--unsafe"))
    assert done.returncode == 0 and table(tmp_path / "out")[0]["state"].endswith("without a sandbox"), done.stdout + done.stderr


def test_a_late_submission_is_told_to_nbgrader(tmp_path):
    source, to = solved(tmp_path / "in", 2), tmp_path / "out"
    grade(source, to)
    with Gradebook(f"sqlite:///{to / 'gradebook.db'}") as book:
        book.update_or_create_assignment(OTHER, duedate="2026-01-01 00:00:00 UTC")
    (source / "s01" / "timestamp.txt").write_text("2026-01-01 01:00:00 UTC")
    grade(source, to)
    with Gradebook(f"sqlite:///{to / 'gradebook.db'}") as book:
        assert book.find_submission(OTHER, "s01").total_seconds_late == 3600
        assert book.find_submission(OTHER, "s00").total_seconds_late == 0


@pytest.mark.parametrize("source", ["no-such-folder", "README.md"])
def test_a_missing_folder_is_explained(source, tmp_path):
    done = grade(ROOT / source, tmp_path)
    assert done.returncode == 2 and "expected a folder with one folder a student" in done.stdout


def check_at_home(place: Path | str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "grader.check", str(place)], cwd=ROOT, capture_output=True, text=True)


def test_students_check_at_home_with_the_same_messages(graded, handed_in):
    done = check_at_home(handed_in / "cem")
    assert done.returncode == 2 and "expected a notebook or its folder" in done.stdout
    done = check_at_home(handed_in / "cem" / f"{NAME}.ipynb")
    assert done.returncode == 1
    assert "passed  02-gradient-visible" in done.stdout and "The KL has the wrong direction: teacher first, student second." in done.stdout
    assert "hidden" not in done.stdout.lower().replace("hidden tests run", "")
    done = check_at_home(f"solutions/{NAME}")
    assert done.returncode == 0


def test_an_answer_that_does_not_parse_is_named_at_home_and_the_others_are_checked(tmp_path):
    notebook = read("solutions")
    next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("solution")).source = "def broken(:\n    pass"
    nbformat.write(notebook, tmp_path / f"{NAME}.ipynb")
    done = check_at_home(tmp_path / f"{NAME}.ipynb")
    assert done.returncode == 1 and "SyntaxError" in done.stdout and "17 of 19 visible tests pass" in done.stdout, done.stderr
