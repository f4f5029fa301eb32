"""From the pages that Sphinx wrote to those that readers get: repaired, light, under a Content-Security-Policy.

Sphinx's own folder is left as it is, so that after a changed sentence Sphinx writes one page and not all. tools/build.py runs this after Sphinx.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from kdbook import interactive, offline, policy, search, weight


def finish(raw: Path, target: Path, tables: Path | None = None) -> None:
    """Make the folder `target` from what Sphinx wrote to `raw`; `tables` holds the words of its language for tables that cells wrote."""
    words = interactive.words(tables) if tables else None
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(raw, target, ignore=shutil.ignore_patterns(".*", search.FOLDER))
    static = target / "_static"
    search.write(raw / search.FOLDER, static)
    offline.slim(static)
    pages = {path: path.read_text("utf-8") for path in target.rglob("*.html") if static not in path.parents}
    weight.keep_used_icons(static, list(pages.values()))
    for path, text in pages.items():
        if words:
            text = interactive.translate(text, words)
        path.write_text(policy.protect(weight.reserve_room(offline.repair(text), path.parent)), "utf-8")
