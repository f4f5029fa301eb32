"""Buttons and links that appear once the project has a home on the web: settings of book/_config.yml, empty by default."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from docutils import nodes
from kdbook import launch

HOME = "https://github.com/someone/kdtutor"


def shown(repository: str = "", hub: str = "", language: str = "en", notebook: str = "02-the-loss") -> list[dict]:
    """The header buttons of a page with the box of a graded notebook."""
    page = nodes.document(None, None)
    if notebook:
        page += nodes.container("", classes=["kd-graded"], notebook=notebook)
    context: dict = {"header_buttons": []}
    config = SimpleNamespace(kd_repository=repository, kd_jupyterhub=hub, language=language)
    launch.buttons(SimpleNamespace(config=config), "foundations/the-loss", "page.html", context, page)
    return [button for group in context["header_buttons"] for button in group["buttons"]]


def test_there_is_no_button_without_a_repository_or_without_a_notebook():
    assert shown() == [] == shown(hub="https://hub.example.org") == shown(HOME, notebook="")


def test_the_buttons_open_the_notebook_in_the_language_of_the_page():
    path = "exercises/02-the-loss/02-the-loss.ipynb"
    english, chinese = shown(HOME, "https://hub.example.org/"), shown(HOME, language="zh_CN")
    assert [button["text"] for button in english] == ["Binder", "Colab", "JupyterHub"]
    assert english[0]["url"] == f"https://mybinder.org/v2/gh/someone/kdtutor/main?urlpath=lab%2Ftree%2F{path.replace('/', '%2F')}"
    assert english[1]["url"] == f"https://colab.research.google.com/github/someone/kdtutor/blob/main/{path}"
    assert english[2]["url"].startswith("https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fsomeone%2Fkdtutor&")
    assert [button["text"] for button in chinese] == ["Binder", "Colab"]
    assert chinese[1]["url"].endswith("/blob/main/exercises/zh/02-the-loss/02-the-loss.ipynb")


@pytest.mark.parametrize("address", ["someone/kdtutor", "http://github.com/someone/kdtutor", "https://github.com/someone", f"{HOME}/tree/main"])
def test_an_address_that_is_no_repository_is_refused(address):
    with pytest.raises(ValueError, match="expected an address like"):
        launch.check(None, SimpleNamespace(kd_repository=address))


def test_empty_and_right_addresses_are_taken():
    for address in ("", HOME):
        launch.check(None, SimpleNamespace(kd_repository=address))
