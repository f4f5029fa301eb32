"""What a graded notebook is made of, and how its cells are written.

A module of this package describes one notebook, in both languages: texts, solutions, and for each task the answers that people give, right and
wrong, with the cause of each wrong one. From these the test cells are computed: the cases are drawn from a seed, the expected values come from
the solution, and a wrong answer's value is stored beside its cause, so that a failing test can name it. No test cell holds a program that
computes the answer. A course that sets its own seed gets other hidden numbers.
"""

from __future__ import annotations

import ast
import contextlib
import copy
import functools
import inspect
import io
import re
import textwrap
import warnings
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import nbformat
import numpy as np
import torch

from grader.execute import own_modules

SETUP = Path(__file__).with_name("setup.py")
KINDS = ("derive", "implement", "repair", "read", "judge", "words")
LANGUAGES = ("en", "zh")
Namespace = dict[str, Any]


class T(NamedTuple):
    """A text in both languages."""

    en: str
    zh: str


class Wrong(NamedTuple):
    cause: T
    source: str
    fails: tuple[str, ...]  # test cells that it must fail: "visible", "hidden", "edge"


class Case(NamedTuple):
    label: T
    arguments: tuple[Any, ...]


class Item(NamedTuple):
    """One question with coded choices: each code has its text, and each wrong one what to tell who chose it."""

    key: str
    question: T
    right: str
    options: Mapping[str, tuple[T, T | None]]


def judged(verdicts: Mapping[str, T]) -> Callable[..., Item]:
    """For claims that share their verdicts: a function that makes the question of one claim.

    Who chose a wrong verdict is told `why`, or what stands under the verdict's own code: `follows=(en, zh)`.
    """

    def claim(key: str, en: str, zh: str, right: str, *why: str, **own: tuple[str, str]) -> Item:
        told = {code: T(*own.get(code, why)) for code in verdicts if code != right}
        return Item(key, T(en, zh), right, {code: (text, told.get(code)) for code, text in verdicts.items()})

    return claim


class Value(NamedTuple):
    """One number to read off, with a tolerance; `wrong` are numbers that people give, with the cause."""

    key: str
    question: T
    right: float
    tolerance: float
    wrong: Sequence[tuple[float, T]]


@dataclass(kw_only=True)
class Task(ABC):
    name: str
    kind: str
    title: T
    text: T
    hints: tuple[T, T, T]

    @property
    @abstractmethod
    def points(self) -> Fraction: ...


@dataclass(kw_only=True)
class CodeTask(Task):
    """A function to write. `split` is the points of the visible, the hidden and, if there are edges, the edge tests."""

    split: tuple[float, ...]
    rtol: float = 1e-4
    source: str = ""
    function: str = ""
    wrongs: list[Wrong] = field(default_factory=list)
    rights: list[str] = field(default_factory=list)
    examples: list[Case] = field(default_factory=list)
    edges: list[Case] = field(default_factory=list)
    drawn: Callable[[np.random.Generator], tuple[Any, ...]] | None = None
    scripts: dict[str, str] = field(default_factory=dict)
    draws: tuple[int, int] = (2, 3)

    @property
    def points(self) -> Fraction:
        return sum((Fraction(str(p)) for p in self.split), Fraction())

    @property
    def parts(self) -> tuple[str, ...]:
        return ("visible", "hidden", "edge")[: len(self.split)]

    def solution(self, function: Callable[..., Any]) -> Callable[..., Any]:
        self.function, self.source = function.__name__, source_of(function)
        return function

    def right(self, function: Callable[..., Any]) -> None:
        """Another right answer."""
        self.rights.append(renamed(source_of(function), self.function))

    def right_swap(self, *swaps: tuple[str, str]) -> None:
        """A right answer that differs from the solution in a few places."""
        self.rights.append(self._swapped(swaps))

    def wrong(self, en: str, zh: str, *, fails: str = "") -> Callable[[Callable[..., Any]], None]:
        """A wrong answer and its cause; `fails` names the test cells that it fails, all of them unless given."""

        def keep(function: Callable[..., Any]) -> None:
            self._add(T(en, zh), renamed(source_of(function), self.function), fails)

        return keep

    def swap(self, en: str, zh: str, *swaps: tuple[str, str], fails: str = "") -> None:
        """A wrong answer that differs from the solution in a few places."""
        self._add(T(en, zh), self._swapped(swaps), fails)

    def _add(self, cause: T, source: str, fails: str) -> None:
        self.wrongs.append(Wrong(cause, source, tuple(fails.split()) or self.parts))

    def _swapped(self, swaps: Iterable[tuple[str, str]]) -> str:
        source = self.source
        for old, new in swaps:
            if old not in source:
                raise ValueError(f"{self.name}: {old!r} does not occur in the solution")
            source = source.replace(old, new)
        return source

    def example(self, en: str, zh: str, *arguments: Any) -> None:
        self.examples.append(Case(T(en, zh), arguments))

    def edge(self, en: str, zh: str, *arguments: Any) -> None:
        self.edges.append(Case(T(en, zh), arguments))

    def draw(self, function: Callable[[np.random.Generator], tuple[Any, ...]]) -> None:
        """How the arguments of a case are drawn."""
        self.drawn = function

    def script(self, part: str, code: str) -> None:
        """A test in code, beside the cases of a part or in their place; `SEED` in it becomes a number drawn for the course."""
        self.scripts[part] = textwrap.dedent(code).strip()

    def cases(self, part: str, seed: int) -> list[Case]:
        if part == "edge":
            return self.edges
        found = list(self.examples) if part == "visible" else []
        if self.drawn is not None:
            # the visible cases are the same in each course
            rng = np.random.default_rng([zlib.crc32(self.name.encode()), *([] if part == "visible" else [seed, 1])])
            for i in range(self.draws[part == "hidden"]):
                found.append(Case(T(f"drawn numbers {i + 1}", f"随机抽取的数 {i + 1}"), self.drawn(rng)))
        return found


