"""A page of feedback for each submission: scores, causes, comments and the student's own answers, in his language.

The page has no script, loads nothing and shows no test's source. What the student wrote is shown as plain text.
"""

from __future__ import annotations

import re
from typing import Any

import nbformat
from jinja2 import Environment
from nbconvert.preprocessors import Preprocessor

from grader.intake import Flag, identity, is_answer, is_test

WORDS = {
    "en": {
        "score": "Score",
        "of": "of",
        "penalty": "Late penalty",
        "odd": "About your file",
        "waits": "An answer in words waits for a person.",
        "passed": "passed",
        "failed": "failed",
        "hidden": "hidden test",
        "visible": "visible test",
        "comment": "Comment",
        "own": "Your own cells",
        "nothing": "Nothing could be graded.",
        "unsafe": "Graded without a sandbox.",
    },
    "zh": {
        "score": "得分",
        "of": "/",
        "penalty": "迟交扣分",
        "odd": "关于你的文件",
        "waits": "文字题等待人工评分。",
        "passed": "通过",
        "failed": "未通过",
        "hidden": "隐藏测试",
        "visible": "可见测试",
        "comment": "评语",
        "own": "你自己的单元格",
        "nothing": "没有可以评分的内容。",
        "unsafe": "评分时没有使用沙箱。",
    },
}
PAGE = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string("""\
<!DOCTYPE html>
<html lang="{{ language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ name }} · {{ student }}</title>
<style>
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem }
pre { padding: .6rem; border: 1px solid #8886; border-radius: .3rem; font-size: .85rem; white-space: pre-wrap; overflow-wrap: anywhere }
h2 { margin-top: 2rem; font-size: 1.15rem } img { max-width: 100%; background: #fff }
.ok::before { content: "✓ "; color: #2a8a3e } .no::before { content: "✗ "; color: #c0392b } .no pre { border-color: #c0392b }
ul { padding-left: 1.2rem } li { margin: .3rem 0 }
</style>
</head>
<body>
<h1>{{ name }}</h1>
<p>{{ student }} · <strong>{{ words.score }} {{ "%g" | format(sums.score) }} {{ words.of }} {{ "%g" | format(sums.max_score) }}</strong>
{% if sums.penalty %} · {{ words.penalty }} {{ "%g" | format(sums.penalty) }}{% endif %}
{% if sums.waits %} · {{ words.waits }}{% endif %}{% if unsafe %} · {{ words.unsafe }}{% endif %}</p>
{% if flags %}
<h2>{{ words.odd }}</h2>
<ul>{% for flag in flags %}<li>{{ flag }}</li>{% endfor %}</ul>
{% endif %}
{% if not parts %}<p>{{ words.nothing }}</p>{% endif %}
{% for part in parts %}
<h2>{{ part.title }}</h2>
{% for cell in part.cells %}
<pre>{{ cell.source }}</pre>
{% for output in cell.shown %}{% if output.image %}<p><img alt="" src="data:image/png;base64,{{ output.image }}"></p>
{% else %}<pre>{{ output.text }}</pre>{% endif %}{% endfor %}
{% if cell.comment %}<p>{{ words.comment }}: {{ cell.comment }}</p>{% endif %}
{% endfor %}
{% for test in part.tests %}
<div class="{{ 'ok' if test.passed else 'no' }}">{{ test.kind }}: {{ words.passed if test.passed else words.failed }}
{% if test.most %}({{ "%g" | format(test.score) }} {{ words.of }} {{ "%g" | format(test.most) }}){% endif %}
{% for message in test.messages %}<pre>{{ message }}</pre>{% endfor %}</div>
{% endfor %}
{% endfor %}
</body>
</html>
""")


def is_hidden(cell: Any) -> bool:
    return "BEGIN HIDDEN TESTS" in cell.source


def without_hidden_tests(cell: Any) -> str:
    return re.sub(r"(?s)[ \t]*### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS[^\n]*\n?", "", cell.source)


class HideTests(Preprocessor):
    """For nbgrader's own feedback page: takes the hidden tests out of it."""

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        if is_test(cell):
            cell.source = without_hidden_tests(cell)
        return cell, resources


def shown(cell: Any) -> list[dict[str, str]]:
    found = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            found.append({"text": output.text})
        elif output.output_type == "error":
            found.append({"text": f"{output.ename}: {output.evalue}"})
        elif re.fullmatch(r"[A-Za-z0-9+/=\s]+", output.data.get("image/png", "")):
            found.append({"image": output.data["image/png"]})
        elif "text/plain" in output.data:
            found.append({"text": output.data["text/plain"]})
    return found


def parts(notebook: nbformat.NotebookNode, sums: dict[str, Any], language: str) -> list[dict[str, Any]]:
    """The tasks with their answers and tests; a heading starts a task."""
    words, found = WORDS[language], []
    for cell in notebook.cells:
        name = identity(cell)
        heading = re.match(r"#+ (.+)", cell.source) if cell.cell_type == "markdown" and not is_answer(cell) else None
        if heading:
            found.append({"title": heading[1], "cells": [], "tests": []})
        if not found or heading or (name and not is_answer(cell) and not is_test(cell)):
            continue
        if is_test(cell):
            score, most, _ = sums["cells"].get(name, (0.0, 0.0, False))
            errors = [f"{output.ename}: {output.evalue}" for output in cell.outputs if output.output_type == "error"]
            kind = words["hidden"] if is_hidden(cell) else words["visible"]
            found[-1]["tests"].append({"kind": kind, "passed": not errors, "score": score, "most": most, "messages": errors})
        elif cell.cell_type == "code" or is_answer(cell):
            found[-1]["cells"].append({"source": cell.source, "shown": shown(cell), "comment": sums["comments"].get(name, "")})
    return [part for part in found if part["cells"] or part["tests"]]


def page(
    student: str, name: str, notebook: nbformat.NotebookNode | None, sums: dict[str, Any], flags: list[Flag], language: str, unsafe: bool
) -> str:
    """The page as HTML."""
    return PAGE.render(
        student=student,
        name=name,
        sums=sums,
        words=WORDS[language],
        language=language,
        unsafe=unsafe,
        flags=[flag.text(language) for flag in flags],
        parts=parts(notebook, sums, language) if notebook is not None else [],
    )
