"""From the pages that Sphinx wrote to those that readers get: repaired, light, under a Content-Security-Policy.

Sphinx's own folder is left as it is, so that after a changed sentence Sphinx writes one page and not all. tools/build.py runs this after Sphinx.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from kdbook import interactive, offline, policy, search, styles, weight


def finish(raw: Path, target: Path, tables: Path | None = None) -> None:
    """Make the folder `target` from what Sphinx wrote to `raw`; `tables` holds the words of its language for tables that cells wrote."""
    words = interactive.words(tables) if tables else None
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(raw, target, ignore=shutil.ignore_patterns(".*", search.FOLDER))
    static = target / "_static"
    search.write(raw / search.FOLDER, static)
    offline.slim(static)
    pages = {path: path.read_text("utf-8") for path in target.rglob("*.html") if static not in path.parents}
    scripts = [path.read_text("utf-8") for path in sorted(static.rglob("*.js")) if path.name != search.SECTIONS]
    sheet = styles.write(static, list(pages.values()), scripts)
    weight.keep_used_icons(static)
    options = weight.take_options(static)
    for path, text in pages.items():
        if words:
            text = interactive.translate(text, words)
        text = styles.link(offline.repair(weight.set_options(text, options)), sheet)
        path.write_text(policy.protect(weight.reserve_room(text, path.parent)), "utf-8")
