"""Half the time for a translated page, and the same page.

MyST reads each translated sentence as a document of its own. What it makes anew for every one of them, the default settings and the parser, is
made once here. And Python looks for garbage after every few hundred new nodes, though nearly all nodes live to the end of the build.
"""

from __future__ import annotations

import copy
import functools
import gc

from docutils import frontend
from myst_parser.parsers import sphinx_ as myst

_settings = functools.cache(frontend.get_default_settings)
_new_parser, _parsers = myst.create_md_parser, {}


def _parser(config, renderer):
    known = _parsers.get(renderer)
    if known is None or known[0] is not config:
        known = _parsers[renderer] = config, _new_parser(config, renderer)
    return known[1]


def setup(app):
    frontend.get_default_settings = lambda *components: copy.copy(_settings(*components))
    myst.create_md_parser = _parser
    app.connect("builder-inited", lambda app: gc.disable())
    app.connect("build-finished", lambda app, error: gc.enable())
