"""Keep the Chinese edition in step with the English one.

    python tools/po.py update    extract messages, merge them into the PO files, list what is left to translate (make translate)
    python tools/po.py check     fail on faults in the pages of book/locale/complete.txt (make test)
    python tools/po.py release   the same for all pages (make release-check)

Faults: untranslated, fuzzy, obsolete or outdated messages; mathematics, roles, code, link targets or numbers that differ; half-width punctuation
after Chinese; emphasis that CommonMark will not show; words that the list of terms forbids.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import polib
import yaml

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "book" / "locale"
PO = LOCALE / "zh_CN" / "LC_MESSAGES"
POT = ROOT / "build" / "gettext" / "pot"
REGISTER = "appendix/register"

ROLE = re.compile(r"\{([a-zA-Z:_-]+)\}`([^`]*)`")
CODE = re.compile(r"(?<![`}])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
MATH = re.compile(r"(?<!\\)(\$\$?)(.+?)(?<!\\)\1")
LINK = re.compile(r"\]\(([^)\s]*)[^)]*\)")
BLOCK = re.compile(r"\\begin\{|\\frac|\\sum|\\text|\\partial|\\qquad")
CJK = "\u3400-\u4dbf\u4e00-\u9fff"
# a term and its forbidden variants
FORBIDDEN = {
    "偶然不确定性": "数据不确定性",
    "校准": "校正",
    "教师模型": "老师模型",
    "学生模型": "学员模型",
    "温度": "溫度",
    "软目标": "柔软目标",
    "软标签": "软性标签",
    "硬标签": "硬性标签",
    "知识蒸馏": "知识精馏",
    "暗知识": "黑暗知识",
    "黑盒": "黑箱",
    "缩放定律": "规模定律",
    "过度自信": "过于自信",
    "早停": "提前停止",
    "随机种子": "随机数种子",
    "交叉熵": "交互熵",
    "置信度": "自信度",
    "困惑度": "混乱度",
    "剪枝": "修剪",
    "捷径": "快捷方式",
    "数据增强": "数据增广",
    "标签平滑": "标签光滑",
    "泛化": "普适化",
    "可解释性": "可理解性",
}
NUMBER = re.compile(r"(?<![A-Za-z\d.])\d[\d,]*(?:\.\d+)?")
# English that may stand for a number: words, months, "times smaller" (which is 1/4 in Chinese)
SPELT = re.compile(
    r"\b(zeros?|one|two|three|four|five|six|seven|eight|nine|ten|hundreds?|thousands?|millions?|billions?|dozen|twenty|thirty|forty|fifty|sixty"
    r"|seventy|eighty|ninety|half|halves|thirds?|quarters?|fifths?|tenths?|fourth|once|twice|double|single|both|pair|each|first|second|times|points?"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)\b",
    re.I,
)
ORDINAL = {word: str(value) for value, word in enumerate("一二三四五六七八九十", 1)}


def tokens(text: str) -> Counter:
    """What a translator must keep: targets of roles, code, mathematics, links."""
    found: Counter = Counter()
    for role, argument in ROLE.findall(text):
        target = re.search(r"<([^<>]+)>\s*$", argument)
        found["role", role, (target[1] if target else argument).strip() if role != "term" else ""] += 1
    text = ROLE.sub(" ", text)
    for _, code in CODE.findall(text):
        found["code", code.strip()] += 1
    text = CODE.sub(" ", text)
    for _, math in MATH.findall(text):
        found["math", re.sub(r"\s+", "", math)] += 1
    for target in LINK.findall(text):
        found["link", target] += 1
    return found


def bare(text: str) -> str:
    """The text without roles, code, mathematics and link targets."""
    return LINK.sub("]", MATH.sub(" ", CODE.sub(" ", ROLE.sub(" ", text))))


def numbers(text: str) -> set[str]:
    """The numbers of a text, in whatever form the language writes them."""
    text = re.sub(f"第([{''.join(ORDINAL)}])", lambda found: ORDINAL[found[1]], bare(text))
    return {number.replace(",", "") for number in NUMBER.findall(text)}


def is_display(message: str) -> bool:
    """Is it a formula on lines of its own? Sphinx loses one whose translation differs."""
    return bool(BLOCK.search(message)) and "$" not in message


def nothing_to_translate(message: str) -> bool:
    return is_display(message) or not re.search(r"[A-Za-z]{2,}", bare(message))


def faults(entry: polib.POEntry) -> list[str]:
    """What is wrong with one message."""
    if entry.obsolete:
        return ["obsolete"]
    if entry.fuzzy:
        return ["fuzzy"]
    if not entry.msgstr.strip():
        return ["untranslated"]
    if is_display(entry.msgid) and re.search(r"[a-z]{3,} [a-z]{3,} [a-z]{2,}", entry.msgid):
        return ["the formula has words, and Chinese readers would not see it translated; write the words beside it"]
    if nothing_to_translate(entry.msgid):
        return [] if entry.msgstr == entry.msgid else ["a formula or code was changed"]
    found, plain = [], MATH.sub(" ", CODE.sub(" ", ROLE.sub(" ", entry.msgstr)))
    was, now = tokens(entry.msgid), tokens(entry.msgstr)
    if was != now:
        found.append(f"lost {sorted(map(str, was - now))}, added {sorted(map(str, now - was))}")
    said, told = numbers(entry.msgid), numbers(entry.msgstr)
    if said - told:
        found.append(f"the number {', '.join(sorted(said - told))} is missing")
    if told - said and not SPELT.search(entry.msgid):
        found.append(f"the number {', '.join(sorted(told - said))} is not in the English")
    if re.match(r"([+*-]|\d+[.)]) ", entry.msgstr):
        found.append("the beginning would be read as a list, and the message be left out")
    if re.search(r"[\d`$] %", entry.msgstr):
        found.append("write 95%, without a space")
    if entry.msgstr == entry.msgid and re.search(r"[a-z]{3,} [a-z]{2,}", bare(entry.msgid)):
        found.append("copied, not translated")
    if re.search(rf"[{CJK}][,;:!?](\s|$|[{CJK}])", plain) or re.search(rf"[{CJK}]\.(\s|$)", plain):
        found.append("half-width punctuation after Chinese")
    if re.search(r"[，。：；！？、）」』”]\*{1,2}[^\s\W]|\w\*{1,2}[（「『“]", entry.msgstr):
        found.append("an emphasis mark beside full-width punctuation will not show")
    found += [f"write {term}, not {bad}" for term, bad in FORBIDDEN.items() if bad in plain]
    return found


def register_messages(pages: set[str]) -> set[str]:
    """Sentences of the register that the cards of these pages show."""
    chapters = {page.rpartition("/")[2] for page in pages}
    rows = yaml.safe_load((ROOT / "book" / "register.yml").read_text("utf-8"))["rows"]
    return {row[key] for row in rows if row["section"] and row["chapter"] in chapters for key in ("says", "correction")}


def extract() -> None:
    if subprocess.run([sys.executable, str(ROOT / "tools" / "build.py"), "gettext"]).returncode:
        sys.exit("the messages could not be extracted")


def templates() -> dict[str, set[str]]:
    return {path.relative_to(POT).with_suffix("").as_posix(): {entry.msgid for entry in polib.pofile(path)} for path in sorted(POT.rglob("*.pot"))}


def check(everything: bool) -> int:
    extract()
    wanted = templates()
    complete = set((LOCALE / "complete.txt").read_text("utf-8").split())
    bad, total, done = [f"book/locale/complete.txt: no page {page!r}" for page in complete - set(wanted)], 0, 0
    cards = register_messages(complete)
    for page, messages in wanted.items():
        path = PO / f"{page}.po"
        entries = list(polib.pofile(path, wrapwidth=0)) if path.exists() else []
        have = {entry.msgid: entry for entry in entries if not entry.obsolete}
        total += len(messages)
        done += sum(message in have and not faults(have[message]) for message in messages)
        strict = everything or page in complete
        if strict and set(have) != messages:
            bad.append(f"{page}.po: out of step in {len(set(have) ^ messages)} message(s); run 'make translate'")
        for entry in entries:
            if strict or (page == REGISTER and entry.msgid in cards) or (entry.msgstr and not entry.fuzzy and not entry.obsolete):
                bad += [f"{page}.po:{entry.linenum}: {text}: {entry.msgid[:60]!r}" for text in faults(entry)]
        if page == REGISTER and not strict:
            bad += [f"{page}.po: a card has no translation; run 'make translate': {message[:60]!r}" for message in cards - set(have)]
    known = {path.relative_to(PO).with_suffix("").as_posix() for path in PO.rglob("*.po")}
    bad += [f"{page}.po: no such page; remove the file" for page in sorted(known - set(wanted))]
    print("\n".join(bad))
    print(f"Chinese: {done} of {total} messages translated, {len(complete)} of {len(wanted)} pages complete, {len(bad)} faults")
    return 1 if bad else 0


def update() -> int:
    extract()
    command = [sys.executable, "-m", "sphinx_intl", "update", "-p", str(POT), "-d", str(LOCALE), "-l", "zh_CN", "-w", "0"]
    merged = subprocess.run(command, capture_output=True, text=True)
    if merged.returncode:
        sys.exit(merged.stdout + merged.stderr)
    for path in sorted(PO.rglob("*.po")):
        po = polib.pofile(path, wrapwidth=0)
        for entry in [entry for entry in po if entry.obsolete]:
            po.remove(entry)
        for entry in po:
            if nothing_to_translate(entry.msgid):
                entry.msgstr, entry.previous_msgid = entry.msgid, None
                entry.flags = [flag for flag in entry.flags if flag != "fuzzy"]
        # times of creation would change the file at every run
        po.metadata = {"Language": "zh_CN", "MIME-Version": "1.0", "Content-Type": "text/plain; charset=UTF-8", "Content-Transfer-Encoding": "8bit"}
        po.header = ""
        po.save()
        left = [entry for entry in po if not entry.msgstr or entry.fuzzy]
        print(f"{path.relative_to(PO).with_suffix('')}: {len(po) - len(left)} of {len(po)} translated")
        for entry in left[:20]:
            print(f"    {'fuzzy' if entry.fuzzy else 'new'}: {entry.msgid[:100]!r}")
    return 0


if __name__ == "__main__":
    if sys.argv[1:] not in (["update"], ["check"], ["release"]):
        sys.exit(__doc__)
    sys.exit(update() if sys.argv[1] == "update" else check(sys.argv[1] == "release"))
