"""Pages run once, again only when they or what they import change, and a page that fails stops the build."""

from __future__ import annotations

import execute
import nbformat
import pytest

HEAD = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
---

# Page

```{code-cell} ipython3
%s
```
"""
pytestmark = pytest.mark.slow


@pytest.fixture
def book(tmp_path, monkeypatch):
    """A book of two pages with code and one without, and a function that runs it and names the pages that ran."""
    (tmp_path / "build").mkdir()
    state = {"fingerprint": "one"}
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    monkeypatch.setattr(execute, "OUT", tmp_path / "build" / "notebooks")
    monkeypatch.setattr(execute, "fingerprint", lambda: state["fingerprint"])
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: plain\nchapters:\n- file: a\n- file: b\n")
    (tmp_path / "plain.md").write_text("# No code\n")
    (tmp_path / "a.md").write_text(HEAD % "print(1 + 1)")
    (tmp_path / "b.md").write_text(HEAD % "print(2 + 2)")
    ran: list[str] = []
    real = execute.run

    def run(name, notebook):
        ran.append(name)
        return real(name, notebook)

    monkeypatch.setattr(execute, "run", run)

    def main():
        ran.clear()
        return execute.main(tmp_path), sorted(ran)

    return tmp_path, main, state


def output(folder, name: str) -> str:
    (cell,) = [c for c in nbformat.read(folder / "build" / "notebooks" / f"{name}.ipynb", 4).cells if c.cell_type == "code"]
    (printed,) = cell.outputs
    return printed.text


def test_only_what_changed_runs_again(book, capsys):
    folder, main, state = book
    assert main() == (0, ["a", "b"])
    assert (output(folder, "a"), output(folder, "b")) == ("2\n", "4\n")
    assert "a: running ..." in capsys.readouterr().err
    assert main() == (0, [])
    (folder / "b.md").write_text(HEAD % "print(3 + 3)")
    assert main() == (0, ["b"])
    assert output(folder, "b") == "6\n"
    state["fingerprint"] = "the package changed"
    assert main() == (0, ["a", "b"])


def test_a_new_caption_runs_nothing_and_reaches_the_page(book):
    folder, main, _ = book
    main()
    (folder / "b.md").write_text(HEAD % ":caption: new words\n\nprint(2 + 2)")
    assert main() == (0, [])
    assert output(folder, "b") == "4\n"
    written = (folder / "build" / "notebooks" / "b.ipynb").read_text()
    assert "new words" in written and "print(2 + 2)" in written
    (folder / "b.md").write_text(HEAD % ":caption: new words\n:tags: [raises-exception]\n\nprint(2 + 2)")
    assert main() == (0, ["b"])


def test_a_cell_that_raises_stops_the_build_and_is_named(book, capsys):
    folder, main, _ = book
    (folder / "a.md").write_text(HEAD % "raise RuntimeError('broken on purpose')")
    code, _ = main()
    assert code == 1
    assert "a.md failed" in (text := capsys.readouterr().err) and "broken on purpose" in text


START = """import os, sys, torch
print(os.getcwd())
print([folder for folder in sys.path if folder.endswith("tools")], torch.get_num_threads(), os.environ["KDTUTOR_CACHE"])
print([name for name in ("execute", "kernels", "torch") if name in globals()])"""


def test_a_kernel_starts_in_the_build_folder_with_one_thread_and_nothing_of_the_tools(book, monkeypatch):
    folder, main, _ = book
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    (folder / "a.md").write_text(HEAD % START)
    assert main() == (0, ["a", "b"])
    first, second, third = output(folder, "a").splitlines()
    assert first == str(folder / "build")
    assert second == f"[] 1 {folder / 'build' / 'cache' / 'teachers'}"
    assert third == "['torch']"


def test_lines_printed_late_join_the_first(book):
    folder, main, _ = book
    (folder / "a.md").write_text(HEAD % "import time\nprint(1, flush=True)\ntime.sleep(0.5)\nprint(2, flush=True)")
    main()
    assert output(folder, "a") == "1\n2\n"


def test_pages_share_no_state(book):
    folder, main, _ = book
    change = "import torch\nimport kdtutor as k\nprint(hasattr(k, 'mark'), torch.initial_seed())\nk.mark = 1\n_ = torch.manual_seed(5)"
    for name in ("a", "b"):
        (folder / f"{name}.md").write_text(HEAD % change)
    assert main() == (0, ["a", "b"])
    assert output(folder, "a") == output(folder, "b") and output(folder, "a").startswith("False ")


def test_the_fingerprint_changes_with_the_package_the_constraints_and_python(tmp_path, monkeypatch):
    monkeypatch.setattr(execute, "ROOT", tmp_path)
    seen = [execute.fingerprint()]
    for path in ("kdtutor/losses.py", "requirements/constraints.txt"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text("x = 1")
        seen.append(execute.fingerprint())
    monkeypatch.setattr(execute.sys, "version", "3.99")
    seen.append(execute.fingerprint())
    assert len(set(seen)) == 4
