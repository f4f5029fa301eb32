"""The gate of the Chinese edition finds each kind of fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import po
import polib
import pytest

ROOT = Path(__file__).resolve().parents[2]


def fault(msgid: str, msgstr: str, **options) -> list[str]:
    return po.faults(polib.POEntry(msgid=msgid, msgstr=msgstr, **options))


GOOD = [
    ("The gradient is $T(q-p)$ at `T=1`.", "梯度是 $T(q-p)$（`T=1` 时）。"),
    ("See [](x.md) and {eq}`eq-a`.", "见 [](x.md) 与 {eq}`eq-a`。"),
    ("**Sign.** It is never negative.", "**符号**：不可能为负。"),
    ("$T$", "$T$"),
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
    ("Calibration is measured.", "测量校正。", "校准"),
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
def test_the_release_check_refuses_pages_that_are_not_complete():
    done = run("release")
    pages = {path.relative_to(ROOT / "book").with_suffix("").as_posix() for path in (ROOT / "book").rglob("*.md") if "_" not in path.parts[-2]}
    complete = set((ROOT / "book" / "locale" / "complete.txt").read_text("utf-8").split())
    assert (done.returncode == 0) == (pages == complete)
    if pages != complete:
        assert "untranslated" in done.stdout
