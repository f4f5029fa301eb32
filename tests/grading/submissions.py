"""Submissions of every kind, made from any released notebook: honest, broken, cheating, attacking, greedy.

Each case has the bytes that are handed in, what they must score, and a flag that must be raised. A case changes one task of the solved notebook,
`task`, whose answer cell defines `function`; "all" means that every point is deserved, "rest" that all but this task's points are, "less" that this task's are lost
and later ones may be, since the trick breaks the student's own process.
"""

from __future__ import annotations

import copy
import json
import textwrap
from collections.abc import Callable
from typing import NamedTuple

import nbformat

from grader.intake import identity


class Case(NamedTuple):
    name: str
    group: str
    raw: bytes
    deserves: str  # "all", "rest", "less" or "nothing"
    flag: str


class Course(NamedTuple):
    """What the cases are made from."""

    solved: nbformat.NotebookNode
    task: str
    function: str
    secret: str  # a path that no submission may read


def answer(course: Course, source: str) -> nbformat.NotebookNode:
    """The solved notebook with another answer to the task."""
    made = copy.deepcopy(course.solved)
    for cell in made.cells:
        if identity(cell) == course.task:
            cell.source = textwrap.dedent(source)
    return made


def right(course: Course) -> str:
    return next(cell.source for cell in course.solved.cells if identity(cell) == course.task)


def written(notebook: nbformat.NotebookNode) -> bytes:
    return nbformat.writes(notebook).encode()


def with_cell(course: Course, source: str, place: int | None = None) -> bytes:
    """A cell of the student's own before the task's answer."""
    made = copy.deepcopy(course.solved)
    if place is None:
        place = next(i for i, cell in enumerate(made.cells) if identity(cell) == course.task)
    made.cells.insert(place, nbformat.v4.new_code_cell(textwrap.dedent(source)))
    return written(made)


def edited(course: Course, change: Callable[[nbformat.NotebookNode], object]) -> bytes:
    made = copy.deepcopy(course.solved)
    change(made)
    return json.dumps(made).encode()


