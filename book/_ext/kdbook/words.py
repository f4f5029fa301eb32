"""Words of the interface that stand in no page: one table, both languages."""

from __future__ import annotations

FOLDERS = {"en": "en", "zh_CN": "zh"}
TAGS = {"en": "en", "zh_CN": "zh-CN"}
NAMES = {"en": "English", "zh_CN": "简体中文"}

WORDS = {
    "en": {
        "says": "The document says",
        "correction": "Correct",
        "verdict": "Verdict",
        "treated": "Treated in",
        "exercise": "Exercise",
        "elsewhere": "Further rows of this part:",
        "correct": "correct",
        "incomplete": "incomplete",
        "misleading": "misleading",
        "wrong": "wrong",
        "broken": "broken",
        "fabricated": "fabricated",
        "colon": ": ",
        "rows": "Rows",
        "sum": "Sum",
        "page": "Page",
        "seconds": "Seconds",
        "package": "Package",
        "version": "Version",
        "cells": "Code cells",
        "task": "Task",
        "answer": "Answer",
        "lost": "Points lost",
        "message": "Message",
        "tried": "Answers tried",
        "caught": "Wrong ones caught",
        "kept": "Right ones with all points",
        "graded": "Graded notebook",
        "lab": " make lab opens it.",
        "followup": "Follow-up: ",
        "followups": "Follow-ups and quick questions of this book",
        "footer": "Text CC BY 4.0, code BSD-3-Clause.",
        "language": "Language",
    },
    "zh_CN": {
        "says": "文档的说法",
        "correction": "正确答案",
        "verdict": "结论",
        "treated": "详见",
        "exercise": "练习",
        "elsewhere": "本部分的其他条目：",
        "correct": "正确",
        "incomplete": "不完整",
        "misleading": "有误导",
        "wrong": "错误",
        "broken": "不能运行",
        "fabricated": "虚构",
        "colon": "：",
        "rows": "条目数",
        "sum": "合计",
        "page": "页面",
        "seconds": "秒",
        "package": "软件包",
        "version": "版本",
        "cells": "代码单元",
        "task": "题目",
        "answer": "答案",
        "lost": "失分",
        "message": "提示",
        "tried": "试过的答案",
        "caught": "被识破的错误答案",
        "kept": "得满分的正确答案",
        "graded": "自动评分练习",
        "lab": "用 make lab 打开。",
        "followup": "追问：",
        "followups": "本书的追问与小测",
        "footer": "正文采用 CC BY 4.0，代码采用 BSD-3-Clause。",
        "language": "语言",
    },
}


def word(language: str, key: str) -> str:
    return WORDS[language][key]
