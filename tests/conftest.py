"""What the tests of book, exercises, grading and site share: paths, one Chromium, and a JupyterLab."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tools"), str(ROOT / "book" / "_ext")]
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="session")
def browser():
    import pdf
    from playwright.sync_api import sync_playwright

    chromium = pdf.chromium()
    if chromium is None:
        pytest.skip("Chromium is not installed: the browser checks did not run")

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def reader(browser, tmp_path):
    """Chromium with a folder of its own, as a reader has it: what a page keeps is there when it is opened again."""
    import pdf

    def new_context(**options):
        return browser.browser_type.launch_persistent_context(tmp_path / "profile", executable_path=pdf.chromium(), args=FLAGS, **options)

    return types.SimpleNamespace(new_context=new_context)


@pytest.fixture(scope="session")
def base():
    """Address of the built site, served on this machine."""
    import pdf

    with pdf.served() as address:
        yield address


@pytest.fixture(scope="session")
def jupyter():
    return lab_in


@contextlib.contextmanager
def lab_in(folder: Path):
    """JupyterLab in a folder, as `make lab` starts it; yields its address, to which a path and `?token=x` are added."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(Path(sys.executable).with_name("jupyter-lab")), f"--notebook-dir={folder}", "--no-browser", "--allow-root"]
    environment = {
        **os.environ,
        "PATH": str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"],
        "PYTHONPATH": str(ROOT),  # nbgrader_config.py names the package grader
    }
    process = subprocess.Popen(
        [*command, f"--ServerApp.port={port}", "--IdentityProvider.token=x"],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        end = time.time() + 90
        while time.time() < end:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api?token=x", timeout=5).close()
                break
            time.sleep(0.3)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(20)
