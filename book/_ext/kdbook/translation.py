"""What Sphinx's own translation leaves out: configuration values, captions of the table of contents, single strings."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx import addnodes, locale
from sphinx.transforms import SphinxTransform

# no PO file reaches the values of the configuration
PER_LANGUAGE = {
    "zh_CN": {
        "html_title": "知识蒸馏勘误",
        "author": "kdtutor 作者",
        "nb_code_prompt_show": "显示代码",
        "nb_code_prompt_hide": "隐藏代码",
        "togglebutton_hint": "点击展开",
        "togglebutton_hint_hide": "点击收起",
    }
}


def per_language(app, config):
    for key, value in PER_LANGUAGE.get(config.language, {}).items():
        config[key] = value


def catalogue(env, docname: str):
    """The messages of one page, as `(translate, found)`."""
    dirs = [str(Path(env.srcdir, d)) for d in env.config.locale_dirs]
    for path in (Path(folder, env.config.language, "LC_MESSAGES", f"{docname}.mo") for folder in dirs):
        if path.exists():  # a page may ask for the messages of another
            env.note_dependency(str(path))
    catalog, found = locale.init(dirs, env.config.language, docname)
    return (catalog.gettext if found else str), found


class TocCaptions(SphinxTransform):
    """Translate the captions of the table of contents: sphinx-external-toc adds them after Sphinx has translated the page."""

    default_priority = 110

    def apply(self, **kwargs):
        translate, _ = catalogue(self.env, self.env.docname)
        for node in self.document.findall(addnodes.toctree):
            if node.get("caption"):
                node["caption"] = translate(node["caption"])


class PicturesAreTranslated(SphinxTransform):
    """Sphinx marks every picture as untranslated, although it translates the text in its place: take the mark off."""

    default_priority = 960  # after sphinx.transforms.i18n.AddTranslationClasses

    def apply(self, **kwargs):
        for node in self.document.findall(nodes.image):
            node["classes"] = [name for name in node["classes"] if name != "untranslated"]


def setup(app):
    app.connect("config-inited", per_language, priority=100)  # before sphinx-togglebutton reads its own
    app.add_transform(TocCaptions)
    app.add_transform(PicturesAreTranslated)
