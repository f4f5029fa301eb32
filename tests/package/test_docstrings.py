"""Docstrings that a reader can work from, and a package that stays small enough to read."""

import ast
import importlib
import inspect
import re
from pathlib import Path

import pytest

import kdtutor

FOLDER = Path(kdtutor.__file__).parent
MODULES = sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_"))
CHAPTERS = {
    *("what-distillation-is", "the-loss", "training-loop", "measuring", "generalisation", "when-it-fails", "variants", "measuring-uncertainty"),
    *("uncertainty-of-students", "explanations", "distilling-explanations", "compression", "applications", "language-models"),
}


def public():
    for name in MODULES:
        module = importlib.import_module(f"kdtutor.{name}")
        for key, thing in vars(module).items():
            if not key.startswith("_") and getattr(thing, "__module__", None) == module.__name__ and inspect.isroutine(thing):
                yield pytest.param(thing, id=f"{name}.{key}")


FUNCTIONS = list(public())


def sections(function):
    """Title and text of each section of a numpydoc docstring; the summary is under ''."""
    parts = re.split(r"^(\w+)\n-{3,}\n", inspect.getdoc(function) or "", flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def test_the_docstrings_are_found():
    assert len(FUNCTIONS) >= 60


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_summary_is_one_sentence_on_one_line(function):
    summary = sections(function)[""].strip()
    assert summary.endswith(".")
    assert "\n\n" not in summary


@pytest.mark.parametrize("function", FUNCTIONS)
def test_each_parameter_is_explained_and_no_other(function):
    names = set()
    for line in re.findall(r"^(\w[\w, ]*?)(?: :.*)?$", sections(function).get("Parameters", ""), re.MULTILINE):
        names |= set(line.split(", "))
    if "Parameters" in sections(function) or function.__name__ != "eval_mode":
        assert names == set(inspect.signature(function).parameters)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_result_errors_and_chapter_are_named(function):
    found, text = sections(function), inspect.getdoc(function)
    if inspect.signature(function).return_annotation not in ("None", None) and function.__name__ != "eval_mode":
        assert "Returns" in found
    assert "Raises" in found or function.__name__ in ("eval_mode", "use_style")
    labels = re.findall(r"Chapter `([\w-]+)`|Used by every chapter", text)
    assert labels
    assert set(labels) <= CHAPTERS | {""}


@pytest.mark.parametrize("function", [case for case in FUNCTIONS if not re.search(r"data\.load|recipes|training|plots|random_shift", case.id)])
def test_an_example_imports_what_it_shows(function):
    example = sections(function).get("Examples", "")
    assert f"import {function.__name__}" in example or re.search(rf"import .*\b{function.__name__}\b", example)


def test_the_api_page_holds_every_module():
    page = (FOLDER.parent / "book" / "appendix" / "api.md").read_text("utf-8")
    assert sorted(re.findall(r"automodule:: kdtutor\.(\w+)", page)) == MODULES


def code_lines(tree, source):
    """Numbers of the lines that are neither docstring, comment nor blank."""
    documented = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef) and ast.get_docstring(node):
            documented |= set(range(node.body[0].lineno, node.body[0].end_lineno + 1))
    return {i for i, line in enumerate(source.split("\n"), 1) if line.strip() and not line.strip().startswith("#")} - documented


def test_the_package_stays_small():
    total = 0
    for path in FOLDER.glob("*.py"):
        source = path.read_text("utf-8")
        tree = ast.parse(source)
        lines = code_lines(tree, source)
        assert len(lines) <= 330, path.name
        total += len(lines)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                assert len(lines & set(range(node.lineno, node.end_lineno + 1))) <= 60, f"{path.name}: {node.name}"
    assert total <= 1920
