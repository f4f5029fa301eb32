"""A reader's way in JupyterLab: open a released notebook, answer wrongly, validate, mend it, validate again."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NAME, TASK = "01-what-distillation-is", "01-shared-errors"
WRONG = "def shared_errors(teacher, student, target):\n    return (student == teacher).mean()\n"
pytestmark = pytest.mark.slow


@pytest.fixture
def lab(tmp_path, jupyter):
    """The address of the release in JupyterLab, all tasks solved but one."""
    release, solution = (nbformat.read(ROOT / folder / NAME / f"{NAME}.ipynb", 4) for folder in ("exercises", "solutions"))
    answers = {cell.id: cell.source for cell in solution.cells}
    for cell in release.cells:
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.id != TASK:
            cell.source = answers[cell.id]
    nbformat.write(release, tmp_path / f"{NAME}.ipynb")
    with jupyter(tmp_path) as address:
        yield f"{address}/lab/tree/{NAME}.ipynb?token=x&reset"


def test_a_task_is_solved_and_validated(browser, lab):
    page = browser.new_page()
    page.set_default_timeout(120_000)
    page.goto(lab)
    editor = page.locator(".jp-CodeCell", has_text="def shared_errors").first.locator(".cm-content")
    editor.wait_for()

    def answer(code: str) -> str:
        editor.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
        page.keyboard.press("Control+s")
        page.locator(".jp-NotebookPanel:not(.jp-mod-dirty)").first.wait_for()
        page.wait_for_timeout(1500)  # the file is written after the mark has gone
        page.get_by_role("button", name="Validate").first.click()
        dialog = page.locator(".jp-Dialog")
        dialog.wait_for()
        said = dialog.inner_text()
        dialog.locator("button").last.click()
        dialog.wait_for(state="detached")
        return said

    solution = nbformat.read(ROOT / "solutions" / NAME / f"{NAME}.ipynb", 4)
    (right,) = [cell.source for cell in solution.cells if cell.id == TASK]
    assert "only rows that the teacher gets wrong count" in answer(WRONG)
    assert "Success" in answer(right)
    page.close()