def cell_of(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    return next(cell for cell in notebook.cells if identity(cell) == name)


def honest(course: Course) -> list[Case]:
    source, name = right(course), course.function
    body = source.replace("### BEGIN SOLUTION", "").replace("### END SOLUTION", "")

    def split_in_two(notebook):
        place = next(i for i, cell in enumerate(notebook.cells) if identity(cell) == course.task)
        again = copy.deepcopy(notebook.cells[place])
        again.id = "again"
        notebook.cells[place].source = "helper = 1"
        notebook.cells.insert(place + 1, again)

    def copied_test(notebook):
        place = next(i for i, cell in enumerate(notebook.cells) if identity(cell) == f"{course.task}-visible")
        again = copy.deepcopy(notebook.cells[place])
        again.id = "copied"
        notebook.cells.insert(place + 1, again)

    def out_of_order(notebook):
        notebook.cells = [notebook.cells[0], *notebook.cells[:0:-1]]

    def without_metadata(notebook):
        for cell in notebook.cells:
            cell.metadata = {}

    def without_ids(notebook):
        notebook.nbformat_minor = 4
        for cell in notebook.cells:
            del cell["id"]

    def lists(notebook):
        for cell in notebook.cells:
            cell["source"] = cell.source.splitlines(keepends=True)

    def old_schema(notebook):
        for cell in notebook.cells:
            if "nbgrader" in cell.metadata:
                cell.metadata.nbgrader.schema_version = 1

    solved = written(course.solved)
    values = {
        "as solved": solved,
        "warnings": written(answer(course, f"import warnings\nwarnings.warn('careful')\n{body}")),
        "prints to stderr": with_cell(course, "import sys\nprint('note', file=sys.stderr)"),
        "logging": with_cell(course, "import logging\nlogging.warning('a warning')"),
        "plots": with_cell(course, "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"),
        "the course's own plots and data": with_cell(course, "from kdtutor import data, models, plots\nprint(data.__name__)"),
        "prints a lot": with_cell(course, "for i in range(20000): print(i)"),
        "a cell that fails": with_cell(course, "1 / 0"),
        "a line magic": with_cell(course, "%precision 3"),
        "reads its own file back": with_cell(course, "open('notes.txt', 'w').write('x')\nassert open('notes.txt').read() == 'x'"),
        "an exported helper": with_cell(course, "def helper(x):\n    return x\nhelper(3)"),
        "answer in two cells": edited(course, split_in_two),
        "a copied test cell": edited(course, copied_test),
        "cells out of order": edited(course, out_of_order),
        "metadata lost": edited(course, without_metadata),
        "no cell ids": edited(course, without_ids),
        "sources as lists": edited(course, lists),
        "an old schema": edited(course, old_schema),
        "CRLF": edited(course, lambda notebook: [cell.update(source=cell.source.replace("\n", "\r\n")) for cell in notebook.cells]),
        "byte-order mark": b"\xef\xbb\xbf" + solved,
        "UTF-16": solved.decode().encode("utf-16"),
        "Unicode": written(answer(course, f"# Antwort der Schülerin · 学生的答案 🙂\n{body}")),
        "format 5": edited(course, lambda notebook: notebook.update(nbformat=5)),
        "another kernel": edited(course, lambda notebook: notebook.metadata.update(kernelspec={"name": "julia", "display_name": "Julia"})),
        "old outputs": edited(course, lambda notebook: cell_of(notebook, course.task).update(outputs=[nbformat.v4.new_output("stream", text="old")])),
        "lambda": written(answer(course, f"{body}\n_{name} = {name}\n{name} = lambda *a, **k: _{name}(*a, **k)")),
        "a decorated function": written(answer(course, f"import functools\n{body}\n{name} = functools.lru_cache(None)({name}) if False else {name}")),
        "a class with a call": written(
            answer(
                course,
                f"{body}\nclass Answer:\n    def __init__(self, f): self.f = f\n    def __call__(self, *a): return self.f(*a)\n{name} = Answer({name})",
            )
        ),
    }
    flags = {"answer in two cells": "twice", "an old schema": ""}
    return [Case(key, "honest", raw, "all", flags.get(key, "")) for key, raw in values.items()]


def broken(course: Course) -> list[Case]:
    solved = written(course.solved)
    deep = b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    unreadable = {
        "empty file": b"",
        "no JSON": b"no notebook",
        "half a file": solved[: len(solved) // 2],
        "a number": b"5",
        "a page": b"<html></html>",
        "bytes": bytes(range(256)) * 40,
        "format 99": solved.replace(b'"nbformat": 4', b'"nbformat": 99'),
        "a deep file": deep,
        "too large": solved + b" " * (10 << 20),
        "too many cells": edited(course, lambda notebook: notebook.cells.extend(nbformat.v4.new_markdown_cell("x") for _ in range(500))),
    }
    readable = {
        "cells that are no cells": (edited(course, lambda n: n.cells.extend([5, None, {"source": {}}, []])), "all", ""),
        "locked cell changed": (edited(course, lambda n: cell_of(n, f"{course.task}-task").update(source="mine")), "all", "changed"),
        "locked cell deleted": (edited(course, lambda n: n.cells.remove(cell_of(n, f"{course.task}-task"))), "all", "missing"),
        "set-up deleted": (edited(course, lambda n: n.cells.remove(n.cells[1])), "all", "missing"),
        "test deleted": (edited(course, lambda n: n.cells.remove(cell_of(n, f"{course.task}-hidden"))), "all", "missing"),
        "test made text": (edited(course, lambda n: cell_of(n, f"{course.task}-hidden").update(cell_type="markdown")), "all", ""),
        "answer deleted": (edited(course, lambda n: n.cells.remove(cell_of(n, course.task))), "rest", "missing"),
        "answer empty": (written(answer(course, "")), "rest", ""),
        "answer with a syntax error": (written(answer(course, "def (:")), "rest", ""),
        "an unknown name": (edited(course, lambda n: cell_of(n, "01-table").metadata.nbgrader.update(grade_id="mine")), "all", ""),
        "half a surrogate": (solved.replace(b"BEGIN SOLUTION", b"\\ud800 BEGIN", 1), "all", ""),
    }
    return [Case(name, "broken", raw, "nothing", "unreadable") for name, raw in unreadable.items()] + [
        Case(name, "broken", raw, deserves, flag) for name, (raw, deserves, flag) in readable.items()
    ]


def cheats(course: Course) -> list[Case]:
    name, wrong = course.function, f"def {course.function}(*a, **k):\n    return 0\n"
    values = {
        "redefined check": "check = same = refuses = plain = lambda *a, **k: True\n" + wrong,
        "patched numpy": "import numpy\nnumpy.allclose = lambda *a, **k: True\nnumpy.isnan = lambda *a: numpy.array(False)\n" + wrong,
        "patched builtins": "import builtins\nbuiltins.isinstance = lambda *a: True\nbuiltins.AssertionError = Warning\n" + wrong,
        "equal to everything": f"class All(float):\n    def __eq__(self, o): return True\n    def __sub__(self, o): return 0.0\n"
        f"    def __array__(self, *a, **k):\n        import numpy\n        return numpy.zeros(())\ndef {name}(*a):\n    return All(0)",
        "frames": f"import sys\ndef {name}(*a):\n    f = sys._getframe()\n    while f:\n        if 'expected' in f.f_locals: return f.f_locals['expected']\n        f = f.f_back\n    return 0",
        "garbage collector": f"import gc\ndef {name}(*a):\n    return next((o for o in gc.get_objects() if isinstance(o, dict) and 'expected' in o), {{}}).get('expected', 0)",
        "syntax transformer": "import ast\nclass No(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n    def visit_Expr(self, n): return ast.Pass()\n"
        "get_ipython().ast_transformers.append(No())\n" + wrong,
        "input transformer": "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass'])\n" + wrong,
        "post-run hook": "get_ipython().events.register('post_run_cell', lambda r: setattr(r, 'error_in_exec', None))\n" + wrong,
        "run_cell replaced": "type(get_ipython()).run_cell = lambda *a, **k: None\n" + wrong,
        "a result printed": wrong + "\nprint(1)\n1.0",
        "exception hook": "import sys\nsys.excepthook = lambda *a: None\nget_ipython().set_custom_exc((Exception,), lambda *a: None)\n" + wrong,
        "reads the solutions": f"import json\ntry:\n    exec(open({course.secret!r}).read())\nexcept OSError:\n    pass\n" + wrong,
        "reads a test from the history": f"def {name}(*a):\n    return In if 'In' in globals() else get_ipython().history_manager",
        "kdtutor by another path": "import importlib, sys\nfor m in ('losses', 'fidelity', 'calibration'):\n    sys.modules.pop('kdtutor.' + m, None)\n"
        "    try:\n        module = importlib.import_module('kdtutor.' + m)\n    except ImportError:\n        continue\n    raise SystemExit('found')\n"
        + wrong,
        "always right by exception": f"def {name}(*a):\n    raise AssertionError()",
        "SystemExit": f"def {name}(*a):\n    raise SystemExit(0)",
        "KeyboardInterrupt": f"def {name}(*a):\n    raise KeyboardInterrupt",
        "ends the process": f"def {name}(*a):\n    import os\n    os._exit(0)",
        "a generator": f"def {name}(*a):\n    yield 0",
        "a text": f"def {name}(*a):\n    return 'right'",
        "an object": f"def {name}(*a):\n    return object()",
        "no function": f"{name} = 5",
    }
    harms_itself = ("input transformer", "run_cell replaced")
    found = [Case(key, "cheat", written(answer(course, source)), "less" if key in harms_itself else "rest", "") for key, source in values.items()]

    def metadata(notebook):
        cell_of(notebook, course.task).source = wrong
        for cell in notebook.cells:
            if "points" in cell.metadata.get("nbgrader", {}):
                cell.metadata.nbgrader.points = 410

    def empty_tests(notebook):
        cell_of(notebook, course.task).source = wrong
        for part in ("visible", "hidden"):
            cell_of(notebook, f"{course.task}-{part}").source = "pass"

    found.append(Case("points raised", "cheat", edited(course, metadata), "rest", ""))
    found.append(Case("tests emptied", "cheat", edited(course, empty_tests), "rest", ""))
    return found


def attacks(course: Course) -> list[Case]:
    """Attacks on others, on the machine and on the protocol itself."""
    name = course.function
    find = "import socket, gc, os\nown = [o for o in gc.get_objects() if isinstance(o, socket.socket)]\n"
    values = {
        "network": f"import socket\ndef {name}(*a):\n    socket.create_connection(('1.1.1.1', 80), 2)\n    return 0",
        "reads the machine": f"import os\ndef {name}(*a):\n    return [p for p in ('/root', '/home', '/etc/passwd', {course.secret!r}) if os.path.exists(p)]",
        "writes outside": "import os\nfor p in ('/usr/x', '/etc/x', '/box/x', '/x'):\n    try: open(p, 'w').write('x')\n    except OSError: pass\n"
        f"def {name}(*a):\n    return 0",
        "kills all": f"import os, signal\ndef {name}(*a):\n    for pid in range(1, 60):\n        try: os.kill(pid, signal.SIGKILL)\n        except OSError: pass\n    return 0",
        "a daemon": f"import subprocess\nsubprocess.Popen(['sleep', '4711'], start_new_session=True)\ndef {name}(*a):\n    return 0",
        "writes to the grader's socket": find
        + f"def {name}(*a):\n    for s in own:\n        s.sendall(b'\\x00\\x00\\x00\\x0b{{\"ok\":true}}')\n    return 0",
        "a forged header": find + f"def {name}(*a):\n    for s in own:\n        s.sendall(b'\\xff\\xff\\xff\\xff')\n    return 0",
        "an endless answer": find
        + f"def {name}(*a):\n    for s in own:\n        s.sendall(b'\\x03\\x00\\x00\\x00')\n        while True: s.sendall(b'x' * 65536)",
        "deep nesting": f"def {name}(*a):\n    x = []\n    for _ in range(100000): x = [x]\n    return x",
        "a list in itself": f"def {name}(*a):\n    x = []\n    x.append(x)\n    return x",
        "a closed socket": find + f"def {name}(*a):\n    for s in own: s.close()\n    return 0",
        "a patched encoder": "import sys\nfor m in list(sys.modules.values()):\n    if hasattr(m, 'encode') and hasattr(m, 'NotPlainError'):\n        m.encode = lambda *a, **k: "
        f"{{'array': ['float64', [10**9, 10**9], '']}}\ndef {name}(*a):\n    return 0",
        "replies out of turn": "import sys, json\nfor m in list(sys.modules.values()):\n    if getattr(m, '__name__', '') == '__main__' and hasattr(m, 'write'):\n"
        f"        m.write = lambda c, r: None\ndef {name}(*a):\n    return 0",
        "a script in the page": f'from IPython.display import HTML, display\ndisplay(HTML(\'<script>document.title = "owned"</script><img src=x onerror="document.title=1">\'))\n'
        f"print('<script>document.title = \"owned\"</script>')\ndef {name}(*a):\n    raise ValueError('<script>document.title=\"owned\"</script>')",
    }
    return [
        Case(key, "attack", written(answer(course, source)), "less" if key == "a patched encoder" else "rest", "") for key, source in values.items()
    ]


def greedy(course: Course) -> list[Case]:
    name = course.function
    values = {
        "a loop": f"def {name}(*a):\n    while True: pass",
        "sleeps": f"import time\ndef {name}(*a):\n    time.sleep(1000)",
        "much memory": f"def {name}(*a):\n    x = []\n    while True: x.append(bytearray(50_000_000))",
        "a flood of output": "for i in range(3000): print('x' * 10000)\n" + f"def {name}(*a):\n    return 0",
        "a large answer": f"import numpy as np\ndef {name}(*a):\n    return np.zeros(50_000_000)",
        "many processes": f"import os, time\ndef {name}(*a):\n    while True:\n        if os.fork() == 0: time.sleep(100)",
        "a full disk": f"def {name}(*a):\n    i = 0\n    while True:\n        open(f'f{{i}}', 'wb').write(bytes(10_000_000))\n        i += 1",
        "recursion": f"def {name}(*a):\n    return {name}(*a)",
    }
    return [Case(key, "greedy", written(answer(course, source)), "rest", "") for key, source in values.items()]


def all_cases(course: Course) -> list[Case]:
    return [*honest(course), *broken(course), *cheats(course), *attacks(course), *greedy(course)]
