// The interview trainer: the list of questions (kdbook/trainer.py), one at a time. Without JavaScript the list stands as it is.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const { el, choice, words } = window.kdBook;
  const W = document.documentElement.lang.startsWith("zh")
    ? { topic: "主题", shuffle: "打乱顺序，不会的优先", show: "显示答案", hide: "收起答案", previous: "上一题", next: "下一题",
        marks: ["会", "不太确定", "不会"], mark: "自评", unmarked: "未自评", progress: "进度：", reset: "清除进度", sure: "清除全部自评记录？",
        none: "没有符合条件的题目", count: (i, n) => `第 ${i} 题，共 ${n} 题`, colon: "：" }
    : { topic: "Topic", shuffle: "Shuffle, not known first", show: "Show answer", hide: "Hide answer", previous: "Previous",
        next: "Next", marks: ["Knew it", "Not sure", "Did not know"], mark: "Mark yourself", unmarked: "Not marked", progress: "Progress: ",
        reset: "Clear progress", sure: "Clear all your marks?", none: "No question fits", count: (i, n) => `Question ${i} of ${n}`,
        colon: ": " };
  const STORE = "kdbook-trainer";
  const cards = [...document.querySelectorAll("details.kd-quiz")];
  if (!cards.length) return;

  // marks by key of the card: "1", "2" or "3", as on the keys
  function load() {
    try { return JSON.parse(localStorage.getItem(STORE)) || {}; } catch { return {}; }
  }
  function save() {
    try { localStorage.setItem(STORE, JSON.stringify(marks)); } catch { /* a browser without storage: the marks last as long as the page */ }
  }
  let marks = load(), order = [], at = 0;
  const markOf = (card) => marks[card.dataset.key] || "";

  const bar = el("div", { class: "kd-trainer-bar", role: "search" }), buttons = el("div", { class: "kd-trainer-buttons" });
  const status = el("p", { class: "kd-trainer-status" }), live = el("p", { class: "kd-live", "aria-live": "polite" });
  function select(title, options) {
    const list = choice(bar, title, options);
    list.addEventListener("input", arrange);
    return list;
  }
  function button(text, action, parent = buttons) {
    const node = el("button", { type: "button", class: "btn btn-sm" }, text);
    node.addEventListener("click", action);
    parent.append(node);
    return node;
  }
  const heading = (card) => card.closest("section").querySelector("h2").firstChild.textContent;
  const topic = select(W.topic, new Map(cards.map((card) => [card.dataset.topic, heading(card)])));
  const source = select(words.document, new Map(cards.map((card) => [card.dataset.document, card.dataset.title])));
  const box = el("label"), shuffle = el("input", { type: "checkbox" });
  box.append(shuffle, " " + W.shuffle);
  bar.append(box);
  shuffle.addEventListener("input", arrange);

  const back = button(W.previous, () => go(-1)), flip = button(W.show, turn), on = button(W.next, () => go(1));
  const group = el("span", { role: "group", "aria-label": W.mark, class: "kd-marks" });
  buttons.append(group);
  const grades = W.marks.map((text, i) => button(`${i + 1} ${text}`, () => grade(String(i + 1)), group));
  const reset = button(W.reset, () => { if (confirm(W.sure)) { marks = {}; save(); arrange(); } });
  reset.classList.add("kd-reset");

  // shuffled: a random order of what is not known, then of what is; the walk begins at the first card without a mark
  function arrange() {
    const place = new Map(cards.map((card, i) => [card, shuffle.checked ? Math.random() + (markOf(card) === "1") : i]));
    order = cards.filter((card) => (!topic.value || card.dataset.topic === topic.value) && (!source.value || card.dataset.document === source.value));
    order.sort((a, b) => place.get(a) - place.get(b));
    at = Math.max(0, order.findIndex((card) => !markOf(card)));
    show();
  }
  function show() {
    const card = order[at], inside = document.activeElement?.closest("details.kd-quiz");
    for (const other of cards) {
      other.classList.toggle("kd-hidden", other !== card);
      other.open = false;
    }
    if (inside && card) card.querySelector("summary").focus();
    live.textContent = card ? `${W.count(at + 1, order.length)}${W.colon}${card.querySelector("summary").textContent}` : W.none;
    for (const node of [back, flip, on, ...grades]) node.disabled = !card;
    tally();
  }
  function tally() {
    const card = order[at], count = (mark) => order.filter((other) => markOf(other) === mark).length;
    const progress = [...W.marks.map((text, i) => `${text} ${count(String(i + 1))}`), `${W.unmarked} ${count("")}`].join(" · ");
    status.textContent = card ? `${W.count(at + 1, order.length)} · ${heading(card)}\n${W.progress}${progress}` : W.none;
    grades.forEach((node, i) => node.setAttribute("aria-pressed", String(Boolean(card) && markOf(card) === String(i + 1))));
    label();
  }
  function label() {
    const open = Boolean(order[at]?.open);
    flip.textContent = open ? W.hide : W.show;
    flip.setAttribute("aria-expanded", String(open));
  }
  function turn() { if (order[at]) order[at].open = !order[at].open; }
  function go(step) {
    if (!order.length) return;
    at = (at + step + order.length) % order.length;
    show();
    if (status.getBoundingClientRect().top < 0) status.scrollIntoView();
  }
  function grade(mark) {
    if (!order[at]) return;
    marks[order[at].dataset.key] = mark;
    save();
    go(1);
  }

  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey || event.repeat) return;
    if (target.closest("input, select, textarea, [contenteditable]")) return;
    if ((key === " " || key === "Enter") && target.closest("a, button, summary")) return; // these do their own
    const actions = { " ": turn, Enter: turn, n: () => go(1), ArrowRight: () => go(1), p: () => go(-1), ArrowLeft: () => go(-1) };
    const action = actions[key] || ("123".includes(key) ? () => grade(key) : null);
    if (!action) return;
    event.preventDefault();
    action();
  });
  for (const card of cards) card.addEventListener("toggle", label);

  const first = cards[0].closest("section");
  first.parentNode.classList.add("kd-one");
  first.before(bar, status, live);
  cards.at(-1).closest("section").after(buttons);
  arrange();
});
