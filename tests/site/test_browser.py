"""The site in Chromium: no request to another host, no console message, and figures that do what they say."""

from __future__ import annotations

import functools
import http.server
import math
import threading
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
pytestmark = pytest.mark.slow
LOGITS = [0.0, -7.6, -6.1, -11.5, 8.0, -1.1, -2.1, -3.4, -0.8, 5.2]
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if "_static" not in path.parts)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def base():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def visit(browser, url: str, **options):
    """Open a page and wait for its formulas; return it with what went wrong on the way."""
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}).new_page()
    wrong: list[str] = []
    allowed = (url.split("/en/")[0].split("/zh/")[0].removesuffix("/index.html"), "data:", "blob:")
    page.on("request", lambda r: wrong.append(f"foreign request {r.url}") if not r.url.startswith(allowed) else None)
    # the entry page sends its reader on before it is all read
    page.on("requestfailed", lambda r: wrong.append(f"failed request {r.url}") if (r.url, r.failure) != (url, "net::ERR_ABORTED") else None)
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: wrong.append(f"script error: {e}"))
    page.goto(url, wait_until="load")
    if options.get("java_script_enabled", True):
        page.wait_for_timeout(100)
        page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
    return page, wrong


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_other_host_and_says_nothing_to_the_console(browser, base, path):
    page, wrong = visit(browser, f"{base}/{path}")
    formulas = page.evaluate("() => [document.querySelectorAll('.math').length, document.querySelectorAll('.math mjx-container').length]")
    errors = page.evaluate("() => document.querySelectorAll('mjx-merror, [data-mjx-error]').length")
    page.context.close()
    assert wrong == []
    assert formulas[0] == formulas[1] and errors == 0


def test_a_foreign_request_is_found(browser, base):
    page, wrong = visit(browser, f"{base}/en/index.html")
    page.evaluate("() => { const i = new Image(); i.src = 'http://example.invalid/x.png'; document.body.append(i); }")
    page.wait_for_timeout(300)
    page.context.close()
    assert any("foreign request" in text for text in wrong)


