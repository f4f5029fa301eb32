"""Building again: the same bytes from another folder, and after a changed sentence the same bytes as from nothing, with one chapter written anew."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED = ("book", "solutions", "exercises", "kdtutor", "tools", "requirements", "pyproject.toml")
MADE = ("cache", "notebooks")  # what tools/execute.py left
CHAPTER = "understanding/variants"
pytestmark = pytest.mark.slow


def build(folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key not in ("KDTUTOR_CACHE", "PYTHONPATH")}
    start = time.time()
    done = subprocess.run([sys.executable, "tools/build.py"], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    print(f"{time.time() - start:.1f} s: {done.stdout.strip().splitlines()[-1]}")
    return done.stdout


def sums(folder: Path) -> dict[str, str]:
    site = folder / "build" / "site"
    files = (path for path in sorted(site.rglob("*")) if path.is_file())
    return {path.relative_to(site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def differing(one: dict[str, str], other: dict[str, str]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("elsewhere")
    for name in NEEDED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy2(source, folder / name)
    for name in MADE:
        shutil.copytree(ROOT / "build" / name, folder / "build" / name)
    build(folder)
    return folder


def test_another_folder_gives_the_same_bytes(copy):
    assert differing(sums(ROOT), sums(copy)) == []


def test_a_changed_sentence_gives_the_bytes_of_a_build_from_nothing(copy):
    before = sums(copy)
    assert "Nothing changed" in build(copy)
    page = copy / "book" / f"{CHAPTER}.md"
    text = page.read_text("utf-8")
    at = text.index("\n\n", text.index("## The answer in 60 seconds"))
    page.write_text(f"{text[:at]}\n\nA sentence that was not there before.{text[at:]}", "utf-8")
    build(copy)
    after = sums(copy)
    html = [name for name in differing(before, after) if name.endswith(".html")]
    assert f"en/{CHAPTER}.html" in html and f"zh/{CHAPTER}.html" in html
    assert len(html) <= 4, html  # and the interview trainer, which copies from chapters
    for language in ("en", "zh"):
        shutil.rmtree(copy / "build" / language)
    (copy / "build" / "site.stamp").unlink()
    build(copy)
    assert differing(after, sums(copy)) == []


def test_a_changed_title_reaches_every_page(copy):
    page = copy / "book" / f"{CHAPTER}.md"
    page.write_text(page.read_text("utf-8").replace("\n# ", "\n# Renamed: ", 1), "utf-8")
    build(copy)
    assert "Renamed: " in (copy / "build" / "site" / "en" / "index.html").read_text("utf-8")
