"""Run every notebook page of the book once, in parallel, into the cache that both languages share.

Prints which page runs and how long it took, on stderr. The name of the cache's folder holds a hash of all that jupyter-cache
does not look at: the package kdtutor, the constraints and the Python version. Executed notebooks go to build/notebooks/, for nbval and for
readers, with their times in execution.json. Run: python tools/execute.py
"""

from __future__ import annotations

import concurrent.futures
import copy
import hashlib
import json
import os
import re
import sys
import time
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "build" / "notebooks"
READER = {"name": "myst_nb_md", "type": "plugin"}
TIMEOUT = 600  # seconds a cell


def fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for path in sorted([*ROOT.glob("kdtutor/*.py"), *ROOT.glob("requirements/*.txt")]):
        digest.update(path.relative_to(ROOT).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def cache_dir() -> Path:
    return ROOT / "build" / "cache" / fingerprint()


def environment() -> dict[str, str]:
    """One thread, one hash seed, no window system, teachers kept beside the cache."""
    return {
        "OMP_NUM_THREADS": "1",
        "PYTHONHASHSEED": "0",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "KDTUTOR_CACHE": str(ROOT / "build" / "cache" / "teachers"),
        "TQDM_DISABLE": "1",
    }


def pages(book: Path) -> list[str]:
    """Names of the text notebooks in the table of contents."""
    text = (book / "_toc.yml").read_text("utf-8")
    toc = yaml.safe_load(text)
    names = [toc["root"], *re.findall(r"^\s*- file: (\S+)", text, re.M)]
    return [name for name in names if "\nkernelspec:" in (book / f"{name}.md").read_text("utf-8")[:600]]


def run(name: str, notebook) -> tuple[object, float, str]:
    """Execute a notebook in a kernel of its own; return it, the seconds, and the traceback or ''."""
    import kernels
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    print(f"  {name}: running ...", file=sys.stderr, flush=True)
    start = time.time()
    folder = {"metadata": {"path": str(ROOT / "build")}}
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT,
        kernel_name="python3",
        kernel_manager_class=kernels.MANAGER,
        resources=folder,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute(env={**os.environ, **environment()})
    except CellExecutionError as error:
        return notebook, time.time() - start, str(error)
    return notebook, time.time() - start, ""


def reuse(cache, notebook, uri: str) -> bool:
    """Give a page the outputs of an earlier version with the same code and tags: a new caption or alt text runs nothing again."""
    from jupyter_cache.base import CacheBundleIn

    def code(nb) -> str:
        return cache.create_hashed_notebook(nb, cell_metadata=("tags",))[1]

    wanted = code(notebook)
    for record in cache.list_cache_records():
        if code(done := cache.get_cache_bundle(record.pk).nb) == wanted:
            new = copy.deepcopy(notebook)
            for cell, old in zip((cell for cell in new.cells if cell.cell_type == "code"), done.cells, strict=True):
                cell.outputs, cell.execution_count = old.outputs, old.execution_count
            cache.cache_notebook_bundle(CacheBundleIn(new, uri, data=record.data), check_validity=False, overwrite=True)
            return True
    return False


def save(name: str, notebook) -> None:
    """Write the executed page with cell ids that are the same in every build."""
    notebook = nbformat.from_dict(notebook)
    notebook.nbformat_minor = 5
    notebook.metadata.pop("source_map", None)
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"{re.sub('[^a-z0-9]+', '-', name.lower())[:40]}-{i}"
        if cell.cell_type == "code":
            cell.metadata.pop("execution", None)
    nbformat.validate(notebook)
    path = OUT / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def main(book: Path = ROOT / "book") -> int:
    from jupyter_cache import get_cache
    from jupyter_cache.base import CacheBundleIn

    (ROOT / "build").mkdir(exist_ok=True)
    cache = get_cache(str(cache_dir()))
    old = json.loads((OUT / "execution.json").read_text("utf-8")) if (OUT / "execution.json").exists() else []
    seconds = {record["page"]: record["seconds"] for record in old}
    for record in cache.list_project_records():
        cache.remove_nb_from_project(record.pk)
    names = pages(book)
    notebooks = {name: cache.get_project_notebook(cache.add_nb_to_project(str(book / f"{name}.md"), read_data=READER).pk).nb for name in names}

    def missing(name: str) -> bool:
        try:
            cache.match_cache_notebook(notebooks[name])
        except KeyError:
            return True
        return False

    todo = [name for name in names if missing(name) and not reuse(cache, notebooks[name], str(book / f"{name}.md"))]
    failed = {}
    if todo:
        import kernels

        kernels.start(environment())
    print(f"{len(names)} pages, {len(todo)} to run", file=sys.stderr, flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        futures = {}
        # the longest pages stand late; neighbours need the same teachers, and side by side both would train them
        for name in [*todo[-2::-2], *todo[::-2]]:
            futures[pool.submit(run, name, copy.deepcopy(notebooks[name]))] = name
        for future in concurrent.futures.as_completed(futures):
            name = futures[future]
            notebook, seconds[name], error = future.result()
            print(f"  {name}: {'FAILED after' if error else 'run in'} {seconds[name]:.1f} s", file=sys.stderr, flush=True)
            if error:
                failed[name] = error
            else:
                uri = str(book / f"{name}.md")
                cache.cache_notebook_bundle(
                    CacheBundleIn(notebook, uri, data={"execution_seconds": seconds[name]}), check_validity=False, overwrite=True
                )
    for name in names:
        if name in failed:
            print(f"{name}.md failed:\n{failed[name]}", file=sys.stderr)
            continue
        _, notebook = cache.merge_match_into_notebook(notebooks[name])
        save(name, notebook)
    times = [
        {"page": name, "cells": sum(cell.cell_type == "code" for cell in notebooks[name].cells), "seconds": round(seconds.get(name, 0.0), 1)}
        for name in names
        if name not in failed
    ]
    OUT.mkdir(parents=True, exist_ok=True)
    if times != old:  # an untouched file tells Sphinx that the status page is up to date
        (OUT / "execution.json").write_text(json.dumps(times, indent=1) + "\n", "utf-8")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
