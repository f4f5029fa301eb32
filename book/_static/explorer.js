// Tables of estimates (kdtutor.plots.slider_table): one column at a time, chosen with a slider. Without JavaScript the table stands as it is.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const { el, svg, words } = window.kdBook;
  const RIGHT = 20, ROW = 34;

  function read(cell) {
    const [mean, error] = cell.textContent.replace("\u2212", "-").split("±").map(parseFloat);
    return { mean, error };
  }

  function explore(table, n) {
    const names = [...table.tHead.rows[0].cells].slice(1).map((c) => c.textContent);
    const rows = [...table.tBodies[0].rows];
    const labels = rows.map((r) => r.cells[0].textContent);
    const values = rows.map((r) => [...r.cells].slice(1).map(read));
    const all = values.flat();
    const low = Math.min(0, ...all.map((v) => v.mean - v.error)), high = Math.max(0, ...all.map((v) => v.mean + v.error));
    const width = Math.max(300, Math.min(520, table.parentElement.clientWidth)); // drawn in its own size: text stays readable on a phone
    const room = (label) => [...label].reduce((sum, sign) => sum + (sign > "\u2e80" ? 14.5 : 7.5), 0);
    const left = 24 + Math.max(...labels.map(room));
    const x = (v) => left + ((v - low) / (high - low)) * (width - left - RIGHT);
    const height = ROW * rows.length + 26;
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img" });
    chart.append(svg("line", { class: "zero", x1: x(0), x2: x(0), y1: 0, y2: ROW * rows.length }));
    for (const tick of [low, 0, high]) {
      const text = svg("text", { x: x(tick), y: height - 6, "text-anchor": "middle" });
      text.textContent = tick.toFixed(1).replace("-", "\u2212");
      if (tick === 0 || Math.abs(x(tick) - x(0)) > 40) chart.append(text);
    }
    const marks = labels.map((label, i) => {
      const y = ROW * i + ROW / 2;
      const name = svg("text", { x: left - 12, y: y + 5, "text-anchor": "end" });
      name.textContent = label;
      const bar = svg("line", { class: "error", y1: y, y2: y }), dot = svg("circle", { class: "dot", cy: y, r: 6 });
      chart.append(name, bar, dot);
      return { bar, dot };
    });
    const id = `kd-explorer-${n}`;
    const controls = el("div", { class: "kd-controls" });
    const label = el("label", { for: id });
    const input = el("input", { type: "range", id, min: "0", max: String(names.length - 1), step: "1", value: "0" });
    const output = el("output", { for: id, "aria-live": "polite" });
    controls.append(label, input, output);
    const draw = () => {
      const k = +input.value;
      label.textContent = names[k];
      input.setAttribute("aria-valuetext", names[k]);
      output.textContent = table.caption.textContent;
      values.forEach((row, i) => {
        const { mean, error } = row[k];
        marks[i].dot.setAttribute("cx", x(mean).toFixed(1));
        marks[i].bar.setAttribute("x1", x(mean - error).toFixed(1));
        marks[i].bar.setAttribute("x2", x(mean + error).toFixed(1));
      });
      chart.setAttribute("aria-label", `${names[k]}. ` + labels.map((s, i) => `${s}: ${rows[i].cells[k + 1].textContent}`).join(", "));
    };
    input.addEventListener("input", draw);
    const box = el("div", { class: "kd-explorer-box" }), fold = el("details");
    table.replaceWith(box);
    fold.append(el("summary", {}, words.table), table);
    box.append(controls, chart, fold);
    draw();
  }

  document.querySelectorAll("table.kd-explorer").forEach(explore);
});
