"""What is made once for all translated sentences must not carry anything from one to the next."""

from __future__ import annotations

import gc
import types

import pytest
from docutils import frontend
from docutils.parsers.rst import Parser
from docutils.utils import new_document
from kdbook import quick
from myst_parser.config.main import MdParserConfig
from myst_parser.mdit_to_docutils.base import DocutilsRenderer
from myst_parser.parsers import sphinx_ as myst


@pytest.fixture
def events(monkeypatch):
    """Set the module up; undone after the test."""
    for module, name in ((frontend, "get_default_settings"), (myst, "create_md_parser")):
        monkeypatch.setattr(module, name, getattr(module, name))
    found = {}
    quick.setup(types.SimpleNamespace(connect=found.__setitem__))
    yield found
    gc.enable()


def text_of(config, source: str) -> str:
    parser = myst.create_md_parser(config, DocutilsRenderer)
    parser.options["document"] = document = new_document("test", frontend.get_default_settings())
    parser.render(source)
    return document.pformat()


def test_each_document_has_settings_of_its_own(events):
    plain = vars(frontend.get_default_settings()).copy()
    frontend.get_default_settings().language_code = "zz"
    assert vars(frontend.get_default_settings()) == plain
    assert vars(frontend.get_default_settings(Parser)).keys() > plain.keys()


def test_one_parser_reads_many_sentences_and_keeps_nothing_of_them(events):
    config = MdParserConfig(enable_extensions={"dollarmath"})
    first = text_of(config, "One $a$ [x][x].\n\n[x]: https://example.org/a")
    assert "math" in first and "example.org" in first
    assert "reference" not in text_of(config, "Two [x][x].")
    assert text_of(config, "One $a$ [x][x].\n\n[x]: https://example.org/a") == first
    assert myst.create_md_parser(config, DocutilsRenderer) is myst.create_md_parser(config, DocutilsRenderer)


def test_another_configuration_gets_another_parser(events):
    with_math, without = MdParserConfig(enable_extensions={"dollarmath"}), MdParserConfig()
    assert "math" in text_of(with_math, "$a$")
    assert "math" not in text_of(without, "$a$")
    assert "math" in text_of(with_math, "$a$")


def test_garbage_is_collected_again_after_the_build_even_after_a_failure(events):
    events["builder-inited"](None)
    assert not gc.isenabled()
    events["build-finished"](None, RuntimeError())
    assert gc.isenabled()
