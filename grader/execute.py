"""Run a rebuilt notebook: the student's cells in the sandbox, the tests here, where no line of the student's code runs."""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import nbformat
from nbformat.v4 import new_output

from grader import plain
from grader.intake import Course, is_locked, is_test
from grader.sandbox import Box, Session, StoppedError

CALL, AGAIN, NOTEBOOK = 10.0, 2.0, 120.0  # seconds
SHOWN = 600_000  # characters that a cell may show, pictures included


class StudentError(Exception):
    """What the student's code raised, where it is no built-in exception."""


def raised(name: str, text: str) -> Exception:
    """An exception of the same built-in kind, so that a test can ask for a ValueError."""
    kind = getattr(builtins, name, None)
    if isinstance(kind, type) and issubclass(kind, Exception):
        with contextlib.suppress(TypeError):
            return kind(text)
    return StudentError(f"{name}: {text}")


class Student:
    """The student's process, which is started again and brought back to where it was if a cell ends it."""

    def __init__(self, box: Box, end: float) -> None:
        self.box, self.end = box, end
        self.session: Session | None = None
        self.done: list[str] = []
        self.stopped: set[str] = set()  # functions that did not end

    def ask(self, most: float = CALL, **request: Any) -> dict[str, Any]:
        try:
            if self.session is None:
                self.session = self.box.open()
                for source in self.done:
                    self.session.ask(self._left(CALL), op="run", source=source)
            return self.session.ask(self._left(most), **request)
        except StoppedError:
            self.close()
            raise

    def _left(self, most: float) -> float:
        left = self.end - time.monotonic()
        if left <= 0:
            raise StoppedError("the time for this notebook is used up")
        return min(most, left)

    def run(self, source: str) -> dict[str, Any]:
        reply = self.ask(op="run", source=source)
        self.done.append(source)
        return reply

    def proxy(self, name: str) -> Callable[..., Any]:
        """The student's function, from afar."""

        def function(*arguments: Any) -> Any:
            try:  # a second loop is not waited for as long as the first one, so that it takes no time from other tasks
                reply = self.ask(AGAIN if name in self.stopped else CALL, op="call", name=name, arguments=plain.encode(arguments))
            except StoppedError:
                self.stopped.add(name)
                raise
            if reply.get("ok") is not True:
                raise raised(*error_of(reply))
            return plain.decode(reply.get("value"))

        function.__name__ = name
        return function

    def available(self, names: set[str]) -> set[str]:
        found = self.ask(op="names", names=sorted(names)).get("value")
        return {name for name in found if isinstance(name, str)} & names if isinstance(found, list) else set()

    def close(self) -> None:
        if self.session is not None:
            self.session.close()
        self.session = None


def error_of(reply: dict[str, Any]) -> tuple[str, str]:
    found = reply.get("error")
    if isinstance(found, list) and len(found) == 2 and all(isinstance(part, str) for part in found):
        return found[0][:60], found[1][:500]
    return "Error", "the process gave no reason"


def outputs_of(reply: dict[str, Any]) -> list[nbformat.NotebookNode]:
    """What a cell showed, if it is well-formed text or pictures, and not too much of it: the answer may be forged."""
    found, left = [], SHOWN
    shown = reply.get("outputs")
    for output in shown[:50] if isinstance(shown, list) else []:
        with contextlib.suppress(nbformat.ValidationError, AttributeError, TypeError, ValueError, KeyError, RecursionError):
            left -= len(json.dumps(output))
            if left < 0:
                break
            output = nbformat.from_dict(output)
            nbformat.validate(output, ref="output", version=4, version_minor=5)
            if output.output_type in ("stream", "display_data"):
                found.append(output)
    return found


def failure(name: str, text: str) -> nbformat.NotebookNode:
    return new_output("error", ename=name, evalue=text, traceback=[f"{name}: {text}"])


@contextlib.contextmanager
def own_modules() -> Iterator[None]:
    """A course's set-up hides modules from its notebook; that must not outlast the notebook here."""
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == "kdtutor"}
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "kdtutor"]:
            del sys.modules[name]
        sys.modules.update(before)


def run_test(source: str, names: dict[str, Any]) -> list[nbformat.NotebookNode]:
    """Run a test; its error is what the student sees, without the test's lines."""
    shown = io.StringIO()
    found = []
    try:
        with contextlib.redirect_stdout(shown), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, "<test>", "exec"), names)
    except StoppedError as error:
        found = [failure("Stopped", str(error))]
    except Exception as error:
        found = [failure(type(error).__name__, str(error))]
    text = [new_output("stream", name="stdout", text=shown.getvalue())] if shown.getvalue() else []
    return text + found


def run(notebook: nbformat.NotebookNode, course: Course, box: Box) -> None:
    """Run a rebuilt notebook in place."""
    student = Student(box, time.monotonic() + NOTEBOOK)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    wanted, names = course.functions, {"__name__": "__main__"}
    with own_modules():
        for cell in code:
            if is_locked(cell):
                exec(compile(cell.source, "<locked>", "exec"), names)
        for number, cell in enumerate(code, 1):
            cell.execution_count, cell.outputs = number, []
            try:
                if is_test(cell):
                    answers = {name: student.proxy(name) for name in student.available(wanted)}
                    cell.outputs = run_test(cell.source, names | answers)
                else:
                    reply = student.run(cell.source)
                    cell.outputs = outputs_of(reply)
                    if reply.get("ok") is not True:
                        cell.outputs.append(failure(*error_of(reply)))
            except StoppedError as error:
                cell.outputs.append(failure("Stopped", str(error)))
    student.close()
