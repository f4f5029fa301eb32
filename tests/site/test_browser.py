"""The site in Chromium: no request to another host, no console message, and figures that do what they say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "build" / "site"
pytestmark = pytest.mark.slow
LOGITS = [0.0, -7.6, -6.1, -11.5, 8.0, -1.1, -2.1, -3.4, -0.8, 5.2]
PAGES = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html") if not {"_static", "q"}.intersection(path.parts))


def visit(browser, url: str, **options):
    """Open a page and wait for its formulas; return it with what went wrong on the way."""
    page = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options}).new_page()
    wrong: list[str] = []
    allowed = (url.split("/en/")[0].split("/zh/")[0].removesuffix("/index.html"), "data:", "blob:")
    page.on("request", lambda r: wrong.append(f"foreign request {r.url}") if not r.url.startswith(allowed) else None)
    # the entry page and lasting addresses send their reader on before all is read
    aborted, left = "net::ERR_ABORTED", (url, "/_static/favicon.svg")
    page.on("requestfailed", lambda r: wrong.append(f"failed request {r.url}") if r.failure != aborted or not r.url.endswith(left) else None)
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.on("console", lambda m: wrong.append(f"console: {m.text}"))
    page.on("pageerror", lambda e: wrong.append(f"script error: {e}"))
    page.goto(url, wait_until="load")
    if options.get("java_script_enabled", True):
        page.wait_for_timeout(100)
        page.evaluate("() => window.MathJax && MathJax.startup ? MathJax.startup.promise : null")
    return page, wrong


@pytest.mark.parametrize("path", PAGES)
def test_a_page_asks_no_other_host_says_nothing_to_the_console_and_fits_a_phone(browser, base, path):
    page, wrong = visit(browser, f"{base}/{path}")
    formulas = page.evaluate("() => [document.querySelectorAll('.math').length, document.querySelectorAll('.math mjx-container').length]")
    errors = page.evaluate("() => document.querySelectorAll('mjx-merror, [data-mjx-error]').length")
    fits = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 900})
        fits.append(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"))
    page.context.close()
    assert wrong == []
    assert formulas[0] == formulas[1] and errors == 0
    assert fits == [True, True]


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("zh/")])
def test_a_page_is_whole_from_the_disk(browser, path):
    page, wrong = visit(browser, (SITE / path).as_uri())
    formulas = page.evaluate("() => [document.querySelectorAll('.math').length, document.querySelectorAll('.math mjx-container').length]")
    page.context.close()
    assert [text for text in wrong if "foreign request file://" not in text] == []
    assert formulas[0] == formulas[1]


def test_the_policy_stops_a_foreign_request_and_a_foreign_script(browser, base):
    """The page's own Content-Security-Policy: nothing leaves the machine, and a script that gets into the page does not run."""
    page, wrong = visit(browser, f"{base}/en/index.html")
    page.evaluate("() => { const i = new Image(); i.src = 'http://example.invalid/x.png'; document.body.append(i); }")
    page.evaluate("() => { const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); }")
    page.evaluate("() => fetch('index.html').then(() => { window.fetched = true; }, () => {})")
    page.wait_for_timeout(300)
    ran = page.evaluate("() => [window.ran, window.fetched]")
    page.context.close()
    assert ran == [None, None]
    assert sum("Content Security Policy" in text for text in wrong) >= 3
    assert any("failed request http://example.invalid" in text for text in wrong)


def test_a_foreign_request_is_found(browser, base):
    page, wrong = visit(browser, f"{base}/en/index.html", bypass_csp=True)
    page.evaluate("() => { const i = new Image(); i.src = 'http://example.invalid/x.png'; document.body.append(i); }")
    page.wait_for_timeout(300)
    page.context.close()
    assert any("foreign request" in text for text in wrong)


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