@dataclass(kw_only=True)
class ChoiceTask(Task):
    """Coded choices and numbers to read, each with half a point or so of its own."""

    function: str
    each: float
    items: Sequence[Item | Value]

    @property
    def points(self) -> Fraction:
        return Fraction(str(self.each)) * len(self.items)


@dataclass(kw_only=True)
class WordsTask(Task):
    """An answer in words, graded by hand; `samples` are answers with the points that the rubric gives them."""

    worth: float
    rubric: T
    model: T
    samples: Sequence[tuple[float, T]]

    @property
    def points(self) -> Fraction:
        return Fraction(str(self.worth))


@dataclass(kw_only=True)
class Notebook:
    slug: str
    chapter: str
    title: T
    about: T
    minutes: int
    setup: str = ""
    tasks: list[Task] = field(default_factory=list)

    def code(self, name: str, kind: Literal["derive", "implement", "repair"], split: tuple[float, ...], **texts: Any) -> CodeTask:
        """Add a function to write: title, text and hints; then fill the task."""
        task = CodeTask(name=f"{self.slug[:2]}-{name}", kind=kind, split=split, **texts)
        self.tasks.append(task)
        return task

    def choice(self, name: str, kind: Literal["read", "judge"], each: float, items: Sequence[Item | Value], **texts: Any) -> None:
        """Add coded choices and numbers to read, `each` of them worth the same: title, text and hints."""
        function = name.replace("-", "_")
        self.tasks.append(ChoiceTask(name=f"{self.slug[:2]}-{name}", kind=kind, function=function, each=each, items=items, **texts))

    def words(self, name: str, worth: float, **texts: Any) -> None:
        """Add an answer in words: title, text, rubric, model, samples and hints."""
        self.tasks.append(WordsTask(name=f"{self.slug[:2]}-{name}", kind="words", worth=worth, **texts))

    @property
    def points(self) -> Fraction:
        return sum((task.points for task in self.tasks), Fraction())

    def namespace(self) -> Namespace:
        """What the locked set-up cell defines; data are shared, since tests hand out copies."""
        return dict(_namespace(setup_source(self, "en")))


@functools.cache
def _namespace(source: str) -> Namespace:
    names: Namespace = {"__name__": "__main__"}
    with own_modules():
        execute(source, names)
    return names


