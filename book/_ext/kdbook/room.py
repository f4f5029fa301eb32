"""How wide an inline formula will be, so that its line keeps its place until MathJax has set it: an estimate from the widths of TeX's glyphs."""

from __future__ import annotations

import re

SCALE = 1.24  # MathJax enlarges formulas to the x-height of the text around them: 1.15 to 1.27 with common fonts
SCRIPT = 0.71  # indices, exponents, parts of a fraction
LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        (
            0.53,
            0.43,
            0.43,
            0.52,
            0.47,
            0.6,
            0.5,
            0.58,
            0.35,
            0.44,
            0.55,
            0.3,
            0.88,
            0.6,
            0.49,
            0.5,
            0.46,
            0.48,
            0.47,
            0.36,
            0.57,
            0.5,
            0.74,
            0.57,
            0.51,
            0.49,
        ),
        strict=True,
    )
)
GLYPHS = {
    **dict.fromkeys("()[]|/!:", 0.36),
    **dict.fromkeys(".;'", 0.28),
    ",": 0.45,
    "\\|": 0.5,
    "\\lVert": 0.5,
    "\\rVert": 0.5,
    "\\sum": 1.22,
    "\\infty": 1.0,
}
SPACES = {"\\,": 0.17, "\\;": 0.28, "\\ ": 0.33, "\\quad": 1.0, "\\qquad": 2.0, "\\!": -0.17}
RELATIONS = {*"=<>", *(f"\\{name}" for name in (["le", "ge", "ne", "approx", "sim", "propto", "in", "equiv", "ll", "gg"]))}
ARROWS = {f"\\{name}" for name in ["to", "mapsto", "rightarrow", "leftarrow", "Rightarrow", "Leftarrow"]}
BINARY = {*"+-\u2212", "\\times", "\\pm"}
WORDS = {
    "\\softmax": 3.65,
    "\\KL": 1.4,
    "\\CE": 1.4,
    "\\log": 1.45,
    "\\exp": 1.6,
    "\\max": 2.0,
    "\\min": 1.85,
    "\\arg": 1.6,
    "\\ln": 1.0,
    "\\operatorname": 0.17,
}
NOTHING = {
    "\\left",
    "\\right",
    "\\big",
    "\\bigl",
    "\\bigr",
    "\\Big",
    "\\mathrm",
    "\\mathbf",
    "\\text",
    "\\mathbb",
    "\\mathcal",
    "\\hat",
    "\\bar",
    "\\tilde",
    " ",
    "\n",
}
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)


def glyph(token: str) -> float:
    for widths in (GLYPHS, SPACES, WORDS, LETTERS):
        if token in widths:
            return widths[token]
    if token in RELATIONS:
        return 1.33
    if token in ARROWS:
        return 1.56
    if token in BINARY:
        return 1.22
    if token in NOTHING:
        return 0.0
    if token == "\\cdot":
        return 0.72
    return 0.78 if token.isupper() else 0.5 if token.isdigit() else 0.57


def take(tokens: list[str]) -> float:
    """Width of the next atom: a group in braces, a fraction, or one glyph."""
    token = tokens.pop(0)
    while token in NOTHING and tokens:
        token = tokens.pop(0)
    if token == "{":
        return line(tokens)
    if token == "\\frac":
        return 0.24 + SCRIPT * max(take(tokens), take(tokens))
    if token == "\\sqrt":
        return 0.85 + take(tokens)
    return glyph(token)


def line(tokens: list[str]) -> float:
    """Width of what comes up to the closing brace; an index and an exponent of the same glyph stand above each other."""
    total = scripts = 0.0
    while tokens and tokens[0] != "}":
        if tokens[0] in "^_" and len(tokens) > 1:
            tokens.pop(0)
            scripts = max(scripts, 0.05 + SCRIPT * take(tokens))
        else:
            total, scripts = total + scripts + take(tokens), 0.0
    if tokens:
        tokens.pop(0)
    return total + scripts


def room(tex: str) -> float:
    """Width of an inline formula in em of the text around it."""
    return SCALE * line(TOKEN.findall(tex))
