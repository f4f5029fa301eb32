"""Pages that ask no other host: MathJax from a Python package, no icon JavaScript, and repairs of the theme's HTML."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
from pathlib import Path

MATHJAX_FILES = ("tex-mml-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions", "a11y/assistive-mml.js")

HANDLERS = {"window.print()": "print", "toggleFullScreen()": "fullscreen"}
REPAIRS = [
    # found with axe-core in sphinx-book-theme 1.3.0 and Sphinx 7.4.7
    (re.compile(r' aria-label="Toggle hidden content"'), ""),
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    (re.compile(r' role="doc-biblioentry"'), ""),
    (re.compile(r'<(div|aside) id="pst-primary-sidebar"(?! role=)'), r'<\1 id="pst-primary-sidebar" role="complementary" aria-label="Book"'),
    # what a Content-Security-Policy forbids: handlers in attributes; kd.js listens instead
    *((re.compile(rf'<button onclick="{re.escape(call)}"'), f'<button data-kd-do="{name}"') for call, name in HANDLERS.items()),
    (re.compile(r"<script[^>]*/fontawesome\.js[^>]*></script>"), ""),
    # a script that waits until the page is there does not keep it from being painted
    (re.compile(r"<script(?=[^>]*\bsrc=)(?![^>]*\bdefer)"), "<script defer"),
]
TALKATIVE = ("scripts/pydata-sphinx-theme.js", "scripts/sphinx-book-theme.js", "togglebutton.js")  # write to the console on each page
FONTS = "vendor/fontawesome/webfonts"
UNUSED = (
    *("**/*.map", "**/*.LICENSE.txt", "scripts/fontawesome.js", "locales", "searchtools.js", "language_data.js"),
    *(f"{FONTS}/{name}" for name in ("*.ttf", "fa-brands*", "fa-regular*")),
)


def copy_mathjax(app):
    """Before any page is written, so that links get the same checksum in every build."""
    if app.builder.format != "html":
        return
    package = importlib.metadata.distribution("sphinx-mathjax-offline")
    source = Path(str(package.locate_file("sphinx-mathjax-offline/static/mathjax")))
    target = Path(app.outdir, "_static", "mathjax")
    for name in MATHJAX_FILES:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def slim(static: Path) -> None:
    """Drop what no page uses, among it 1.5 MB of icon JavaScript: the theme's CSS shows the same icons from a local web font."""
    for pattern in UNUSED:
        for path in static.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name in TALKATIVE:
        path = static / name
        path.write_text(path.read_text("utf-8").replace("console.log(", "void("), "utf-8")


def repair(page: str) -> str:
    """The text of a page without the faults of its theme."""
    for pattern, replacement in REPAIRS:
        page = pattern.sub(replacement, page)
    return page


def setup(app):
    app.config.mathjax_path = "mathjax/tex-mml-chtml.js"
    app.connect("builder-inited", copy_mathjax)
