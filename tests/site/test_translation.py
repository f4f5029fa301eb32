"""The gate of the Chinese edition finds each kind of fault."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import po
import polib
import pytest
import yaml
from kdbook import interactive

ROOT = Path(__file__).resolve().parents[2]


def fault(msgid: str, msgstr: str, **options) -> list[str]:
    return po.faults(polib.POEntry(msgid=msgid, msgstr=msgstr, **options))


GOOD = [
    ("The gradient is $T(q-p)$ at `T=1`.", "梯度是 $T(q-p)$（`T=1` 时）。"),
    ("See [](x.md) and {eq}`eq-a`.", "见 [](x.md) 与 {eq}`eq-a`。"),
    ("**Sign.** It is never negative.", "**符号**：不可能为负。"),
    ("$T$", "$T$"),
    ("In part 1, 13,258 weights.", "第一部分有 13258 个权重。"),
    ("Two of five seeds, 4.3 times smaller.", "5 个随机种子中的 2 个，大小为 1/4.3。"),
]
BAD = [
    ("The loss falls.", "", "untranslated"),
    ("The loss falls.", "The loss falls.", "copied"),
    ("The loss falls.", "损失下降.", "half-width"),
    ("The loss falls, slowly.", "损失下降,很慢。", "half-width"),
    ("The gradient is $T(q-p)$.", "梯度是 $T(p-q)$。", "lost"),
    ("Use `mean` here.", "这里用 `sum`。", "lost"),
    ("See {eq}`eq-a`.", "见 {eq}`eq-b`。", "lost"),
    ("See [text](x.md).", "见[文字](y.md)。", "lost"),
    ("**Sign.** It is so.", "**符号：**如此。", "emphasis"),
    ("$T$", "$S$", "changed"),
    (r"\frac{a}{b}, \text{variance from the draw}", r"\frac{a}{b}, \text{抽取的方差}", "words beside it"),
    (r"\frac{a}{b}", r"\frac{b}{a}", "changed"),
    ("Calibration is measured.", "测量校正。", "校准"),
    ("It gains 1.2 points.", "提高 1.3 个百分点。", "1.2 is missing"),
    ("It gains 1.2 points.", "有所提高。", "1.2 is missing"),
    ("The student learns.", "10 轮之后学生学会了。", "10 is not in the English"),
    ("It is 95 %.", "是 95 %。", "without a space"),
    ("A black box.", "黑箱。", "黑盒"),
    ("+ hint", "+ 提示", "read as a list"),
]


@pytest.mark.parametrize(("msgid", "msgstr"), GOOD)
def test_a_right_message_passes(msgid, msgstr):
    assert fault(msgid, msgstr) == []


@pytest.mark.parametrize(("msgid", "msgstr", "text"), BAD)
def test_a_wrong_message_is_found(msgid, msgstr, text):
    assert any(text in found for found in fault(msgid, msgstr))


def test_fuzzy_and_obsolete_messages_are_found():
    assert fault("a b", "甲乙", flags=["fuzzy"]) == ["fuzzy"]
    assert fault("a b", "甲乙", obsolete=True) == ["obsolete"]


def run(word: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "tools/po.py", word], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.slow
def test_translate_changes_nothing_when_all_is_in_step():
    before = {path: path.read_bytes() for path in (ROOT / "book" / "locale").rglob("*.po")}
    done = run("update")
    changed = [path.name for path, content in before.items() if path.read_bytes() != content]
    for path, content in before.items():
        path.write_bytes(content)
    assert done.returncode == 0 and not changed
    assert "foundations/the-loss: " in done.stdout


@pytest.mark.slow
def test_the_release_check_passes_and_refuses_a_page_that_lost_a_translation():
    done = run("release")
    assert done.returncode == 0, done.stdout
    pages = {path.relative_to(ROOT / "book").with_suffix("").as_posix() for path in (ROOT / "book").rglob("*.md") if "_" not in path.parts[-2]}
    assert set((ROOT / "book" / "locale" / "complete.txt").read_text("utf-8").split()) == pages
    path = ROOT / "book" / "locale" / "zh_CN" / "LC_MESSAGES" / "foundations" / "measuring.po"
    whole = path.read_bytes()
    try:
        catalog = polib.pofile(path, wrapwidth=0)
        catalog[3].msgstr = ""
        catalog.save()
        done = run("release")
    finally:
        path.write_bytes(whole)
    assert done.returncode == 1 and "measuring.po" in done.stdout and "untranslated" in done.stdout


@pytest.mark.slow
def test_a_changed_paragraph_is_shown_in_english_with_a_mark(tmp_path):
    """A page of two paragraphs, of which the second changed after it was translated."""
    folder = tmp_path / "locale" / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (tmp_path / "index.md").write_text("# Title\n\nThe loss falls.\n\nThe loss falls quickly.\n")
    catalog = polib.POFile()
    catalog.metadata = {"Content-Type": "text/plain; charset=UTF-8", "Language": "zh_CN"}
    for english, chinese in (("Title", "标题"), ("The loss falls.", "损失下降。"), ("The loss falls slowly.", "损失下降得慢。")):
        catalog.append(polib.POEntry(msgid=english, msgstr=chinese))
    catalog.save(str(folder / "index.po"))
    mark = yaml.safe_load((ROOT / "book" / "_config.yml").read_text("utf-8"))["sphinx"]["config"]["translation_progress_classes"]
    config = f"extensions = ['myst_parser']\nlanguage = 'zh_CN'\nlocale_dirs = ['locale']\ntranslation_progress_classes = {mark!r}\n"
    (tmp_path / "conf.py").write_text(config)
    subprocess.run([sys.executable, "-m", "sphinx", "-q", "-b", "html", tmp_path, tmp_path / "out"], check=True, capture_output=True)
    page = (tmp_path / "out" / "index.html").read_text("utf-8")
    assert '<p class="untranslated">The loss falls quickly.</p>' in page
    assert "<p>损失下降。</p>" in page


def test_a_table_that_moves_is_translated_with_its_numbers():
    words = {"teacher": "教师", "# epochs": "# 轮", "gain (#)": "收益（#）"}
    head = "<caption>gain (1.5)</caption><thead><tr><th></th><th>10 epochs</th></tr></thead>"
    page = f'<p>teacher</p><table class="kd-explorer">{head}<tr><th>teacher</th></tr></table>'
    expected = page.replace("<th>teacher", "<th>教师").replace("10 epochs", "10 轮").replace("gain (1.5)", "收益（1.5）")
    assert interactive.translate(page, words) == expected
    with pytest.raises(ValueError, match="expected a line for '# epochs'"):
        interactive.translate(page, {"teacher": "教师", "gain (#)": "收益（#）"})


def test_a_table_that_would_lose_a_number_is_refused(tmp_path):
    """A space and # begin a remark in YAML: batch 1 and batch 256 once had one name in Chinese."""
    path = tmp_path / "tables.yml"
    path.write_text('"time, batch #": 耗时，批大小 #\n')
    with pytest.raises(ValueError, match="expected as many # as in 'time, batch #'"):
        interactive.words(path)
    path.write_text('"time, batch #": "耗时，批大小 #"\n')
    assert interactive.words(path) == {"time, batch #": "耗时，批大小 #"}


def test_both_languages_show_the_same_display_formulas():
    """The Chinese page of `generalisation` once showed :: for the formula of its statistical view."""
    site, seen = ROOT / "build" / "site", 0
    for path in (site / "en").rglob("*.html"):
        name = path.relative_to(site / "en")
        english, chinese = (re.findall(r"\\\[(.*?)\\\]</div>", (site / language / name).read_text("utf-8"), re.DOTALL) for language in ("en", "zh"))
        assert english == chinese, name
        seen += len(english)
    assert seen > 10


def test_no_table_that_moves_is_left_in_english():
    for path in (ROOT / "build" / "site" / "zh").rglob("*.html"):
        for table in interactive.TABLE.findall(path.read_text("utf-8")):
            caption = re.search("<caption>(.*?)</caption>", table)[1]
            assert re.search("[\u4e00-\u9fff]", caption), (path, caption)
