(() => {
  "use strict";
  const zh = document.documentElement.lang.startsWith("zh");
  const W = zh
    ? { temp: "温度", entropy: "熵", nats: "奈特", max: "最大", table: "数据表", chart: "软化后的概率", reset: "复位", verdict: "结论", document: "文档", chapter: "章", all: "全部",
        text: "文字", shown: (n, m) => `显示 ${n} / ${m} 条` }
    : { temp: "Temperature", entropy: "entropy", nats: "nats", max: "max", table: "Table", chart: "Softened probabilities", reset: "Reset", verdict: "Verdict", document: "Document", chapter: "Chapter", all: "all",
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

  window.kdBook = { el, svg, choice, words: W }; // for explorer.js and trainer.js

  // ------------------------------------------------ the temperature figure
  function softmax(z, t) {
    const top = Math.max(...z), e = z.map((v) => Math.exp((v - top) / t)), sum = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / sum);
  }
  function temperature(box, n) {
    const rows = [...box.querySelectorAll("tbody tr")];
    const labels = rows.map((r) => r.cells[0].textContent.trim());
    const z = rows.map((r) => parseFloat(r.cells[1].textContent.replace("\u2212", "-")));
    const row = 26, width = 520, left = 40, right = 70;
    const chart = svg("svg", { viewBox: `0 0 ${width} ${row * z.length + 6}`, width, height: row * z.length + 6, role: "img" });
    const bars = labels.map((label, i) => {
      const y = 3 + row * i;
      const name = svg("text", { x: left - 8, y: y + 15, "text-anchor": "end" });
      const bar = svg("rect", { class: "bar", x: left, y, height: row - 6, width: 0 });
      const value = svg("text", { y: y + 15 });
      name.textContent = label;
      chart.append(name, bar, value);
      return [bar, value];
    });
    const id = `kd-temperature-${n}`;
    const controls = el("div", { class: "kd-controls" });
    const label = el("label", { for: id });
    const input = el("input", { type: "range", id, min: "-1", max: "1.5", step: "0.01", value: "0" }); // log10 of T
    const output = el("output", { for: id, "aria-live": "polite" });
    const reset = el("button", { type: "button", class: "btn btn-sm" }, W.reset);
    controls.append(label, input, reset, output);
    const draw = () => {
      const t = Math.pow(10, +input.value), p = softmax(z, t);
      const h = -p.reduce((a, q) => a + (q > 0 ? q * Math.log(q) : 0), 0);
      label.textContent = `${W.temp} T = ${t.toFixed(2)}`;
      input.setAttribute("aria-valuetext", `T = ${t.toFixed(2)}`);
      output.textContent = `${W.entropy} ${h.toFixed(3)} ${W.nats} (${W.max} ${Math.log(z.length).toFixed(3)})`;
      p.forEach((q, i) => {
        const w = q * (width - left - right);
        bars[i][0].setAttribute("width", w.toFixed(2));
        bars[i][1].setAttribute("x", (left + w + 6).toFixed(1));
        bars[i][1].textContent = q.toFixed(3);
      });
      chart.setAttribute("aria-label", `${W.chart}: ` + labels.map((s, i) => `${s} ${p[i].toFixed(2)}`).join(", "));
    };
    input.addEventListener("input", draw);
    reset.addEventListener("click", () => { input.value = "0"; draw(); });
    const table = box.querySelector("table"), fold = el("details");
    fold.append(el("summary", {}, W.table));
    table.replaceWith(fold);
    fold.append(table);
    box.prepend(controls, chart);
    draw();
  }

  // ------------------------------------------------ the filter of the register
  const VERDICTS = ["correct", "incomplete", "misleading", "wrong", "broken", "fabricated"];
  function filter(rows) {
    const bar = el("div", { class: "kd-filter", role: "search" });
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
    const first = rows[0].closest("section");
    first.parentNode.insertBefore(bar, first);
    apply();
    if (location.hash.startsWith("#row-")) document.querySelector(location.hash)?.scrollIntoView();
  }

  // ------------------------------------------------ printing, language switch
  window.addEventListener("beforeprint", () =>
    document.querySelectorAll("details:not([open])").forEach((d) => { d.open = true; d.dataset.kdPrinted = ""; }));
  window.addEventListener("afterprint", () =>
    document.querySelectorAll("details[data-kd-printed]").forEach((d) => { d.open = false; delete d.dataset.kdPrinted; }));
  document.addEventListener("DOMContentLoaded", () => {
    document.querySelectorAll("div.kd-temperature").forEach(temperature);
    const rows = [...document.querySelectorAll("div.kd-row")];
    if (rows.length) filter(rows);
    document.querySelectorAll("a[data-kd-switch]").forEach((a) =>
      a.addEventListener("click", () => { a.href = a.href.split("#")[0] + location.hash; }));
    document.querySelectorAll(".kd-lang-zh-cn").forEach((node) => { node.lang = "zh-CN"; });
    document.querySelectorAll(".kd-lang-en").forEach((node) => { node.lang = "en"; });
  });
})();