def execute(source: str, names: Namespace) -> None:
    """Run a cell without its output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(source, "<cell>", "exec"), names)


def distributions(rng: np.random.Generator, concentration: float, classes: int, shape: tuple[int, ...] = (), digits: int = 3) -> np.ndarray:
    """Drawn rows of probabilities of at least 0.01, with few digits, whose decimals sum to 1 and not to 0.999."""
    units = 10**digits
    least = max(1, units // 100)
    counts = np.floor(rng.dirichlet(np.full(classes, concentration), shape) * (units - classes * least)) + least
    counts[..., -1] += units - counts.sum(axis=-1)
    return counts / units


# ------------------------------------------------------------------ sources


def source_of(function: Callable[..., Any]) -> str:
    """The text of a function without its decorators."""
    source = textwrap.dedent(inspect.getsource(function))
    return source[re.search(r"^def ", source, re.MULTILINE).start() :].rstrip() + "\n"  # type: ignore[union-attr]  # a function has a def


def renamed(source: str, name: str) -> str:
    return re.sub(r"^def \w+\(", f"def {name}(", source, count=1)


def with_marks(source: str) -> str:
    """The solution with the marks between which the release has none: all below the docstring."""
    lines, function = source.splitlines(), ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    end = function.body[0].end_lineno
    assert ast.get_docstring(function) is not None and end is not None
    return "\n".join([*lines[:end], "    ### BEGIN SOLUTION", *lines[end:], "    ### END SOLUTION"])


def in_language(source: str, language: str) -> str:
    """Put one language in place of each T("...", "...") of a program."""
    found = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "T" and len(node.args) == 2
    ]
    lines = source.encode().splitlines(keepends=True)  # columns count bytes
    text = source.encode()

    def offset(line: int, column: int) -> int:
        return sum(len(part) for part in lines[: line - 1]) + column

    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        chosen = node.args[LANGUAGES.index(language)]
        start, stop = offset(node.lineno, node.col_offset), offset(node.end_lineno, node.end_col_offset)
        inner = text[offset(chosen.lineno, chosen.col_offset) : offset(chosen.end_lineno, chosen.end_col_offset)]
        text = text[:start] + inner + text[stop:]
    return text.decode()


def setup_source(notebook: Notebook, language: str) -> str:
    text = SETUP.read_text("utf-8")
    text = text[text.index("\nimport sys") + 1 :]
    if notebook.setup:
        text += "\n\n" + textwrap.dedent(notebook.setup).strip() + "\n"
    return in_language(text, language).rstrip()


# ------------------------------------------------------------------ values in test cells


def literal(value: Any) -> str:
    """An argument as a program writes it."""
    if isinstance(value, Data):
        return value.source
    if isinstance(value, torch.Tensor):
        return f"torch.tensor({literal(value.tolist())}, dtype={value.dtype})"
    if isinstance(value, np.ndarray):
        kind = "" if value.dtype in (np.float64, np.int64, np.bool_) and value.size else f", dtype=np.{value.dtype}"
        return f"np.array({literal(value.tolist())}{kind})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list | tuple):
        return ("[{}]" if isinstance(value, list) else "({},)" if len(value) == 1 else "({})").format(", ".join(map(literal, value)))
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return "nan" if np.isnan(value) else "inf" if value > 0 else "-inf"
    return repr(value)


class Data(NamedTuple):
    """An argument that the set-up cell holds, such as real images: `source` is how a test writes it."""

    source: str


def rounded(value: Any) -> Any:
    """An answer as plain lists, dicts and numbers of seven digits."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(part) for part in value]
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    if isinstance(value, str | bool | int | None):
        return value
    return float(f"{float(value):.7g}") + 0.0


def answer_of(source: str, function: str, case: Case, names: Namespace) -> Any:
    """What a program answers to a case; an exception is an answer as well."""
    own = dict(names)
    try:
        execute(source, own)
        arguments = tuple(own_value(argument, own) for argument in copy.deepcopy(case.arguments))
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return rounded(own[function](*arguments))
    except Exception as error:
        return error


def own_value(argument: Any, names: Namespace) -> Any:
    return eval(argument.source, names) if isinstance(argument, Data) else argument


# ------------------------------------------------------------------ cells


def points_text(points: Fraction | float, language: str) -> str:
    number = f"{float(points):g}"
    if language == "zh":
        return f"{number} 分"
    return f"{number} point" + ("" if number == "1" else "s")


def code_tests(task: CodeTask, names: Namespace, language: str, seed: int) -> dict[str, str]:
    """The test cells of a task by part."""
    same, index, found = names["same"], LANGUAGES.index(language), {}
    for part in task.parts:
        lines: list[str] = []
        for case in task.cases(part, seed):
            expected = answer_of(task.source, task.function, case, names)
            if isinstance(expected, Exception):
                raise ValueError(f"{task.name}: the solution fails on {case}: {expected}") from expected
            causes: list[tuple[Any, str]] = []  # wrong answers with the same value share a line
            for wrong in task.wrongs:
                value = answer_of(wrong.source, task.function, case, names)
                if isinstance(value, Exception) or value is None or same(value, expected, task.rtol):
                    continue
                twin = next((i for i, (other, _) in enumerate(causes) if same(value, other, task.rtol)), None)
                if twin is None:
                    causes.append((value, wrong.cause[index]))
                elif wrong.cause[index] not in causes[twin][1]:
                    causes[twin] = (causes[twin][0], causes[twin][1] + (" Or: ", "或者：")[index] + wrong.cause[index])
            call = f"{task.function}({', '.join(map(literal, case.arguments))})"
            tolerance = "" if task.rtol == 1e-4 else f", rtol={task.rtol:g}"
            head = f"check({task.function + ' (' + case.label[index] + ')'!r}, {call}, {literal(expected)}"
            rows = [f"    ({literal(value)}, {cause!r})," for value, cause in causes]
            lines += [f"{head}, [", *rows, f"]{tolerance})"] if rows else [f"{head}{tolerance})"]
        if part in task.scripts:
            number = int(np.random.default_rng([zlib.crc32(task.name.encode()), 0 if part == "visible" else seed + 2]).integers(1, 10_000))
            lines.append(in_language(re.sub(r"\bSEED\b", str(number), task.scripts[part]), language))
        found[part] = "\n".join(lines)
    return found