SLIDERS = {  # how many tables of estimates move
    "foundations/the-loss": 1,
    "understanding/when-it-fails": 1,
    "uncertainty/measuring-uncertainty": 2,
    "uncertainty/uncertainty-of-students": 2,
    "interpretability/explanations": 1,
    "practice/compression": 2,
}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("chapter", SLIDERS)
def test_a_table_of_estimates_shows_one_column_at_a_time(browser, base, language, chapter):
    """The numbers of the table are Python's; the places of the dots are linear in them."""
    page, wrong = visit(browser, f"{base}/{language}/{chapter}.html")
    boxes = page.locator(".kd-explorer-box")
    assert boxes.count() == SLIDERS[chapter]
    for box in boxes.all():
        box.locator("summary").click()
        slider, names = box.locator("input[type=range]"), box.locator("thead th").all_inner_texts()[1:]
        cells = box.locator("tbody tr").evaluate_all(
            "rows => rows.map(r => [...r.cells].slice(1).map(c => parseFloat(c.textContent.replace('\u2212', '-'))))"
        )
        slider.focus()
        seen = []
        for name in names:
            assert slider.get_attribute("aria-valuetext") == name == box.locator("label").inner_text()
            seen.append(box.locator("circle").evaluate_all("dots => dots.map(d => +d.getAttribute('cx'))"))
            page.keyboard.press("ArrowRight")
        places, numbers = [x for column in seen for x in column], [row[k] for k in range(len(names)) for row in cells]
        low, high = min(range(len(numbers)), key=numbers.__getitem__), max(range(len(numbers)), key=numbers.__getitem__)
        slope = (places[high] - places[low]) / (numbers[high] - numbers[low])
        assert slope > 0
        assert places == pytest.approx([places[low] + slope * (v - numbers[low]) for v in numbers], abs=0.2)
    page.context.close()
    assert wrong == []


def tab_to(page, selector: str) -> None:
    """Walk with the Tab key until the focus is on a control, and see that it shows."""
    for _ in range(300):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            break
    else:
        raise AssertionError(f"Tab does not lead to {selector}")
    ring = page.evaluate("() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.boxShadow]; }")
    assert ring != ["none", "none"], selector


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_register_can_be_filtered_by_keyboard_alone(browser, base, language):
    page, _ = visit(browser, f"{base}/{language}/appendix/register.html")
    visible = "() => [...document.querySelectorAll('.kd-row')].filter(r => r.offsetParent).length"
    tab_to(page, ".kd-filter select")
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    rows = yaml.safe_load((ROOT / "book" / "register.yml").read_text("utf-8"))["rows"]
    assert page.evaluate(visible) == sum(row["verdict"] == "wrong" for row in rows)
    tab_to(page, ".kd-filter input")
    page.keyboard.type("unc-q2")
    assert 0 < page.evaluate(visible) < 10
    page.context.close()


@pytest.mark.parametrize(
    ("name", "selector"),
    [
        ("foundations/the-loss", ".kd-temperature input"),
        ("practice/language-models", ".kd-two-modes input"),
        ("understanding/when-it-fails", ".kd-explorer-box input"),
        ("appendix/playground", ".kd-samples button"),
        ("appendix/playground", ".kd-field"),
    ],
)
def test_tab_leads_to_what_moves(browser, base, name, selector):
    page, _ = visit(browser, f"{base}/en/{name}.html")
    tab_to(page, selector)
    before = page.evaluate("() => document.querySelector('article').innerText")
    for key in ("Space", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("() => document.querySelector('article').innerText") != before
    page.context.close()


MOVING = """() => [...document.querySelectorAll('*')].filter(node => {
  const style = getComputedStyle(node);
  return style.transitionDuration.split(', ').some(t => parseFloat(t) > 0) || style.animationName !== 'none' || style.scrollBehavior === 'smooth';
}).length"""


@pytest.mark.parametrize("name", ["index", "foundations/the-loss", "appendix/interview-trainer"])
def test_nothing_moves_for_readers_who_want_less_motion(browser, base, name):
    moving = {}
    for wish in ("no-preference", "reduce"):
        page, _ = visit(browser, f"{base}/en/{name}.html", reduced_motion=wish)
        moving[wish] = page.evaluate(MOVING)
        page.context.close()
    assert moving["reduce"] == 0 < moving["no-preference"]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)])
