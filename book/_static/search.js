// Search without a server: the page loads the texts of all sections as a script (so it works from file:// too) and ranks them by BM25.
(() => {
  "use strict";
  const zh = document.documentElement.lang.startsWith("zh");
  const W = zh
    ? { found: (n, pages) => `在 ${pages} 页中找到 ${n} 处`, none: "没有找到。试试更短的词，或英文术语。", empty: "输入要查找的词。", appendix: "附录" }
    : { found: (n, pages) => `${n} places on ${pages} pages`, none: "Nothing found. Try a shorter word.", empty: "Type a word to look for.", appendix: "Appendix" };
  const CJK = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff";
  const PIECES = new RegExp(`([${CJK}]+)|([\\p{L}\\p{N}_]+)`, "gu");
  const porter = new PorterStemmer(), stems = new Map(); // of the Snowball project, as Sphinx ships it
  const stem = (word) => stems.get(word) ?? stems.set(word, porter.stemWord(word)).get(word);

  /* Words of a text: English ones by their stems, Chinese ones as overlapping pairs of characters. `single` adds each character. */
  function words(text, single) {
    const out = [];
    for (const [, chinese, other] of text.toLowerCase().matchAll(PIECES)) {
      if (other) { out.push(stem(other)); continue; }
      if (single || chinese.length === 1) out.push(...chinese);
      for (let i = 0; i + 1 < chinese.length; i++) out.push(chinese.slice(i, i + 2));
    }
    return out;
  }

  // ------------------------------------------------ index
  const WEIGHTS = { page: 2, title: 4, text: 1 };
  let index = null;
  function build() {
    const { pages, sections } = window.kdSections;
    const postings = new Map();
    let total = 0;
    const entries = sections.map(([page, anchor, title, text], number) => {
      const [url, name] = pages[page], counts = new Map();
      const add = (source, weight) => words(source, true).forEach((word) => counts.set(word, (counts.get(word) ?? 0) + weight));
      add(name, WEIGHTS.page);
      add(title, WEIGHTS.title);
      add(text, WEIGHTS.text);
      let length = 0;
      for (const [word, count] of counts) {
        if (!postings.has(word)) postings.set(word, []);
        postings.get(word).push([number, count]);
        length += count;
      }
      total += length;
      return { page, url, name, anchor, title, text, length, plain: `${title}\n${text}`.toLowerCase() };
    });
    return { entries, postings, mean: total / entries.length };
  }

  // ------------------------------------------------ ranking
  const K = 1.2, B = 0.75, APPENDIX = 0.1, PHRASE = 1.5, TITLE = 2; // BM25, and how a place and an exact phrase count
  function rank(query) {
    index = index ?? build();
    const { entries, postings, mean } = index;
    const wanted = [...new Set(words(query, false))], phrase = query.trim().toLowerCase();
    const rarity = wanted.map((word) => {
      const found = postings.get(word)?.length ?? 0;
      return Math.log(1 + (entries.length - found + 0.5) / (found + 0.5));
    });
    const all = rarity.reduce((a, b) => a + b, 0), scores = new Map();
    wanted.forEach((word, i) => {
      for (const [number, count] of postings.get(word) ?? []) {
        const score = scores.get(number) ?? { sum: 0, met: 0 };
        score.sum += (rarity[i] * count * (K + 1)) / (count + K * (1 - B + (B * entries[number].length) / mean));
        score.met += rarity[i];
        scores.set(number, score);
      }
    });
    const hits = [...scores].map(([number, { sum, met }]) => {
      const entry = entries[number];
      let score = sum * (met / all) ** 2;
      if (entry.plain.includes(phrase)) score *= PHRASE;
      if (`${entry.title} ${entry.name}`.toLowerCase().includes(phrase)) score *= TITLE;
      if (entry.url.startsWith("appendix/")) score *= APPENDIX;
      return { entry, score, whole: met > 0.999 * all };
    });
    const whole = hits.filter((hit) => hit.whole); // all words, if they meet anywhere
    const groups = new Map();
    for (const hit of (whole.length ? whole : hits).sort((a, b) => b.score - a.score)) {
      if (!groups.has(hit.entry.page)) groups.set(hit.entry.page, []);
      groups.get(hit.entry.page).push(hit);
    }
    // a page counts by its best place and a little by the next ones
    const weight = (group) => group.slice(0, 5).reduce((sum, hit, i) => sum + hit.score / 2 ** i, 0);
    return [...groups.values()].sort((a, b) => weight(b) - weight(a));
  }

  // ------------------------------------------------ what the reader sees
  const el = window.kdBook.el;
  const BEFORE = 60, AFTER = 140, PLACES = 4;
  /* Some words around the first hit, with what was looked for marked. */
  function excerpt(text, query) {
    const parts = [query.trim(), ...(query.match(PIECES) ?? [])].filter((part) => part.length > 0);
    const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`(${escaped.join("|")})`, "gi");
    const exact = text.toLowerCase().indexOf(query.trim().toLowerCase());
    const first = exact >= 0 ? exact : Math.max(0, text.search(pattern));
    const from = first <= BEFORE ? 0 : zh ? first - BEFORE : text.indexOf(" ", first - BEFORE) + 1;
    const to = Math.min(text.length, first + AFTER);
    const line = el("p", { class: "kd-excerpt" });
    line.append(from > 0 ? "… " : "");
    text.slice(from, to).split(pattern).forEach((piece, i) => line.append(i % 2 ? el("mark", {}, piece) : piece));
    line.append(to < text.length ? " …" : "");
    return line;
  }
  function show(query, box, status) {
    box.replaceChildren();
    if (!words(query, false).length) { status.textContent = W.empty; return; }
    const groups = rank(query);
    const places = groups.reduce((sum, group) => sum + group.length, 0);
    status.textContent = places ? W.found(places, groups.length) : W.none;
    const list = el("ol", { class: "kd-found" });
    for (const group of groups) {
      const { url, name } = group[0].entry, item = el("li");
      const head = el("p", { class: "kd-found-page" });
      head.append(el("a", { href: url }, name));
      const inner = el("ul");
      for (const { entry } of group.slice(0, PLACES)) {
        const place = el("li");
        if (entry.title !== name) place.append(el("a", { href: entry.anchor ? `${url}#${entry.anchor}` : url }, entry.title));
        if (entry.text) place.append(excerpt(entry.text, query));
        inner.append(place);
      }
      item.append(head, inner);
      list.append(item);
    }
    box.append(list);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const box = document.getElementById("search-results"), status = document.getElementById("kd-search-status");
    const input = document.querySelector(".bd-search-container input[type=search]");
    input.value = new URLSearchParams(location.search).get("q") ?? "";
    let timer = 0;
    const run = () => show(input.value, box, status);
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => { history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`); run(); }, 120);
    });
    input.focus();
    run();
  });
})();
