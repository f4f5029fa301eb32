(() => {
  "use strict";
  const zh = document.documentElement.lang.startsWith("zh");
  const W = zh
    ? { table: "数据表", verdict: "结论", document: "文档", chapter: "章", all: "全部",
        text: "文字", shown: (n, m) => `显示 ${n} / ${m} 条` }
    : { table: "Table", verdict: "Verdict", document: "Document", chapter: "Chapter", all: "all",
        text: "Text", shown: (n, m) => `${n} of ${m} rows` };

  function el(name, attributes = {}, text = "") {
    const node = document.createElement(name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text) node.textContent = text;
    return node;
  }
  function svg(name, attributes = {}) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    return node;
  }

  function choice(bar, title, options) {
    const label = el("label", {}, title + " "), list = el("select");
    list.append(el("option", { value: "" }, W.all), ...[...options].map(([value, text]) => el("option", { value }, text)));
    label.append(list);
    bar.append(label);
    return list;
  }

  function softmax(z, t) {
    const top = Math.max(...z), e = z.map((v) => Math.exp((v - top) / t)), sum = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / sum);
  }
  const kl = (a, b) => a.reduce((sum, p, i) => sum + (p > 0 ? p * Math.log(p / Math.max(b[i], 1e-300)) : 0), 0);

  window.kdBook = { el, svg, choice, softmax, kl, words: W, zh }; // for the other scripts

  // ------------------------------------------------ the filter of the register
  const VERDICTS = ["correct", "incomplete", "misleading", "wrong", "broken", "fabricated"];
  function filter(rows) {
    const bar = document.querySelector("div.kd-filter");
    bar.replaceChildren();
    bar.setAttribute("role", "search");
    const words = (verdict) => {
      const badge = document.querySelector(`.kd-badge.kd-${verdict}`);
      return [verdict, badge ? badge.textContent : verdict];
    };
    const verdict = choice(bar, W.verdict, VERDICTS.map(words));
    const sections = [...new Set(rows.map((row) => row.closest("section")))];
    const documents = choice(bar, W.document, sections.map((s) => [s.id, s.querySelector("h2").firstChild.textContent]));
    const chapterOf = (row) => [...row.classList].find((name) => name.startsWith("kd-in-")).slice(6);
    // titles in reading order, from the navigation; each chapter once
    const left = new Set(rows.map(chapterOf));
    const pages = [...document.querySelectorAll("nav a")].map((a) => [a.pathname.replace(/.*\/|\.html$/g, ""), a.textContent.trim()]);
    const chapter = choice(bar, W.chapter, pages.filter(([name]) => left.delete(name)));
    const label = el("label", {}, W.text + " "), text = el("input", { type: "search" });
    label.append(text);
    const count = el("output", { "aria-live": "polite" });
    bar.append(label, count);
    const contents = rows.map((row) => row.textContent.toLowerCase());
    const apply = () => {
      let shown = 0;
      rows.forEach((row, i) => {
        const fits = (!verdict.value || row.classList.contains("kd-" + verdict.value)) &&
          (!documents.value || row.closest("section").id === documents.value) && (!chapter.value || chapterOf(row) === chapter.value) && contents[i].includes(text.value.trim().toLowerCase());
        row.classList.toggle("kd-hidden", !fits);
        shown += fits;
      });
      count.textContent = W.shown(shown, rows.length);
    };
    for (const control of [verdict, documents, chapter, text]) control.addEventListener("input", apply);
    apply();
    if (location.hash.startsWith("#row-")) document.querySelector(location.hash)?.scrollIntoView();
  }

  // ------------------------------------------------ printing, full screen, language switch
  document.addEventListener("click", (event) => {
    const wanted = event.target.closest("[data-kd-do]")?.dataset.kdDo;
    if (wanted === "print") window.print();
    if (wanted === "fullscreen") window.toggleFullScreen(); // of the theme
  });
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("details:not([open])").forEach((d) => { d.open = true; d.dataset.kdPrinted = ""; }));
  window.addEventListener("afterprint", () =>
    document.querySelectorAll("details[data-kd-printed]").forEach((d) => { d.open = false; delete d.dataset.kdPrinted; }));
  document.addEventListener("DOMContentLoaded", () => {
    const rows = [...document.querySelectorAll("div.kd-row")];
    if (rows.length) filter(rows);
    document.querySelectorAll("a[data-kd-switch]").forEach((a) =>
      a.addEventListener("click", () => { a.href = a.href.split("#")[0] + location.hash; }));
    document.querySelectorAll(".kd-lang-zh-cn").forEach((node) => { node.lang = "zh-CN"; });
    document.querySelectorAll(".kd-lang-en").forEach((node) => { node.lang = "en"; });
  });
})();
