"""Take a submission in: never repair it, but make a clean notebook from the released one and take over the student's text alone.

Metadata, outputs, attachments, locked cells and test cells never come from the student. What is odd is flagged, and what can be read is graded.
"""

from __future__ import annotations

import copy
import json
import os
import re
import stat
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

LARGEST, CELLS, CHARACTERS = 10 << 20, 400, 200_000
Cell = dict[str, Any]


class Flag(NamedTuple):
    """Something odd: what, where, and what to do about it, in English and Chinese."""

    kind: str
    where: str
    advice: tuple[str, str]

    def text(self, language: str = "en") -> str:
        said = f"{self.kind} {self.where}".strip()
        return f"{said}: {self.advice[0]}" if language == "en" else f"{said}：{self.advice[1]}"


class UnreadableError(ValueError):
    """A file that holds no notebook; `flag` says what to hand in."""

    def __init__(self, english: str, chinese: str) -> None:
        super().__init__(english)
        self.flag = Flag("unreadable", "", (english, chinese))


class Course(NamedTuple):
    """One notebook of the course in one language: the cells of the release with all tests, hidden ones as well."""

    name: str
    language: str
    notebook: nbformat.NotebookNode

    @property
    def functions(self) -> set[str]:
        """What the tests may call: functions that an answer cell defines."""
        sources = [cell.source for cell in self.notebook.cells if cell.cell_type == "code" and is_answer(cell)]
        return {name for source in sources for name in re.findall(r"^def (\w+)", source, re.M)}  # at home a cell may not parse


def nbgrader(cell: Any) -> dict[str, Any]:
    """The nbgrader metadata of a cell, empty if there are none or they are malformed."""
    metadata = cell.get("metadata")
    found = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    return found if isinstance(found, dict) else {}


def is_answer(cell: Any) -> bool:
    return nbgrader(cell).get("solution") is True


def is_test(cell: Any) -> bool:
    return nbgrader(cell).get("grade") is True and not is_answer(cell)


def is_locked(cell: Any) -> bool:
    return bool(nbgrader(cell).get("locked")) and not is_test(cell) and not is_answer(cell)


def combine(name: str, language: str, source: nbformat.NotebookNode, release: nbformat.NotebookNode) -> Course:
    """A course from what the author wrote and what was released: the tests of the one, everything else of the other."""
    tests = {identity(cell): cell for cell in source.cells if is_test(cell)}
    made = copy.deepcopy(release)
    made.cells = [copy.deepcopy(tests[identity(cell)]) if is_test(cell) else cell for cell in made.cells]
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return Course(name, language, made)


def identity(cell: Any) -> str | None:
    found = nbgrader(cell).get("grade_id")
    return found if isinstance(found, str) else None