@pytest.mark.parametrize("path", ["en/foundations/the-loss.html", "zh/foundations/the-loss.html", "en/appendix/register.html"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser, base, path, width):
    page, _ = visit(browser, f"{base}/{path}", viewport={"width": width, "height": 900})
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.context.close()


def softmax(temperature: float) -> list[float]:
    weights = [math.exp((z - max(LOGITS)) / temperature) for z in LOGITS]
    return [w / sum(weights) for w in weights]


@pytest.mark.parametrize(("language", "word"), [("en", "entropy"), ("zh", "熵")])
def test_the_temperature_figure_moves_by_keyboard_and_shows_the_softmax(browser, base, language, word):
    page, wrong = visit(browser, f"{base}/{language}/foundations/the-loss.html")
    slider = page.locator(".kd-temperature input[type=range]")
    slider.focus()
    for presses in (0, 60, 40):
        for _ in range(presses):
            page.keyboard.press("ArrowRight")
        temperature = 10 ** float(slider.input_value())
        expected = softmax(temperature)
        shown = page.evaluate("() => [...document.querySelectorAll('.kd-temperature svg rect.bar')].map(r => +r.getAttribute('width') / 410)")
        assert shown == pytest.approx(expected, abs=1e-3)
        entropy = -sum(p * math.log(p) for p in expected if p > 0)
        assert f"{word} {entropy:.3f}" in page.locator(".kd-temperature output").inner_text()
        assert slider.get_attribute("aria-valuetext") == f"T = {temperature:.2f}"
    page.locator(".kd-temperature button").click()
    assert float(slider.input_value()) == 0
    assert wrong == []
    page.context.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_table_of_estimates_shows_one_column_at_a_time(browser, base, language):
    page, wrong = visit(browser, f"{base}/{language}/understanding/when-it-fails.html")
    box = page.locator(".kd-explorer-box").first
    box.locator("summary").click()
    slider, names = box.locator("input[type=range]"), box.locator("thead th").all_inner_texts()[1:]
    cells = box.locator("tbody tr").evaluate_all("rows => rows.map(r => [...r.cells].slice(1).map(c => parseFloat(c.textContent)))")
    slider.focus()
    seen = []
    for name in names:
        assert slider.get_attribute("aria-valuetext") == name == box.locator("label").inner_text()
        seen.append(box.locator("circle").evaluate_all("dots => dots.map(d => +d.getAttribute('cx'))"))
        page.keyboard.press("ArrowRight")
    # the places on the axis are linear in the numbers of the table
    places, numbers = [x for column in seen for x in column], [row[k] for k in range(len(names)) for row in cells]
    low, high = min(range(len(numbers)), key=numbers.__getitem__), max(range(len(numbers)), key=numbers.__getitem__)
    slope = (places[high] - places[low]) / (numbers[high] - numbers[low])
    assert places == pytest.approx([places[low] + slope * (v - numbers[low]) for v in numbers], abs=0.2)
    assert wrong == []
    page.context.close()


def test_without_javascript_the_figure_is_its_table(browser, base):
    page, _ = visit(browser, f"{base}/en/foundations/the-loss.html", java_script_enabled=False)
    rows = page.locator(".kd-temperature tbody tr")
    assert [float(rows.nth(i).locator("td").nth(1).inner_text()) for i in range(10)] == LOGITS
    page.context.close()


def test_the_register_can_be_filtered(browser, base):
    page, _ = visit(browser, f"{base}/en/appendix/register.html")
    visible = "() => [...document.querySelectorAll('.kd-row')].filter(r => r.offsetParent).length"
    assert page.evaluate(visible) == 349
    rows = list(yaml.safe_load((ROOT / "book" / "register.yml").read_text("utf-8"))["rows"])
    verdict, document, chapter = (page.locator(".kd-filter select").nth(i) for i in range(3))
    document.select_option(label="Uncertainty: the long article")
    verdict.select_option("wrong")
    wrong = [row for row in rows if row["document"] == "art" and row["verdict"] == "wrong"]
    assert page.evaluate(visible) == len(wrong) and f"{len(wrong)} of 349" in page.locator(".kd-filter output").inner_text()
    chapter.select_option(label="Reading")
    here = [row for row in wrong if row["chapter"] == "reading"]
    assert page.evaluate(visible) == len(here) > 0
    page.locator(".kd-filter input").fill("Salakhutdinov")
    assert page.evaluate(visible) == 1
    page.context.close()


def test_the_language_switch_keeps_page_and_place(browser, base):
    page, _ = visit(browser, f"{base}/en/foundations/the-loss.html#loss-t2")
    page.locator("a[data-kd-switch]").first.click()
    page.wait_for_load_state()
    assert page.url.endswith("/zh/foundations/the-loss.html#loss-t2")
    assert page.locator("#loss-t2").count() == 1
    page.context.close()


# a word or two in each language, and the page that must come among the first three
QUERIES = [
    ("temperature", "温度", "the-loss"),
    ("cross-entropy", "交叉熵", "the-loss"),
    ("soft targets", "软目标", "the-loss"),
    ("Born-again networks", "自蒸馏", "what-distillation-is"),
    ("dark knowledge", "暗知识", "generalisation"),
    ("label smoothing", "标签平滑", "generalisation"),
    ("weight decay", "权重衰减", "generalisation"),
    ("noisy labels", "泛化", "generalisation"),
    ("dropout teacher", "训练循环", "training-loop"),
    ("optimiser", "优化器", "training-loop"),
    ("cross-validation", "交叉验证", "measuring"),
    ("paired difference", "配对差", "measuring"),
    ("seeds", "标准误", "measuring"),
    ("privacy", "隐私", "when-it-fails"),
    ("patience", "轮数", "when-it-fails"),
    ("adversarial", "对抗", "applications"),
    ("attention transfer", "注意力迁移", "variants"),
    ("relational", "关系蒸馏", "variants"),
    ("calibration error", "校准误差", "measuring-uncertainty"),
    ("Brier", "Brier", "measuring-uncertainty"),
    ("reliability diagram", "可靠性图", "measuring-uncertainty"),
    ("multi-head", "多头", "uncertainty-of-students"),
    ("Dirichlet", "Dirichlet", "uncertainty-of-students"),
    ("Grad-CAM", "Grad-CAM", "explanations"),
    ("integrated gradients", "积分梯度", "explanations"),
    ("decision tree", "决策树", "distilling-explanations"),
    ("pruning", "剪枝", "compression"),
    ("quantisation", "量化", "compression"),
    ("membership", "成员推断", "applications"),
    ("perplexity", "困惑度", "language-models"),
    ("on-policy", "同策略", "language-models"),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("row", QUERIES, ids=lambda row: row[0])
def test_search_finds_the_chapter(browser, base, language, row):
    query, wanted = row[language == "zh"], row[2]
    page, _ = visit(browser, f"{base}/{language}/search.html?q={query}")
    page.wait_for_selector("#search-results li a", timeout=10_000)
    page.wait_for_timeout(500)
    hrefs = page.evaluate("() => [...document.querySelectorAll('#search-results li a')].slice(0, 3).map(a => a.href)")
    assert any(wanted in href for href in hrefs), hrefs
    page.context.close()
