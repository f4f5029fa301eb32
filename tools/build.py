"""Build the site in both languages: execute what changed, then Sphinx twice, then put the trees together.

Run: python tools/build.py            (the site, in build/site/)
     python tools/build.py gettext    (the messages to translate, in build/gettext/pot/)
"""

from __future__ import annotations

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


def fingerprint() -> str:
    """Of everything that the built site depends on."""
    import hashlib

    digest = hashlib.sha256(execute.fingerprint().encode())
    for folder in ("book", "solutions", "exercises"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".mo" and path.name != "conf.py":
                digest.update(path.relative_to(ROOT).as_posix().encode() + path.read_bytes())
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
    running = {}
    for language, folder in LANGUAGES.items():
        base = ROOT / "build" / folder
        shutil.rmtree(base / "html", ignore_errors=True)  # pages are cheap, and a fresh folder makes the output reproducible
        print(f"Building {folder} ...", flush=True)
        running[folder] = subprocess.Popen(sphinx("html", language, base / "doctrees", base / "html"), cwd=ROOT, env=environment())
    codes = [process.wait() for process in running.values()]
    if any(codes):
        return 1
    target = ROOT / "build" / "site"
    shutil.rmtree(target, ignore_errors=True)
    for folder in LANGUAGES.values():
        shutil.copytree(ROOT / "build" / folder / "html", target / folder, ignore=shutil.ignore_patterns(".buildinfo"))
    shutil.copy2(ROOT / "book" / "_site" / "index.html", target / "index.html")
    stamp.write_text(now)
    print(f"Built in {time.time() - start:.1f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(gettext() if sys.argv[1:] == ["gettext"] else site())
