"""Grade many submissions at once. What is computed for one of them depends on its bytes and on the course alone."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from grader.execute import run
from grader.intake import Course, Flag, UnreadableError, cells_of, edition, rebuild
from grader.sandbox import Box, NoSandboxError

Jobs = Mapping[Any, tuple[bytes, Sequence[Course]]]
_boxes: dict[bool, Box] = {}
_one_at_a_time = threading.Lock()  # a box serves one submission, and tests run on this process's modules and output


class Result(NamedTuple):
    """A graded notebook as JSON, or an empty text where nothing could be graded."""

    notebook: str
    language: str
    flags: tuple[Flag, ...]
    seconds: float
    unsafe: bool

    def to_json(self) -> str:
        return json.dumps(self, ensure_ascii=False)

    @staticmethod
    def from_json(text: str) -> Result:
        notebook, language, flags, seconds, unsafe = json.loads(text)
        return Result(notebook, language, tuple(Flag(kind, where, tuple(advice)) for kind, where, advice in flags), seconds, unsafe)


def box(unsafe: bool) -> Box:
    """This process's box, a new one if the last has ended."""
    if unsafe not in _boxes or not _boxes[unsafe].alive:
        _boxes[unsafe] = Box(unsafe=unsafe)
    return _boxes[unsafe]


def grade(raw: bytes, editions: Sequence[Course], unsafe: bool = False) -> Result:
    """Grade one submission: rebuild it, run it, say what was odd."""
    start = time.monotonic()
    try:
        cells = cells_of(raw)
    except UnreadableError as error:
        return Result("", editions[0].language, (error.flag,), 0.0, unsafe)
    course = edition(cells, editions)
    notebook, flags = rebuild(cells, course)
    with _one_at_a_time:
        run(notebook, course, box(unsafe))
    return Result(nbformat.writes(notebook), course.language, tuple(flags), time.monotonic() - start, unsafe)


def fingerprint(editions: Sequence[Course], unsafe: bool) -> str:
    """What all results of a notebook depend on, beside the submission: the course with its tests, and the grader itself."""
    made = hashlib.sha256(bytes([unsafe]))
    for course in editions:
        made.update(nbformat.writes(course.notebook).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        made.update(path.read_bytes())
    return made.hexdigest()


def failed(why: str, language: str, unsafe: bool) -> Result:
    advice = (f"the grader failed on it ({why[:300]}); please report this", f"评分程序在此失败（{why[:300]}）；请报告")
    return Result("", language, (Flag("not graded", "", advice),), 0.0, unsafe)


def start(workers: int, unsafe: bool = False) -> ProcessPoolExecutor:
    """Processes that warm up their boxes while the caller does something else; for `grade_all`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["torch", "grader.batch"])
    pool = ProcessPoolExecutor(workers, mp_context=context)
    for _ in range(workers):
        pool.submit(warm, unsafe)
    return pool


def warm(unsafe: bool) -> None:
    box(unsafe)


def grade_all(jobs: Jobs, *, workers: int, unsafe: bool = False, pool: ProcessPoolExecutor | None = None) -> Iterator[tuple[Any, Result]]:
    """Grade in several processes; yields each result as it comes. A process that dies costs nobody else a result."""
    waiting, suspects = deque(jobs), deque[Any]()
    while waiting or suspects:
        # after a death, those that may be its cause run alone
        queue, most = (suspects, 1) if suspects else (waiting, workers)
        with pool if pool is not None and most == workers else start(most, unsafe) as now:
            running: dict[Future[Result], Any] = {}
            while queue or running:
                while queue and len(running) < most:
                    name = queue.popleft()
                    running[now.submit(grade, *jobs[name], unsafe)] = name
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                if any(isinstance(future.exception(), BrokenProcessPool) for future in done):
                    break
                for future in done:
                    name = running.pop(future)
                    try:
                        result = future.result()
                    except NoSandboxError:
                        raise
                    except Exception as error:  # one submission must not stop the others
                        result = failed(f"{type(error).__name__}: {error}", jobs[name][1][0].language, unsafe)
                    yield name, result
        pool, lost = None, list(running.values())
        if most == 1 and lost:
            yield lost[0], failed("its process ended", jobs[lost[0]][1][0].language, unsafe)
        else:
            suspects.extend(lost)
    if pool is not None:
        pool.shutdown(cancel_futures=True)


def grade_on_cluster(jobs: Jobs, *, scheduler: str, unsafe: bool = False) -> Iterator[tuple[Any, Result]]:
    """The same on the workers of a Dask cluster, which run in this repository's folder on their machines."""
    import distributed

    with distributed.Client(scheduler) as client:
        shared = {id(editions): client.scatter([editions], broadcast=True)[0] for _, editions in jobs.values()}
        futures = {client.submit(grade, raw, shared[id(editions)], unsafe, pure=False): name for name, (raw, editions) in jobs.items()}
        for future in distributed.as_completed(futures):
            try:
                result = future.result()
            except Exception as error:
                result = failed(f"{type(error).__name__}: {error}", jobs[futures[future]][1][0].language, unsafe)
            yield futures[future], result
