"""Accessible: axe-core finds nothing on any page, wide and narrow, light and dark, in both languages; headings come in order."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import axe_playwright_python
import pytest
from test_browser import PAGES, visit

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")
RUN = """async ([where, options]) => {
  const found = await axe.run(where ?? window.alike, { resultTypes: ['violations'], ...options });
  return found.violations.map(v => `${v.id}: ${v.nodes.slice(0, 3).map(n => n.target + ' ' + n.html.slice(0, 120)).join(' | ')}`);
}"""
# Contrast is nine tenths of axe's work. Elements with the same tags, classes and colours of their own up to the root, in the same stripe of a
# table, look alike: the first, the middle and the last of each kind are asked.
ALIKE = """() => {
  const kinds = new Map();
  const stripe = e => e.localName === 'tr' ? [...e.parentNode.children].indexOf(e) % 2 : '';
  const name = e => `${e.localName}.${e.className}${stripe(e)}${e.style?.color}${e.style?.background}`;
  const kind = e => e.parentElement ? kind(e.parentElement) + '>' + name(e) : '';
  for (const e of document.body.querySelectorAll(':not(mjx-container *):not(svg *)')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.checkVisibility()) continue;
    kinds.set(kind(e), [...kinds.get(kind(e)) ?? [], e]);
  }
  window.alike = { include: [...kinds.values()].flatMap(all => [...new Set([all[0], all[all.length >> 1], all.at(-1)])]) };
  return window.alike.include.length;
}"""
DARK = "on => { document.documentElement.dataset.theme = document.documentElement.dataset.mode = on ? 'dark' : 'light'; }"
COLOURS = ["color-contrast", "link-in-text-block"]
OTHERS = {"rules": {"color-contrast": {"enabled": False}}}
LEVELS = "() => [...document.querySelectorAll('article :is(h1,h2,h3,h4)')].filter(h => h.checkVisibility()).map(h => +h.tagName[1])"
FAULTS = """<img src=x.png><style>html[data-theme=light] .pale { color: #ddd } html[data-theme=dark] .black { color: #222 }</style>
<p class="pale">pale in the light</p><p class="black">black in the dark</p>"""
pytestmark = pytest.mark.slow


def faults(page) -> list[str]:
    """What axe finds on a page as it is now: colours on three elements of each kind in the light and in the dark, the other rules everywhere."""
    page.evaluate(AXE)
    found = page.evaluate(RUN, [{"exclude": ["mjx-container"]}, OTHERS])
    for dark in (True, False):
        page.evaluate(DARK, dark)
        page.wait_for_timeout(100)
        assert page.evaluate(ALIKE) > 10
        colours = page.evaluate(RUN, [None, {"runOnly": {"type": "rule", "values": COLOURS}}])
        found += [f"{'dark' if dark else 'light'}: {fault}" for fault in colours]
    return found


WIDTHS = {"en": [1280], "zh": [390]}  # 'KD_AXE=all' tries both widths in both languages, which takes twice the time
if os.environ.get("KD_AXE") == "all":
    WIDTHS = {language: [1280, 390] for language in WIDTHS}


@pytest.mark.parametrize(("path", "width"), [(path, width) for path in PAGES if path != "index.html" for width in WIDTHS[path[:2]]])
def test_axe_finds_nothing(browser, base, path, width):
    size = {"width": width, "height": 900}
    page, _ = visit(browser, f"{base}/{path}", viewport=size, color_scheme="light", bypass_csp=True, reduced_motion="reduce")
    found, levels = faults(page), page.evaluate(LEVELS)
    page.context.close()
    assert found == []
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_axe_finds_nothing_in_formulas(browser, base, language):
    """MathJax makes them all in the same way, with hidden MathML for screen readers: one page stands for all."""
    page, _ = visit(browser, f"{base}/{language}/foundations/the-loss.html", bypass_csp=True)
    page.evaluate(AXE)
    found = page.evaluate(RUN, [{"include": ["html"]}, {}])
    page.context.close()
    assert found == []


def test_axe_would_find_a_fault(browser, base):
    page, _ = visit(browser, f"{base}/en/index.html", bypass_csp=True, color_scheme="light", reduced_motion="reduce")
    assert faults(page) == []
    page.evaluate("html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", FAULTS)
    found = faults(page)
    page.context.close()
    assert len(found) == 3, found
    assert found[0].startswith("image-alt: img")
    assert found[1].startswith("dark: color-contrast: ") and "black in the dark" in found[1]
    assert found[2].startswith("light: color-contrast: ") and "pale in the light" in found[2]
