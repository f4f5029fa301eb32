"""Search: chapters before the appendix, and Chinese without a dictionary.

Chinese text is indexed by characters and overlapping pairs of characters.
"""

from __future__ import annotations

import re
from pathlib import Path

import snowballstemmer
from sphinx.search import languages
from sphinx.search.zh import SearchChinese

CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"


class SearchChineseBigram(SearchChinese):
    language_name = "English"  # of the JavaScript stemmer
    js_splitter_code = """
function splitQuery(query) {
  const out = [];
  const re = /([\\u3400-\\u4dbf\\u4e00-\\u9fff\\uf900-\\ufaff]+)|([A-Za-z0-9_]+)/g;
  let m;
  while ((m = re.exec(query)) !== null) {
    if (m[2]) { out.push(m[2]); continue; }
    const s = m[1];
    if (s.length === 1) out.push(s);
    for (let i = 0; i + 1 < s.length; i++) out.push(s.slice(i, i + 2));
  }
  return out;
}
"""
    pieces = re.compile(rf"([{CJK}]+)|([A-Za-z0-9_]+)")

    def init(self, options):
        self.stemmer = snowballstemmer.stemmer("english")

    def split(self, text):
        out = []
        for match in self.pieces.finditer(text):
            chinese, latin = match.groups()
            out += [latin] if latin else [*chinese, *(chinese[i : i + 2] for i in range(len(chinese) - 1))]
        return out

    def word_filter(self, word):
        return bool(word) and word not in self.stopwords

    def stem(self, word):
        return word if ord(word[0]) > 255 else self.stemmer.stemWord(word.lower())


def order(app, config):
    config.html_search_scorer = str(Path(app.srcdir, "_static", "scorer.js"))  # Sphinx opens it as it stands


def setup(app):
    app.connect("config-inited", order)
    languages["zh"] = SearchChineseBigram