def test_the_first_screen_says_what_it_is_and_where_to_start(browser, base, language, size):
    page, _ = visit(browser, f"{base}/{language}/index.html", viewport={"width": size[0], "height": size[1]})
    starts = page.locator(".kd-start a").evaluate_all(
        "links => links.map(a => [a.getAttribute('href'), a.closest('.sd-card').getBoundingClientRect().bottom])"
    )
    page.context.close()
    assert [href for href, _ in starts] == [
        f"{name}.html" for name in ("appendix/interview-trainer", "foundations/what-distillation-is", "appendix/playground", "appendix/instructors")
    ]
    assert starts[0][1] < size[1]
    assert size[0] < 1000 or starts[-1][1] < size[1]


GRID = [-6 + i / 50 for i in range(601)]


def bell(mean: float, width: float) -> list[float]:
    p = [math.exp(-(((x - mean) / width) ** 2) / 2) for x in GRID]
    return [v / sum(p) for v in p]


def kl(a: list[float], b: list[float]) -> float:
    return sum(p * math.log(p / max(q, 1e-300)) for p, q in zip(a, b, strict=True) if p > 0)


@pytest.mark.parametrize(("language", "names"), [("en", ("teacher", "student")), ("zh", ("教师", "学生"))])
def test_the_two_mode_figure_shows_both_kls_and_finds_the_best_places(browser, base, language, names):
    page, wrong = visit(browser, f"{base}/{language}/practice/language-models.html")
    box = page.locator(".kd-two-modes")
    mean, width = box.locator("input[type=range]").nth(0), box.locator("input[type=range]").nth(1)
    teacher = [0.6 * a + 0.4 * b for a, b in zip(bell(-2.5, 0.7), bell(2.5, 0.7), strict=True)]

    def check() -> tuple[float, float]:
        at = float(mean.input_value()), float(width.input_value())
        student = bell(*at)
        text = box.locator("output").inner_text()
        assert f"KL({names[0]} ‖ {names[1]}) {kl(teacher, student):.3f} · KL({names[1]} ‖ {names[0]}) {kl(student, teacher):.3f}" in text
        return at

    assert check() == (0, 1)
    mean.focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")
    width.focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    assert check() == pytest.approx((-1.5, 1.2))
    box.locator("button").nth(0).click()
    forward = check()
    box.locator("button").nth(1).click()
    reverse = check()
    assert abs(forward[0] + 0.5) < 0.3 and forward[1] > 2  # covers both, as in the chapter's fit
    assert abs(reverse[0] + 2.5) < 0.2 and reverse[1] < 1  # takes the better peak
    page.context.close()
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_question_keeps_its_address(browser, base, language):
    page, wrong = visit(browser, f"{base}/{language}/appendix/questions.html")
    link = page.locator(".kd-questions a", has_text="How does KD improve the uncertainty estimates")
    link.first.click()
    page.wait_for_url("**/uncertainty-of-students.html#q-unc-q2")
    assert page.locator("#q-unc-q2 .kd-address a").get_attribute("href") == "../q/unc-q2.html"
    page.context.close()
    assert wrong == []