def choice_tests(task: ChoiceTask, language: str) -> dict[str, str]:
    index = LANGUAGES.index(language)
    codes = {item.key: list(item.options) if isinstance(item, Item) else "number" for item in task.items}
    found = {"visible": f"choices({task.function!r}, {task.function}(), {codes!r})"}
    for item in task.items:
        if isinstance(item, Item):
            messages = {code: message[index] for code, (_, message) in item.options.items() if message is not None}
            found[item.key] = f"choose({task.function!r}, {task.function}(), {item.key!r}, {item.right!r}, {messages!r})"
        else:
            rows = [(value, cause[index]) for value, cause in item.wrong]
            found[item.key] = f"read({task.function!r}, {task.function}(), {item.key!r}, {item.right!r}, {item.tolerance!r}, {rows!r})"
    return found


def cell(kind: str, source: str, identity: str, **nbgrader: Any) -> nbformat.NotebookNode:
    made = nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_markdown_cell(source)
    made["id"] = identity
    if nbgrader:
        made["metadata"]["nbgrader"] = {
            **{"grade": False, "grade_id": identity, "locked": True, "schema_version": 3, "solution": False, "task": False},
            **nbgrader,
        }
    return made


def test_cells(task: CodeTask | ChoiceTask, tests: Mapping[str, str], language: str) -> list[nbformat.NotebookNode]:
    made = []
    for part, code in tests.items():
        points: float = 0 if part == "visible" else task.each if isinstance(task, ChoiceTask) else 0
        if isinstance(task, CodeTask):
            points = task.split[task.parts.index(part)]
        said = points_text(points, language)
        if part == "visible":
            text = f"# Visible tests ({said})" if language == "en" else f"# 可见测试（{said}）"
        else:
            head = f"# Hidden tests ({said})" if language == "en" else f"# 隐藏测试（{said}）"
            text = f"{head}\n### BEGIN HIDDEN TESTS\n{code}\n### END HIDDEN TESTS"
        source = text if part != "visible" else f"{text}\n{code}"
        made.append(cell("code", source, f"{task.name}-{part}", grade=True, points=float(points)))
    return made


def task_text(task: Task, number: int, language: str) -> str:
    index = LANGUAGES.index(language)
    head = f"## Task {number} · {task.title.en} ({points_text(task.points, 'en')})"
    if language == "zh":
        head = f"## 任务 {number} · {task.title.zh}（{points_text(task.points, 'zh')}）"
    parts = [head, textwrap.dedent(task.text[index]).strip()]
    if isinstance(task, ChoiceTask):
        parts.append(_questions(task, index))
    if isinstance(task, WordsTask):
        parts.append(("*This answer is graded by hand.*", "*本题人工评分。*")[index])
    names = (T("Hint 1: idea", "提示 1：思路"), T("Hint 2: formula", "提示 2：公式"), T("Hint 3: first line", "提示 3：第一行"))
    for name, hint in zip(names, task.hints, strict=True):
        parts.append(f"<details><summary>{name[index]}</summary>\n\n{textwrap.dedent(hint[index]).strip()}\n\n</details>")
    return "\n\n".join(parts)


def _questions(task: ChoiceTask, index: int) -> str:
    """The questions; options that all of them share are said once."""
    colon = (": ", "：")[index]
    options = [
        "".join(f"\n  - `{code!r}`{colon}{text[index]}" for code, (text, _) in item.options.items()) if isinstance(item, Item) else ""
        for item in task.items
    ]
    shared = len(set(options)) == 1 and len(options) > 1 and options[0]
    lines = [f"- `{item.key}`{colon}{item.question[index]}" + ("" if shared else text) for item, text in zip(task.items, options, strict=True)]
    if shared:
        head = ("The codes are the same for each question:", "每道题的选项相同：")[index]
        lines.append(f"\n{head}\n" + options[0].replace("\n  - ", "\n- "))
    return "\n".join(lines)


