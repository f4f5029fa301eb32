"""Prove the graders: each prepared answer, right or wrong, gets the points that it deserves, whatever seed a course sets.

Wrong and right answers stand beside their tasks in tasks/. A second set, written from the text of a task alone and never used to write a test,
stands in tests/exercises/answers/NN-slug.py, each answer below a line

    # %% TASK | right or wrong | name

An answer is run with the notebook's locked set-up and no other answer.

Run: python tools/graders.py [NN-slug ...]   (print what is not as it should be; without names, write book/appendix/graders.json as well)
     python tools/graders.py --check         (fail if an answer gets other points or another message, or the table is stale)
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

import solutions
from grader import plain
from tasks import form

ROOT = Path(__file__).resolve().parents[1]
ANSWERS = ROOT / "tests" / "exercises" / "answers"
TABLE = ROOT / "book" / "appendix" / "graders.json"
SEEDS = (0, 1, 2, 3, 4)
TRIVIAL = ("0.0", "1.0", "None", "args[0]", "args[-1]", "'text'", "{}", "np.zeros_like(np.asarray(args[0], dtype=float))")


class Answer(NamedTuple):
    task: str
    kind: str  # right, wrong, or trivial
    name: str
    source: str
    fails: frozenset[str] | None  # parts that it must fail; None: at least one
    words: str


class Outcome(NamedTuple):
    failed: frozenset[str]
    lost: float
    messages: tuple[str, ...]


def independent(notebook: str) -> list[Answer]:
    """The answers that were written from the task's text alone."""
    path, found = ANSWERS / f"{notebook}.py", []
    for block in path.read_text("utf-8").split("# %% ")[1:] if path.exists() else []:
        head, _, source = block.partition("\n")
        task, kind, name = (part.strip() for part in head.split(" | "))
        if kind not in ("right", "wrong"):
            raise ValueError(f"{notebook}: {name}: expected 'right' or 'wrong', got {kind!r}")
        found.append(Answer(task, kind, name, source, frozenset() if kind == "right" else None, ""))
    return found


def prepared(task: form.CodeTask) -> list[Answer]:
    """The answers beside a task, and trivial ones."""
    found = [Answer(task.name, "right", "the solution", task.source, frozenset(), "")]
    found += [Answer(task.name, "right", f"right answer {i}", source, frozenset(), "") for i, source in enumerate(task.rights, 1)]
    found += [Answer(task.name, "wrong", wrong.cause.en, wrong.source, frozenset(wrong.fails), wrong.cause.en) for wrong in task.wrongs]
    for value in TRIVIAL:
        found.append(Answer(task.name, "trivial", value, f"def {task.function}(*args):\n    return {value}\n", frozenset(task.parts), ""))
    untouched = f"def {task.function}(*args):\n    raise NotImplementedError()\n"
    return [*found, Answer(task.name, "trivial", "untouched", untouched, frozenset(task.parts), "")]


def from_afar(function: Callable[..., object]) -> Callable[..., object]:
    """An answer as a test in another process sees it: plain data go in, plain data come out, and nothing else is shared."""
    return lambda *arguments: plain.through(function(*plain.through(arguments)))


def grade(names: form.Namespace, function: str, source: str, tests: dict[str, str], points: dict[str, float]) -> Outcome:
    """Which test cells fail: a cell counts whole or not at all. The tests hold nothing of the answer's namespace but its function."""
    own, failed, messages, broken = dict(names), [], [], ""
    try:
        form.execute(source, own)
    except (Exception, SystemExit) as error:
        broken = f"{type(error).__name__}: {error}"
    for part, test in tests.items():
        trusted = dict(names)
        if callable(own.get(function)):
            trusted[function] = from_afar(own[function])
        try:
            form.execute(test, trusted)
        except (Exception, SystemExit) as error:
            failed.append(part)
            messages.append(str(error) if isinstance(error, AssertionError) else broken or f"{type(error).__name__}: {error}")
    return Outcome(frozenset(failed), sum(points[part] for part in failed), tuple(messages))


def faults(answer: Answer, outcome: Outcome) -> list[str]:
    """What is not as it should be."""
    found, first = [], outcome.messages[0] if outcome.messages else ""
    if answer.fails is None and not outcome.lost:
        found.append("must lose points and keeps all")
    elif answer.fails is not None and outcome.failed != answer.fails:
        found.append(f"must fail {sorted(answer.fails) or 'no test'}, fails {sorted(outcome.failed) or 'no test'}: {first}")
    named = any(answer.words in message for message in outcome.messages)
    raised = first.split(":")[0].endswith("Error") or "should" in first or "returned None" in first
    if answer.words and outcome.failed and not named and not raised:
        found.append(f"no message names its cause: {first}")
    return [f"{answer.task}: {answer.kind}: {answer.name}: {text}" for text in found]


def row(task: form.Task, answer: str, kind: str, outcome: Outcome, message: str) -> dict[str, str]:
    """A line of the table."""
    return {"task": task.name, "answer": answer, "kind": kind, "lost": f"{outcome.lost:g} of {float(task.points):g}", "message": message}


