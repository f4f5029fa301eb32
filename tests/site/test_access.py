"""Accessible: axe-core finds nothing on any page, wide and narrow, light and dark, in both languages; headings come in order."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from test_browser import PAGES, visit

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async ([rules, formulas]) => {
  const where = formulas ? document : { exclude: ['mjx-container'] };
  const found = await axe.run(where, { resultTypes: ['violations'], ...(rules ? { runOnly: { type: 'rule', values: rules } } : {}) });
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target + ' ' + n.html.slice(0, 120)).join(' | ')}`);
}"""
LEVELS = "() => [...document.querySelectorAll('article :is(h1,h2,h3,h4)')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
FAULTS = '<img src=x.png><p style="color:#ddd;background:#fff">pale</p>'
pytestmark = pytest.mark.slow

WIDTHS = {"en": [1280], "zh": [390]}  # 'KD_AXE=all' tries both widths in both languages, in a quarter of an hour
if os.environ.get("KD_AXE") == "all":
    WIDTHS = {language: [1280, 390] for language in WIDTHS}


@pytest.mark.parametrize(("path", "width"), [(path, width) for path in PAGES if path != "index.html" for width in WIDTHS[path[:2]]])
def test_axe_finds_nothing(browser, base, path, width):
    """All rules in the light; in the dark those that depend on colours."""
    page, _ = visit(
        browser, f"{base}/{path}", viewport={"width": width, "height": 900}, color_scheme="light", bypass_csp=True, reduced_motion="reduce"
    )
    page.evaluate(AXE)
    found = {"light": page.evaluate(RUN, [None, False])}
    page.evaluate("() => { document.documentElement.dataset.theme = 'dark'; document.documentElement.dataset.mode = 'dark'; }")
    page.wait_for_timeout(100)
    found["dark"] = page.evaluate(RUN, [["color-contrast", "link-in-text-block"], False])
    levels = page.evaluate(LEVELS)
    page.context.close()
    assert found == {"light": [], "dark": []}
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_formulas(browser, base, language):
    """MathJax makes them all in the same way, with hidden MathML for screen readers: one page stands for all."""
    page, _ = visit(browser, f"{base}/{language}/foundations/the-loss.html", bypass_csp=True)
    page.evaluate(AXE)
    found = page.evaluate(RUN, [None, True])
    page.context.close()
    assert found == []


def test_axe_would_find_a_fault(browser, base):
    page, _ = visit(browser, f"{base}/en/index.html", bypass_csp=True)
    page.evaluate(AXE)
    page.evaluate("html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", FAULTS)
    found = page.evaluate(RUN, [None, False])
    page.context.close()
    assert any(text.startswith("image-alt") for text in found) and any(text.startswith("color-contrast") for text in found)
