"""Build the site in both languages: execute what changed, then Sphinx twice, then put the trees together.

Run: python tools/build.py            (the site, in build/site/)
     python tools/build.py gettext    (the messages to translate, in build/gettext/pot/)
"""

from __future__ import annotations

import concurrent.futures
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import execute

ROOT = execute.ROOT
LANGUAGES = {"en": "en", "zh_CN": "zh"}


def sphinx(builder: str, language: str, doctrees: Path, out: Path) -> list[str]:
    """Command of one Sphinx run: warnings are errors, every reference must resolve."""
    settings = [f"language={language}", f"nb_execution_cache_path={execute.cache_dir()}"]
    options = [part for setting in settings for part in ("-D", setting)]
    return [
        sys.executable,
        "-m",
        "sphinx",
        "-b",
        builder,
        "-W",
        "-n",
        "--keep-going",
        "-q",
        *options,
        "-d",
        str(doctrees),
        str(ROOT / "book"),
        str(out),
    ]


def environment() -> dict[str, str]:
    paths = os.pathsep.join([str(ROOT / "book" / "_ext"), str(ROOT)])
    return {**os.environ, **execute.environment(), "PYTHONPATH": paths, "KD_NOTEBOOKS": str(execute.OUT)}


def fingerprint(*, text: bool = True) -> str:
    """Of everything that the built site depends on; without the text, of all but the words of pages and their translations."""
    digest = hashlib.sha256(execute.fingerprint().encode())
    skipped = {".mo", ".pyc"} if text else {".mo", ".pyc", ".md", ".po"}
    for folder in ("book", "solutions", "exercises"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix not in skipped and path.name != "conf.py":
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
    for path in sorted(execute.OUT.rglob("*.ipynb")):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        digest.update(json.dumps([cell["outputs"] for cell in cells if cell["cell_type"] == "code"]).encode())
    return digest.hexdigest()


def configure() -> None:
    """Jupyter Book writes Sphinx's conf.py from _config.yml."""
    done = subprocess.run(
        [sys.executable, "-c", "from jupyter_book.cli.main import main; main()", "config", "sphinx", "book"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"jupyter-book config failed:\n{done.stdout}{done.stderr}")


def gettext() -> int:
    """Extract messages. The cells must have run: captions of code cells exist only with their outputs."""
    if execute.main():
        return 1
    configure()
    shutil.rmtree(ROOT / "build" / "gettext", ignore_errors=True)
    out = ROOT / "build" / "gettext"
    return subprocess.run(sphinx("gettext", "en", out / "doctrees", out / "pot"), cwd=ROOT, env=environment()).returncode


def site() -> int:
    start = time.time()
    if execute.main():
        return 1
    stamp, now = ROOT / "build" / "site.stamp", fingerprint()
    if stamp.exists() and stamp.read_text() == now and (ROOT / "build" / "site" / "index.html").exists():
        print("Nothing changed since the last build.")
        return 0
    stamp.unlink(missing_ok=True)
    configure()
    running, frame = {}, fingerprint(text=False)
    for language, folder in LANGUAGES.items():
        base = ROOT / "build" / folder
        kept = base / "frame.stamp"
        if not (kept.exists() and kept.read_text() == frame):
            shutil.rmtree(base / "html", ignore_errors=True)
        kept.unlink(missing_ok=True)
        print(f"Building {folder} ...", flush=True)
        running[folder] = subprocess.Popen(sphinx("html", language, base / "doctrees", base / "html"), cwd=ROOT, env=environment())
    codes = [process.wait() for process in running.values()]
    if any(codes):
        return 1
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from kdbook.finish import finish  # loads Sphinx, which a build with nothing to do need not

    target = ROOT / "build" / "site"
    with concurrent.futures.ProcessPoolExecutor(len(LANGUAGES)) as pool:
        raw = [ROOT / "build" / folder / "html" for folder in LANGUAGES.values()]
        tables = [None if language == "en" else ROOT / "book" / "locale" / language / "tables.yml" for language in LANGUAGES]
        list(pool.map(finish, raw, [target / folder for folder in LANGUAGES.values()], tables))
    for folder in LANGUAGES.values():
        (ROOT / "build" / folder / "frame.stamp").write_text(frame)
    shutil.copy2(ROOT / "book" / "_site" / "index.html", target / "index.html")
    stamp.write_text(now)
    print(f"Built in {time.time() - start:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(gettext() if sys.argv[1:] == ["gettext"] else site())
