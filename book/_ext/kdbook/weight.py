"""What a reader need not load: scripts without use, icons that no page shows, pictures that are far down.

The budget stands in tests/site/test_light.py.
"""

from __future__ import annotations

import html
import logging
import re
import struct
from pathlib import Path

from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont

from kdbook import styles
from kdbook.room import room

PICTURE = re.compile(r'<img(?![^>]*\bloading=)([^>]*\bsrc="([^"]+\.png)"[^>]*)>')
FORMULA = re.compile(r'<span class="math notranslate nohighlight">\\\((.*?)\\\)</span>', re.DOTALL)
OPTIONS = "documentation_options.js"
FONT = "vendor/fontawesome/webfonts/fa-solid-900.woff2"


def needed_scripts(app, pagename, templatename, context, doctree):
    """Jupyter Book loads MathJax, 265 kB packed, on each page; only those with formulas need it. Nothing needs Sphinx's translations.js."""
    formulas = doctree is not None and any(doctree.findall(lambda node: isinstance(node, (nodes.math, nodes.math_block))))
    unwanted = "translations.js" if formulas else "translations.js|mathjax"
    context["script_files"] = [script for script in context["script_files"] if not re.search(unwanted, str(script), re.IGNORECASE)]


def keep_used_icons(static: Path) -> None:
    """Of two thousand icons the rules that are left name some twenty: keep their glyphs."""
    logging.getLogger("fontTools").setLevel(logging.WARNING)
    font = TTFont(static / FONT, recalcTimestamp=False)
    chosen = subset.Subsetter()
    chosen.populate(unicodes={ord(c) for c in (static / styles.NAME).read_text("utf-8") if "\ue000" <= c <= "\uf8ff"})  # for private use
    chosen.subset(font)
    font.save(static / FONT)


def take_options(static: Path) -> str:
    """Sphinx's settings for scripts, 300 bytes in a file for which each page would wait."""
    path = static / OPTIONS
    text = path.read_text("utf-8")
    path.unlink()
    return text


def set_options(page: str, options: str) -> str:
    """The text of a page that holds these settings itself."""
    return re.sub(rf'<script src="[^"]*{OPTIONS}[^"]*"></script>', lambda _: f"<script>{options}</script>", page)


def size(path: Path) -> tuple[int, int]:
    """Width and height of a PNG file, from its header."""
    return struct.unpack(">II", path.read_bytes()[16:24])


def reserve_room(page: str, folder: Path) -> str:
    """The text of a page of this folder, in which pictures load when they come near, and they and formulas keep their place until they are there."""

    def picture(found: re.Match) -> str:
        source = folder / found[2]
        if not source.exists():
            return found[0]
        width, height = size(source)
        own = "" if "width:" in found[1] or "width=" in found[1] else f' width="{width}" height="{height}"'
        return f'<img loading="lazy"{own}{found[1]}>'

    def formula(found: re.Match) -> str:
        return f'<span class="math notranslate nohighlight" style="--kd-room:{room(html.unescape(found[1])):.2f}em">\\({found[1]}\\)</span>'

    return FORMULA.sub(formula, PICTURE.sub(picture, page))


def setup(app):
    app.connect("html-page-context", needed_scripts, priority=800)
