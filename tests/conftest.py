"""What the tests of book, exercises, grading and site share: paths, and one Chromium."""

from __future__ import annotations

import sys
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


@pytest.fixture(scope="session")
def base():
    """Address of the built site, served on this machine."""
    import pdf

    with pdf.served() as address:
        yield address