def text(cell: Any) -> str:
    """The source of a cell, whatever form it has."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    if not isinstance(source, str):
        return ""
    source = source.replace("\r\n", "\n").replace("\r", "\n")[:CHARACTERS]
    return source.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be stored


def fetch(path: Path) -> bytes:
    """The bytes of a plain file of a bearable size."""
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise UnreadableError("it is a link or no plain file; hand in the notebook itself", "它是链接，或不是普通文件；请直接提交笔记本文件")
        with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise UnreadableError(f"it could not be opened ({type(error).__name__})", f"无法打开（{type(error).__name__}）") from None
    if len(raw) > LARGEST:
        raise UnreadableError(
            f"it has more than {LARGEST >> 20} MB; clear the outputs and save it again", f"超过 {LARGEST >> 20} MB；请清除输出后重新保存"
        )
    return raw


def cells_of(raw: bytes) -> list[Cell]:
    """The cells of a file, from which nothing but texts and names may be used."""
    try:
        content = json.loads(raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"))
        if not isinstance(content, dict) or content.get("nbformat") not in (3, 4, 5):
            raise UnreadableError(
                "it is no Jupyter notebook of format 3 or 4; save it from JupyterLab as .ipynb",
                "它不是格式 3 或 4 的 Jupyter 笔记本；请在 JupyterLab 中另存为 .ipynb",
            )
        if content["nbformat"] == 3:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                content = nbformat.convert(nbformat.from_dict(content), 4)
    except UnreadableError:
        raise
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, LookupError) as error:
        kind = type(error).__name__
        raise UnreadableError(
            f"it cannot be read as a notebook ({kind}); open it in JupyterLab and save it again",
            f"不能作为笔记本读取（{kind}）；请在 JupyterLab 中打开并重新保存",
        ) from None
    cells = content.get("cells")
    cells = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    if len(cells) > CELLS:
        raise UnreadableError(
            f"it has {len(cells)} cells, at most {CELLS} are read; delete those that you do not need",
            f"它有 {len(cells)} 个单元格，最多读取 {CELLS} 个；请删除不需要的单元格",
        )
    return cells


def edition(cells: Iterable[Cell], courses: Sequence[Course]) -> Course:
    """The language in which a student worked: the one with more of its texts in the submission."""
    texts = {text(cell) for cell in cells}
    return max(courses, key=lambda course: sum(cell.source in texts for cell in course.notebook.cells))


def rebuild(cells: Iterable[Cell], course: Course) -> tuple[nbformat.NotebookNode, list[Flag]]:
    """A clean notebook with the student's answers and own cells in their places, and what was odd.

    An answer that stands in two cells is joined; one that is missing is left empty.
    """
    flags: list[Flag] = []
    released = course.notebook
    own = {found: cell for cell in released.cells if (found := identity(cell))}
    answers: dict[str, list[str]] = {}
    extra: dict[str | None, list[str]] = {}
    seen: set[str] = set()
    after: str | None = None
    for cell in cells:
        found = identity(cell)
        if found not in own and isinstance(cell.get("id"), str) and cell["id"] in own:
            found = cell["id"]  # the metadata were lost on the way
        if found in own:
            seen.add(found)
            after = found
            if is_answer(own[found]):
                answers.setdefault(found, []).append(text(cell))
                if len(answers[found]) == 2:
                    flags.append(
                        Flag("twice", found, ("both cells were read, one after the other; keep one of them", "两个单元格都已先后读取；请只留一个"))
                    )
            # a released test cell lacks its hidden part: only what it shows can be compared
            elif is_locked(own[found]) and text(cell).strip() != own[found].source.strip():
                flags.append(Flag("changed", found, ("this cell belongs to the course; the original was used", "这个单元格属于课程；已改用原件")))
        elif cell.get("cell_type") == "code" and text(cell).strip():
            extra.setdefault(after, []).append(text(cell))
            if found:
                advice = (
                    "no cell of this notebook has this name; it was run as a cell of your own",
                    "本笔记本没有这个名字的单元格；已作为你自己的单元格运行",
                )
                flags.append(Flag("unknown", found[:40], advice))
    made = copy.deepcopy(released)
    made.cells, number = [], 0
    for cell in [None, *copy.deepcopy(released.cells)]:
        found = None if cell is None else identity(cell)
        if cell is not None:
            if found and is_answer(cell):
                if found in answers:
                    cell.source = "\n\n".join(answers[found])
                else:  # the stub is left out: it could hide a function that stands in a cell of the student's own
                    cell.source = ""
                    flags.append(Flag("missing", found, ("no answer to this task was found", "没有找到本题的答案")))
            elif found and found not in seen:
                flags.append(Flag("missing", found, ("this cell belongs to the course and was put back", "这个单元格属于课程，已经放回")))
            made.cells.append(cell)
        if cell is None or found:
            for source in extra.pop(found, []):
                number += 1
                student = nbformat.v4.new_code_cell(source)
                student.id = f"student-{number}"
                made.cells.append(student)
    return made, flags
