"""What each page carries: the language switch, hreflang links, its executed notebook, the licence line, its scripts."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from kdbook.words import FOLDERS, NAMES, TAGS, WORDS, word

ONE_PAGE = {"trainer.js", "search.js", "figures.js", "playground.js"}


def languages(context, pagename: str, me: str, site: str):
    root, suffix = context.get("content_root", "./"), context["file_suffix"]
    for code, folder in FOLDERS.items():
        url = f"{root}../{folder}/{pagename}{suffix}"
        absolute = f"{site}/{folder}/{pagename}{suffix}" if site else url
        yield {"code": code, "tag": TAGS[code], "label": NAMES[code], "url": url, "absolute": absolute, "current": code == me}


def page_context(app, pagename, templatename, context, doctree):
    language = app.config.language
    context["kd_languages"] = list(languages(context, pagename, language, app.config.kd_site_url.rstrip("/")))
    context["kd_words"] = WORDS[language]
    context["kd_language_label"] = word(language, "language")
    context["theme_extra_footer"] = word(language, "footer")
    # not myst-nb's own jupyter_execute/: after a cache hit it holds notebooks without outputs
    notebook = Path(os.environ.get("KD_NOTEBOOKS", "nowhere"), f"{pagename}.ipynb")
    if doctree is not None and notebook.exists():
        target = Path(app.outdir, "_sources", f"{pagename}.ipynb")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(notebook, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def common_scripts(app, config):
    """Jupyter Book loads every script of _static on every page; those of one page or figure are added where they are wanted."""
    config.html_js_files = [name for name in config.html_js_files if name not in ONE_PAGE]


def setup(app):
    app.connect("config-inited", common_scripts, priority=100)  # before Sphinx reads the list
    app.add_config_value("kd_site_url", "", "html")
    app.connect("html-page-context", page_context, priority=700)
