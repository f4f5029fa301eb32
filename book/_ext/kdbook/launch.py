"""Buttons that open a chapter's graded notebook elsewhere. They appear when `kd_repository` is filled, that of a JupyterHub with `kd_jupyterhub`."""

from __future__ import annotations

from urllib.parse import urlencode

from docutils import nodes

from kdbook.exercise import FOLDERS
from kdbook.words import word

BRANCH = "main"


def places(repository: str, hub: str, path: str):
    """Name, icon and address of each place that can open a notebook of a GitHub repository."""
    owner, name = repository.split("/")[-2:]
    yield "Binder", "logo_binder.svg", f"https://mybinder.org/v2/gh/{owner}/{name}/{BRANCH}?{urlencode({'urlpath': f'lab/tree/{path}'})}"
    yield "Colab", "logo_colab.png", f"https://colab.research.google.com/github/{owner}/{name}/blob/{BRANCH}/{path}"
    if hub:
        query = urlencode({"repo": repository, "branch": BRANCH, "urlpath": f"lab/tree/{name}/{path}"})
        yield "JupyterHub", "logo_jupyterhub.svg", f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{query}"


def check(app, config):
    parts = config.kd_repository.split("/")
    if config.kd_repository and not (config.kd_repository.startswith("https://") and len(parts) == 5 and all(parts[3:])):
        raise ValueError(f"kd_repository: expected an address like https://github.com/owner/name, got {config.kd_repository!r}")


def buttons(app, pagename, templatename, context, doctree):
    graded = [] if doctree is None else [box["notebook"] for box in doctree.findall(nodes.container) if "kd-graded" in box["classes"]]
    if not (app.config.kd_repository and graded):
        return
    path = f"{FOLDERS[app.config.language]}/{graded[0]}/{graded[0]}.ipynb"
    tip = word(app.config.language, "launch")
    links = [
        {"type": "link", "text": name, "tooltip": f"{tip} {name}", "icon": f"_static/images/{icon}", "url": url}
        for name, icon, url in places(app.config.kd_repository, app.config.kd_jupyterhub, path)
    ]
    context["header_buttons"].append({"type": "group", "tooltip": tip, "icon": "fas fa-rocket", "buttons": links, "label": "launch-buttons"})


def setup(app):
    app.add_config_value("kd_jupyterhub", "", "html")
    app.connect("config-inited", check)
    app.connect("html-page-context", buttons, priority=700)