def answer_cell(task: Task, language: str) -> nbformat.NotebookNode:
    if isinstance(task, CodeTask):
        return cell("code", with_marks(task.source), task.name, locked=False, solution=True)
    if isinstance(task, ChoiceTask):
        rows = ", ".join(f'"{item.key}": {item.right!r}' for item in task.items)
        doc = "Returns a dict with one code or number for each question."
        source = f'def {task.function}():\n    """{doc}"""\n    return {{{rows}}}\n'
        return cell("code", with_marks(source), task.name, locked=False, solution=True)
    assert isinstance(task, WordsTask)
    index = LANGUAGES.index(language)
    mark = ("*Sample: {}.* ", "*评分示例（{}）：*")[index]
    given = "\n\n".join(mark.format(points_text(points, language)) + text[index] for points, text in task.samples)
    model, rubric = (textwrap.dedent(text[index]).strip() for text in (task.model, task.rubric))
    head = ("*Rubric.* ", "*评分标准：*")[index]
    source = f"### BEGIN SOLUTION\n{model}\n\n{head}{rubric}\n\n{given}\n### END SOLUTION"
    return cell("markdown", source, task.name, grade=True, points=float(task.points), locked=False, solution=True)


def introduction(notebook: Notebook, language: str) -> str:
    count = len(notebook.tasks)
    if language == "zh":
        return textwrap.dedent(f"""\
            # {notebook.slug[:2]} · {notebook.title.zh}

            {notebook.about.zh}
            共 {count} 个任务，{points_text(notebook.points, "zh")}，约 {notebook.minutes} 分钟。

            - 在写有 `YOUR CODE HERE` 或 `YOUR ANSWER HERE` 的单元格里作答，其他单元格保持原样。
            - 答案是普通数据的函数：输入张量、数组和数，输出张量、数组、数、列表或字典。
            - NumPy 或 torch、循环或向量化，都可以。`kdtutor` 在这里只能用 `data`、`models` 和 `plots`：其余要自己写。
            - 任务下面的测试只是评分的一部分；选择题和读表题下面的测试只检查格式。**评分时还会运行隐藏的测试**；可见测试全部通过，不等于得满分。
            - 每个任务有三条提示，从笼统到具体。请逐条打开。""")
    return textwrap.dedent(f"""\
        # {notebook.slug[:2]} · {notebook.title.en}

        {notebook.about.en}
        {count} tasks, {points_text(notebook.points, "en")}, about {notebook.minutes} minutes.

        - Write your answers into the cells that say `YOUR CODE HERE` or `YOUR ANSWER HERE`, and leave the other cells as they are.
        - Answers are functions of plain data: tensors, arrays and numbers in; tensors, arrays, numbers, lists or dicts out.
        - NumPy or torch, loop or vectorised: all are welcome.
          Of the package `kdtutor` only `data`, `models` and `plots` are here: the rest is your work.
        - The tests below a task are a part of the grading; under a choice or a table they check the form only.
          **Hidden tests run when the notebook is graded**;
          that the visible ones pass does not mean that all points are yours.
        - Each task has three hints, from vague to plain. Open them one at a time.""")


END = T(
    '---\n\nThat is all. "Validate" runs the visible tests in a fresh kernel. Hidden tests run at grading.',
    "---\n\n全部任务到此为止。“Validate” 会在新的内核里运行可见测试。隐藏测试在评分时运行。",
)


def build(notebook: Notebook, *, language: str = "en", seed: int = 0) -> nbformat.NotebookNode:
    """The notebook with solutions and all tests, not yet run."""
    names = notebook.namespace()
    cells = [cell("markdown", introduction(notebook, language), "intro"), cell("code", setup_source(notebook, language), "setup", grade=False)]
    cells[1].metadata.nbgrader["grade_id"] = f"{notebook.slug[:2]}-setup"
    for number, task in enumerate(notebook.tasks, 1):
        cells.append(cell("markdown", task_text(task, number, language), f"{task.name}-task", grade=False))
        cells.append(answer_cell(task, language))
        if isinstance(task, CodeTask):
            cells += test_cells(task, code_tests(task, names, language, seed), language)
        elif isinstance(task, ChoiceTask):
            cells += test_cells(task, choice_tests(task, language), language)
    cells.append(cell("markdown", END[LANGUAGES.index(language)], "end"))
    made = nbformat.v4.new_notebook(cells=cells)
    made.metadata = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, "language_info": {"name": "python"}}
    return made
