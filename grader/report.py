"""Tables for the instructor: scores, tasks, flags, statistics of each test, and a file for a learning platform."""

from __future__ import annotations

import csv
import io
import os
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from grader.intake import Flag


class Row(NamedTuple):
    """One submission."""

    student: str
    notebook: str
    sums: dict[str, Any] | None  # None: nothing was graded
    flags: tuple[Flag, ...]
    seconds: float
    unsafe: bool

    @property
    def state(self) -> str:
        said = "not graded: see the flags" if self.sums is None else "answers in words wait for a person" if self.sums["waits"] else "graded"
        return said + ", without a sandbox" * self.unsafe


def save(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    other = path.with_suffix(".part")
    other.write_text(text, "utf-8", newline="")
    os.replace(other, path)


def save_table(path: Path, lines: Iterable[Sequence[Any]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[plain(value) for value in line] for line in lines])
    save(path, text.getvalue())


def plain(value: Any) -> str:
    """A number in short form; a text that a spreadsheet takes for a formula gets a mark before it."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t") else text


def discrimination(scores: Sequence[float], rest: Sequence[float]) -> float | str:
    """Correlation of a test's score with the sum of the others: low where a test asks for something else, or is broken."""
    if len(scores) < 3 or len(set(scores)) < 2 or len(set(rest)) < 2:
        return ""
    return round(statistics.correlation(scores, rest), 2)


def write(folder: Path, rows: Sequence[Row]) -> None:
    """All tables of a course."""
    rows = sorted(rows)
    flags = [" | ".join(flag.text() for flag in row.flags) for row in rows]
    head = ["student", "notebook", "score", "max_score", "state", "penalty", "seconds", "flags"]
    save_table(folder / "scores.csv", [head, *(_scores(row, said) for row, said in zip(rows, flags, strict=True))])
    tests: list[list[Any]] = [["student", "notebook", "test", "score", "max_score"]]
    statistic: list[list[Any]] = [["notebook", "test", "submissions", "mean", "max_score", "discrimination"]]
    for name in sorted({row.notebook for row in rows}):
        sums = {row.student: row.sums for row in rows if row.notebook == name and row.sums is not None}
        tests += [[student, name, test, score, most] for student, own in sums.items() for test, (score, most, _) in own["cells"].items()]
        for test, (_, most, _) in next(iter(sums.values()))["cells"].items() if sums else ():
            scores = [own["cells"][test][0] for own in sums.values()]
            rest = [own["score"] + own["penalty"] - score for own, score in zip(sums.values(), scores, strict=True)]
            statistic.append([name, test, len(scores), round(statistics.fmean(scores), 3), most, discrimination(scores, rest)])
    save_table(folder / "tests.csv", tests)
    save_table(folder / "statistics.csv", statistic)
    names = sorted({row.notebook for row in rows})
    sum_of = {(row.student, row.notebook): row.sums["score"] if row.sums else "" for row in rows}
    students = sorted({row.student for row in rows})
    lines = [[student, *(sum_of.get((student, name), "") for name in names)] for student in students]
    save_table(folder / "platform.csv", [["student", *names], *lines])


def _scores(row: Row, flags: str) -> list[Any]:
    sums = row.sums or {"score": "", "max_score": "", "penalty": ""}
    return [row.student, row.notebook, sums["score"], sums["max_score"], row.state, sums["penalty"] or "", round(row.seconds, 2), flags]