def prove_code(notebook: form.Notebook, task: form.CodeTask, others: list[Answer]) -> tuple[list[dict[str, str]], list[str]]:
    names, rows, bad = notebook.namespace(), [], []
    points = dict(zip(task.parts, task.split, strict=True))
    answers = prepared(task) + [answer for answer in others if answer.task == task.name]
    for seed in SEEDS:
        tests = form.code_tests(task, names, "en", seed)
        for answer in answers:
            outcome = grade(names, task.function, answer.source, tests, points)
            bad += [f"{text} (seed {seed})" for text in faults(answer, outcome)]
            if seed == SEEDS[0] and answer.kind != "trivial":
                own = next((message for message in outcome.messages if answer.words and answer.words in message), "")
                seen = answer.words if own else outcome.messages[0].split(". ")[-1] if "visible" in outcome.failed else ""
                rows.append(row(task, answer.name, answer.kind, outcome, seen or "a hidden test" * bool(outcome.failed)))
    return rows, bad


def prove_choice(notebook: form.Notebook, task: form.ChoiceTask, others: list[Answer]) -> tuple[list[dict[str, str]], list[str]]:
    """Each wrong choice must lose the points of its item, and of no other, with its own message."""
    names, rows, bad = notebook.namespace(), [], []
    tests, right = form.choice_tests(task, "en"), {item.key: item.right for item in task.items}
    points = {part: 0 if part == "visible" else task.each for part in tests}
    tried: list[tuple[str, object, frozenset[str], str]] = [("", None, frozenset(), "")]
    for item in task.items:
        if isinstance(item, form.Item):
            tried += [(item.key, code, frozenset({item.key}), message.en) for code, (_, message) in item.options.items() if message is not None]
        else:
            tried += [(item.key, value, frozenset({item.key}), cause.en) for value, cause in item.wrong]
            tried += [(item.key, item.right + sign * 0.9 * item.tolerance, frozenset(), "") for sign in (-1, 1)]
            tried += [(item.key, item.right + sign * 1.5 * item.tolerance, frozenset({item.key}), "") for sign in (-1, 1)]
    for key, value, fails, words in tried:
        answer = Answer(task.name, "wrong" if fails else "right", f"{key}: {value}", "", fails, words)
        chosen = right | ({key: value} if key else {})
        outcome = grade(names, task.function, f"def {task.function}():\n    return {chosen!r}\n", tests, points)
        bad += faults(answer, outcome)
        if words:
            rows.append(row(task, f"{key}: {value}", "wrong", outcome, words))
    for answer in (answer for answer in others if answer.task == task.name):
        outcome = grade(names, task.function, answer.source, tests, points)
        bad += faults(answer, outcome)
        rows.append(row(task, answer.name, answer.kind, outcome, outcome.messages[0] if outcome.messages else ""))
    empty = grade(names, task.function, f"def {task.function}():\n    return {{}}\n", tests, points)
    if empty.lost != float(task.points):
        bad.append(f"{task.name}: an empty answer keeps points")
    return rows, bad


def prove(notebook: form.Notebook) -> tuple[list[dict[str, str]], list[str]]:
    """Rows of the table, and faults."""
    rows, bad, others = [], [], independent(notebook.slug)
    for task in notebook.tasks:
        if isinstance(task, form.WordsTask):
            continue
        more, worse = prove_code(notebook, task, others) if isinstance(task, form.CodeTask) else prove_choice(notebook, task, others)
        rows, bad = rows + more, bad + worse
    known = {task.name for task in notebook.tasks}
    bad += [f"{answer.task}: no such task" for answer in others if answer.task not in known]
    return rows, bad


def prove_by_name(name: str) -> tuple[list[dict[str, str]], list[str]]:
    """For another process, to which only the name is sent."""
    torch.set_num_threads(1)
    np.seterr(all="ignore")
    return prove(solutions.notebooks()[name])


def main(arguments: list[str]) -> int:
    check, found = "--check" in arguments, solutions.notebooks()
    chosen = [name for name in arguments if not name.startswith("--")] or list(found)
    rows, bad = [], []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for name, (more, worse) in zip(chosen, pool.map(prove_by_name, chosen), strict=True):
            rows += [{"notebook": name, **row} for row in more]
            bad += [f"{name}: {text}" for text in worse]
    text = json.dumps(rows, indent=1, ensure_ascii=False) + "\n"
    if chosen == list(found):
        if check and (not TABLE.exists() or TABLE.read_text("utf-8") != text):
            bad.append("book/appendix/graders.json is stale: run 'make exercises'")
        elif not check:
            TABLE.write_text(text, "utf-8")
    wrong = [row for row in rows if row["kind"] == "wrong"]
    caught = sum(not row["lost"].startswith("0 ") for row in wrong)
    kept = sum(row["lost"].startswith("0 ") for row in rows if row["kind"] == "right")
    print(f"{caught} of {len(wrong)} wrong answers lose points, {kept} of {len(rows) - len(wrong)} right answers keep them all")
    print("\n".join(bad))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
