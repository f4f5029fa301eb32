"""How wide an inline formula will be, so that its line keeps its place until MathJax has set it: an estimate from the widths of TeX's glyphs."""

from __future__ import annotations

import re

SCALE = 1.24  # MathJax enlarges formulas to the x-height of the text around them: 1.15 to 1.27 with common fonts
SCRIPT = 0.71  # indices, exponents, parts of a fraction
# width, then the letters, signs with the space around them, operators and spaces that have it
TABLE = r"""
-0.17 \!
0.17 \, \operatorname
0.28 ' . ; \;
0.3 l
0.35 i
0.36 ! ( ) / : [ ] t |
0.43 b c
0.44 j
0.45 ,
0.46 q
0.47 e s
0.48 r
0.49 o z
0.5 g p v \lVert \rVert \|
0.51 y
0.52 d
0.53 a
0.55 k
0.57 u x
0.58 h
0.6 f n
0.72 \cdot
0.74 w
0.88 m
1 \infty \ln \quad
1.22 + - − \pm \sum \times
1.33 < = > \approx \equiv \ge \gg \in \le \ll \ne \propto \sim
1.4 \CE \KL
1.45 \log
1.56 \Leftarrow \Rightarrow \leftarrow \mapsto \rightarrow \to
1.6 \arg \exp
1.85 \min
2 \max \qquad
3.65 \softmax
"""
WIDTHS = {token: float(width) for width, *tokens in map(str.split, TABLE.strip().splitlines()) for token in tokens} | {"\\ ": 0.33}
NAMES = r"\left \right \big \bigl \bigr \Big \mathrm \mathbf \text \mathbb \mathcal \hat \bar \tilde"
INVISIBLE = {" ", "\n", *NAMES.split()}
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|.", re.DOTALL)


def glyph(token: str) -> float:
    if token in INVISIBLE:
        return 0.0
    return WIDTHS.get(token, 0.78 if token.isupper() else 0.5 if token.isdigit() else 0.57)


def take(tokens: list[str]) -> float:
    """Width of the next atom: a group in braces, a fraction, or one glyph."""
    token = tokens.pop(0)
    while token in INVISIBLE and tokens:
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
