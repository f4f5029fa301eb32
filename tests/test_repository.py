"""Dependency files in step, README true, nothing private in tracked files, the package alone in a wheel."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request
from pathlib import Path

import pytest
import setup_env

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
CONSTRAINTS = (ROOT / "requirements" / "constraints.txt").read_text("utf-8")
README = (ROOT / "README.md").read_text("utf-8")


def name(requirement: str) -> str:
    return re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower().replace("_", "-")


def pinned() -> set[str]:
    return {name(line) for line in CONSTRAINTS.splitlines() if line and not line.startswith("#")}


def test_every_dependency_has_a_version():
    wanted = {name(r) for r in PROJECT["dependencies"]} | {name(r) for extra in PROJECT["optional-dependencies"].values() for r in extra}
    assert wanted - pinned() == {"kdtutor"}


def test_constraints_hold_no_gpu_package_and_one_torch():
    assert not [p for p in pinned() if p.startswith(("nvidia", "cuda", "triton"))]
    assert len(re.findall(r"^torch==", CONSTRAINTS, re.M)) == 1


def test_environment_yml_uses_the_same_constraints_and_python():
    text = (ROOT / "environment.yml").read_text("utf-8")
    assert "-c requirements/constraints.txt" in text
    minor = int(re.search(r"python=3\.(\d+)", text)[1])
    matrix = (ROOT / ".github" / "workflows" / "test.yml").read_text("utf-8")
    assert f'"3.{minor}"' in matrix
    assert PROJECT["requires-python"] == ">=3.11" and '"3.11"' in matrix and '"3.13"' in matrix
    command = re.search(r"setup_env\.py --current (.*)", text)[1].split()
    assert set(command) <= set(PROJECT["optional-dependencies"]) == set(setup_env.EXTRAS)
    assert "setup_env.py --current" in (ROOT / "postBuild").read_text("utf-8")


# ------------------------------------------------------------------ set-up


def test_setup_refuses_an_unknown_extra():
    with pytest.raises(SystemExit, match="expected one or more of data, plots, book, deck, grade, cluster, pdf, test, got nonsense"):
        setup_env.main(["nonsense"])


def fake_pip(monkeypatch, *, gpu: bool, uv_works: bool):
    """Replace the programs that set-up calls; return the list of calls."""
    calls = []
    needs = "[\"nvidia-cublas==1; sys_platform != 'none'\"]" if gpu else '["filelock", "nvidia-x; extra == \'gpu\'"]'
    report = f'{{"install": [{{"metadata": {{"version": "1", "requires_dist": {needs}}}, "download_info": {{"url": "x://"}}}}]}}'

    def pip(python, *arguments, **options):
        calls.append(arguments)
        return subprocess.CompletedProcess(arguments, 0, report if "--report" in arguments else "")

    real = subprocess.run

    def run(command, **options):
        if "uv" in command:
            calls.append(tuple(command))
            return subprocess.CompletedProcess(command, 0 if uv_works else 2)
        return real(command, **options)

    monkeypatch.setattr(setup_env, "pip", pip)
    monkeypatch.setattr(setup_env, "installed", lambda python, package: "")
    monkeypatch.setattr(setup_env.subprocess, "run", run)
    return calls


def installs(calls) -> list[tuple[str, ...]]:
    return [c for c in calls if any(str(part).startswith("torch==") for part in c) and "--dry-run" not in c]


def test_the_ordinary_index_is_used_where_it_serves_a_cpu_build(monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    calls = fake_pip(monkeypatch, gpu=False, uv_works=False)
    setup_env.install_torch(sys.executable)
    assert [c[0] for c in installs(calls)] == ["install"]


def test_a_gpu_build_is_never_taken_unasked(monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    calls = fake_pip(monkeypatch, gpu=True, uv_works=False)
    with pytest.raises(SystemExit, match=r"No CPU build of torch==.*GPU build of several GB[\s\S]*TORCH=gpu"):
        setup_env.install_torch(sys.executable)
    assert all("--torch-backend" in c for c in installs(calls))


def test_the_cpu_index_is_asked_where_the_ordinary_one_serves_a_gpu_build(monkeypatch):
    monkeypatch.delenv("TORCH", raising=False)
    calls = fake_pip(monkeypatch, gpu=True, uv_works=True)
    setup_env.install_torch(sys.executable)
    (call,) = installs(calls)
    assert call[call.index("--torch-backend") + 1] == "cpu"


def test_the_setting_allows_the_gpu_build(monkeypatch):
    monkeypatch.setenv("TORCH", "gpu")
    calls = fake_pip(monkeypatch, gpu=True, uv_works=False)
    setup_env.install_torch(sys.executable)
    assert [c[0] for c in installs(calls)] == ["install"]


# ------------------------------------------------------------------ README

# how each command of the README is run by the checks
RUN_BY = {
    "make book": "tools/test.py, step book",
    "make test": "this very run",
    "make lint": "tools/test.py, steps lint and types",
    "make translate": "tests/site/test_translation.py",
    "make release-check": "tests/site/test_translation.py",
    "mkdir -p submissions/ada": "test_the_copy_that_the_tour_makes_can_be_checked",
    "cp exercises/02-the-loss/02-the-loss.ipynb submissions/ada/": "test_the_copy_that_the_tour_makes_can_be_checked",
    "make exercises": "test_make_exercises_runs_the_programs_whose_results_are_checked",
    "make grade FROM=submissions": "tests/grading/test_grade.py",
    "make grade FROM=submissions SEED=1234": "tests/grading/test_grade.py",
    "make serve": "test_serve_answers_on_this_machine",
    "make lab": "test_lab_opens_with_the_nbgrader_extension",
    "make bench": "test_bench_prints_ratios",
    "make deck": "tests/site/test_trainer.py",
    "make pdf": "tests/site/test_print.py",
    "make offline": "tests/site/test_print.py",
    "make clean": "test_clean_removes_what_was_built",
}


def readme_commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    return [line.strip() for block in blocks for line in block.splitlines() if line.strip()]


def make(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(["make", f"PYTHON={sys.executable}", *arguments], cwd=options.pop("cwd", ROOT), capture_output=True, text=True, **options)


def test_each_command_of_the_readme_is_run_by_a_check():
    assert set(readme_commands()) == set(RUN_BY)


def test_make_alone_lists_each_target_with_a_line():
    listed = set(re.findall(r"^make ([a-z-]+) +\S", make().stdout, re.M))
    targets = set(re.search(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"), re.M)[1].split())
    assert listed == targets - {"help"} | {"help"}
    assert {command.split()[1] for command in readme_commands() if command.startswith("make ")} <= listed


def test_paths_in_the_readme_exist():
    for path in re.findall(r"\]\(([^)#:]+)\)|`((?:[a-z]+/)+)`", README):
        path = path[0] or path[1]
        if not path.startswith(("build", "submissions", "grading")):
            assert (ROOT / path).exists(), path


def test_the_copy_that_the_tour_makes_can_be_checked(tmp_path):
    (tmp_path / "exercises").symlink_to(ROOT / "exercises")
    for command in readme_commands():
        if not command.startswith("make "):
            subprocess.run(shlex.split(command), cwd=tmp_path, check=True)
    (check,) = re.findall(r"`\.venv/bin/python (-m grader\.check [^`]+)`", README)
    done = subprocess.run([sys.executable, *check.split()], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.returncode == 1 and "0 of 6 visible tests pass" in done.stdout, done.stderr
    assert subprocess.run(["git", "check-ignore", "-q", check.split()[-1]], cwd=ROOT).returncode == 0


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen, seconds: float = 60) -> str:
    end = time.time() + seconds
    while time.time() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return answer.read().decode()
        except OSError:
            time.sleep(0.3)
    raise AssertionError(f"no answer from {url}")


@pytest.fixture
def started():
    """Start a command in a group of its own, and end the whole group afterwards."""
    running = []

    def start(command):
        running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
        return running[-1]

    yield start
    for process in running:
        os.killpg(process.pid, 15)
        process.wait(20)


@pytest.mark.slow
def test_serve_answers_on_this_machine(started):
    port = free_port()
    process = started(["make", f"PYTHON={sys.executable}", "serve", f"PORT={port}"])
    assert "kdtutor" in wait_for(f"http://127.0.0.1:{port}/en/index.html", process, 180)


@pytest.mark.slow
def test_lab_opens_with_the_nbgrader_extension(started):
    port = free_port()
    options = f"--no-browser --allow-root --ServerApp.port={port} --IdentityProvider.token=x"
    process = started(["make", f"PYTHON={sys.executable}", "lab", f"LAB={options}"])
    assert "02-the-loss" in wait_for(f"http://127.0.0.1:{port}/api/contents/exercises?token=x", process)
    assert "nbgrader" in wait_for(f"http://127.0.0.1:{port}/lab/api/extensions?token=x", process)


@pytest.mark.slow
def test_bench_prints_ratios():
    done = make("bench", "ROWS=explanation training")
    assert done.returncode == 0, done.stderr
    assert len(re.findall(r"\d+\.\d+ \(\d+\.\d+, \d+\.\d+\)", done.stdout)) >= 5


def test_the_stored_timings_have_every_row_and_say_when_and_where():
    stored = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    assert re.search(r"\d{4}-\d\d-\d\d, .+ cores, Python 3", stored)
    for what in ("KD loss", "ECE", "classwise ECE", "AURC", "RKD distance", "RKD angle", "integrated gradients", "one step with cached logits"):
        assert re.search(rf"^\| {what}.*\d+\.\d+ \(\d+\.\d+, \d+\.\d+\) \|", stored, re.MULTILINE), what


def test_make_exercises_runs_the_programs_whose_results_are_checked():
    """The step 'exercises' says whether they would change anything, nbval whether outputs would; here one notebook is made."""
    import test as steps

    programs = re.findall(r"tools/\w+\.py", make("-n", "exercises").stdout)
    assert programs[1:] == [command[1] for command in steps.STEPS["exercises"]]
    path = ROOT / "solutions" / "04-measuring" / "04-measuring.ipynb"
    before = path.read_bytes()
    subprocess.run([sys.executable, programs[1], "04-measuring"], cwd=ROOT, check=True, capture_output=True)
    after = path.read_bytes()
    path.write_bytes(before)
    assert after == before


def test_clean_removes_what_was_built(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    for folder in ("build", ".venv", "book"):
        (tmp_path / folder).mkdir()
    assert make("clean", cwd=tmp_path).returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {"Makefile", "book"}


# ------------------------------------------------------------------ the package alone


@pytest.mark.slow
def test_the_wheel_holds_the_package_alone_and_imports_without_the_extras(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)], check=True, capture_output=True
    )
    (wheel,) = tmp_path.glob("kdtutor-*.whl")
    target = tmp_path / "installed"
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    assert {path.name.split("-")[0] for path in target.iterdir()} == {"kdtutor"}
    code = (
        "import sys; sys.modules.update(matplotlib=None, sklearn=None, mlxtend=None); sys.path.insert(0, sys.argv[1])\n"
        "import kdtutor, kdtutor.losses, kdtutor.calibration, kdtutor.fidelity, kdtutor.models, kdtutor.training, kdtutor.recipes\n"
        "from kdtutor.data import load_digits\n"
        "assert kdtutor.__file__.startswith(sys.argv[1])\n"
        "try: load_digits()\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], capture_output=True, text=True, cwd=tmp_path)
    assert "pip install 'kdtutor[data]'" in done.stdout, done.stderr


def test_no_tracked_file_is_large():
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git checkout")
    files = [ROOT / path for path in done.stdout.split("\0") if path]
    assert not [path.name for path in files if path.exists() and path.stat().st_size > 1_000_000]