def test_each_row_of_the_register_has_an_address_in_both_languages():
    rows = {row["id"] for row in yaml.safe_load((ROOT / "book" / "register.yml").read_text("utf-8"))["rows"]}
    for language in ("en", "zh"):
        assert {path.stem for path in (SITE / language / "q").glob("*.html")} == rows


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
    ("en", "temperature", "the-loss"),
    ("zh", "温度", "the-loss"),
    ("en", "cross-entropy", "the-loss"),
    ("zh", "交叉熵", "the-loss"),
    ("en", "soft targets", "the-loss"),
    ("zh", "软目标", "the-loss"),
    ("en", "Born-again networks", "what-distillation-is"),
    ("en", "dark knowledge", "generalisation"),
    ("zh", "暗知识", "generalisation"),
    ("en", "label smoothing", "generalisation"),
    ("zh", "标签平滑", "generalisation"),
    ("en", "weight decay", "generalisation"),
    ("zh", "权重衰减", "generalisation"),
    ("en", "noisy labels", "generalisation"),
    ("zh", "带噪标签", "generalisation"),
    ("en", "dropout teacher", "training-loop"),
    ("zh", "训练循环", "training-loop"),
    ("en", "eval mode", "training-loop"),
    ("zh", "eval", "training-loop"),
    ("en", "optimiser", "training-loop"),
    ("zh", "优化器", "training-loop"),
    ("en", "cross-validation", "measuring"),
    ("zh", "交叉验证", "measuring"),
    ("en", "paired difference", "measuring"),
    ("zh", "配对差", "measuring"),
    ("en", "seeds", "measuring"),
    ("zh", "种子", "measuring"),
    ("en", "standard error", "measuring"),
    ("zh", "标准误", "measuring"),
    ("en", "privacy", "applications"),
    ("zh", "隐私", "applications"),
    ("en", "patience", "when-it-fails"),
    ("zh", "轮数", "when-it-fails"),
    ("en", "adversarial", "applications"),
    ("zh", "对抗", "applications"),
    ("en", "attention transfer", "variants"),
    ("zh", "注意力迁移", "variants"),
    ("en", "relational", "variants"),
    ("zh", "关系蒸馏", "variants"),
    ("en", "calibration error", "measuring-uncertainty"),
    ("zh", "校准误差", "measuring-uncertainty"),
    ("en", "Brier", "measuring-uncertainty"),
    ("zh", "Brier", "measuring-uncertainty"),
    ("en", "reliability diagram", "measuring-uncertainty"),
    ("zh", "可靠性图", "measuring-uncertainty"),
    ("en", "multi-head", "uncertainty-of-students"),
    ("zh", "多头", "uncertainty-of-students"),
    ("en", "ensemble", "uncertainty-of-students"),
    ("zh", "集成", "uncertainty-of-students"),
    ("en", "Dirichlet", "uncertainty-of-students"),
    ("zh", "Dirichlet", "uncertainty-of-students"),
    ("en", "Grad-CAM", "explanations"),
    ("zh", "Grad-CAM", "explanations"),
    ("en", "integrated gradients", "explanations"),
    ("zh", "积分梯度", "explanations"),
    ("en", "decision tree", "distilling-explanations"),
    ("zh", "决策树", "distilling-explanations"),
    ("en", "pruning", "compression"),
    ("zh", "剪枝", "compression"),
    ("en", "quantisation", "compression"),
    ("zh", "量化", "compression"),
    ("en", "membership inference", "when-it-fails"),
    ("zh", "成员推断", "when-it-fails"),
    ("en", "perplexity", "language-models"),
    ("zh", "困惑度", "language-models"),
    ("en", "on-policy", "language-models"),
    ("zh", "同策略", "language-models"),
    ("en", "self-distillation", "variants"),
    ("en", "born-again", "what-distillation-is"),
]


@pytest.mark.parametrize(("language", "query", "wanted"), QUERIES)
def test_search_finds_the_chapter(browser, base, language, query, wanted):
    page, wrong = visit(browser, f"{base}/{language}/search.html?q={query}")
    hrefs = page.evaluate("() => [...document.querySelectorAll('.kd-found-page a')].slice(0, 3).map(a => a.href)")
    page.context.close()
    assert any(href.endswith(f"/{wanted}.html") for href in hrefs), hrefs
    assert wrong == []


@pytest.mark.parametrize("language", ["en", "zh"])
def test_search_works_from_the_disk_while_typing_and_says_when_it_finds_nothing(browser, language):
    address = (SITE / language / "search.html").as_uri()
    page, wrong = visit(browser, f"{address}?q=ECE")
    marked = page.locator(".kd-excerpt mark").first.inner_text()
    link = page.locator(".kd-found ul a").first.get_attribute("href")
    page.fill(".bd-search-container input", "xyzzy")
    page.wait_for_function("() => !document.querySelector('.kd-found li')")
    said = page.inner_text("#kd-search-status")
    page.fill(".bd-search-container input", "Brier")
    page.wait_for_selector(".kd-found li")
    place = page.url
    page.locator(".kd-found ul a").first.click()
    page.wait_for_load_state()
    anchor = page.url.partition("#")[2]
    assert page.locator(f"[id='{anchor}']").count() == 1
    page.context.close()
    assert marked == "ECE" and "#" in link and place.endswith("q=Brier")
    assert said == {"en": "Nothing found. Try a shorter word.", "zh": "没有找到。试试更短的词，或英文术语。"}[language]
    assert [text for text in wrong if "foreign request file://" not in text] == []
