// Figures to move, each made of the table that stands in the page. Without JavaScript the table stays.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const { el, svg, softmax, kl, words, zh } = window.kdBook;
  const W = zh
    ? { temp: "温度", entropy: "熵", nats: "nat", max: "最大", chart: "软化后的概率", reset: "复位", mean: "学生的均值", width: "学生的宽度", forward: "KL(教师 ‖ 学生)", reverse: "KL(学生 ‖ 教师)",
        least: (name) => `使 ${name} 最小`, peaks: "教师（实线）与学生（虚线）的概率" }
    : { temp: "Temperature", entropy: "entropy", nats: "nats", max: "max", chart: "Softened probabilities", reset: "Reset", mean: "mean of the student", width: "width of the student", forward: "KL(teacher ‖ student)", reverse: "KL(student ‖ teacher)",
        least: (name) => `smallest ${name}`, peaks: "Probabilities of the teacher (solid) and the student (dashed)" };
  const number = (cell) => parseFloat(cell.textContent.replace("\u2212", "-"));

  /* A slider with its label, in the bar of controls. */
  function slider(bar, id, settings) {
    const label = el("label", { for: id }), input = el("input", { type: "range", id, ...settings });
    bar.append(label, input);
    return { label, input };
  }
  function button(bar, text, act) {
    const node = el("button", { type: "button", class: "btn btn-sm" }, text);
    node.addEventListener("click", act);
    bar.append(node);
  }
  /* Put the figure in the table's place, and the table below it, folded. */
  function replaceTable(box, ...parts) {
    const table = box.querySelector("table"), fold = el("details");
    fold.append(el("summary", {}, words.table));
    table.replaceWith(fold);
    fold.append(table);
    box.prepend(...parts);
  }

  // ------------------------------------------------ the temperature figure
  function temperature(box, n) {
    const rows = [...box.querySelectorAll("tbody tr")];
    const labels = rows.map((r) => r.cells[0].textContent.trim());
    const z = rows.map((r) => number(r.cells[1]));
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
    const { label, input } = slider(controls, id, { min: "-1", max: "1.5", step: "0.01", value: "0" }); // log10 of T
    button(controls, W.reset, () => { input.value = "0"; draw(); });
    const output = el("output", { for: id, "aria-live": "polite" });
    controls.append(output);
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
    replaceTable(box, controls, chart);
    draw();
  }

  // ------------------------------------------------ one bell, two peaks
  const GRID = Array.from({ length: 601 }, (_, i) => -6 + i / 50);
  function bell(mean, width) {
    const p = GRID.map((x) => Math.exp(-(((x - mean) / width) ** 2) / 2)), sum = p.reduce((a, b) => a + b, 0);
    return p.map((v) => v / sum);
  }
  function twoModes(box, n) {
    const peaks = [...box.querySelectorAll("tbody tr")].map((r) => [...r.cells].slice(1).map(number));
    const teacher = GRID.map(() => 0);
    for (const [mean, width, weight] of peaks) bell(mean, width).forEach((v, i) => { teacher[i] += weight * v; });
    const width = 520, height = 200, top = 1.6 * Math.max(...teacher);
    const chart = svg("svg", { viewBox: `0 0 ${width} ${height + 24}`, width, height: height + 24, role: "img" });
    const path = (p) => p.map((v, i) => `${i ? "L" : "M"}${((i / 600) * width).toFixed(1)} ${(height * (1 - Math.min(v / top, 1))).toFixed(1)}`).join("");
    const curve = svg("path", { class: "student" });
    chart.append(svg("path", { class: "teacher", d: path(teacher) }), curve, svg("line", { class: "axis", x1: 0, x2: width, y1: height, y2: height }));
    for (const x of [-6, -3, 0, 3, 6]) {
      const text = svg("text", { x: Math.min(width - 12, Math.max(12, ((x + 6) / 12) * width)), y: height + 18, "text-anchor": "middle" });
      text.textContent = String(x).replace("-", "\u2212");
      chart.append(text);
    }
    const controls = el("div", { class: "kd-controls" }), output = el("output", { "aria-live": "polite" });
    const m = slider(controls, `kd-mean-${n}`, { min: "-4", max: "4", step: "0.05", value: "0" });
    const s = slider(controls, `kd-width-${n}`, { min: "0.3", max: "4", step: "0.05", value: "1" });
    const draw = () => {
      const student = bell(+m.input.value, +s.input.value), forward = kl(teacher, student), reverse = kl(student, teacher);
      m.label.textContent = `${W.mean} ${(+m.input.value).toFixed(2)}`;
      s.label.textContent = `${W.width} ${(+s.input.value).toFixed(2)}`;
      output.textContent = `${W.forward} ${forward.toFixed(3)} · ${W.reverse} ${reverse.toFixed(3)} ${W.nats}`;
      curve.setAttribute("d", path(student));
      chart.setAttribute("aria-label", `${W.peaks}. ${m.label.textContent}, ${s.label.textContent}. ${output.textContent}`);
    };
    const least = (cost) => () => { // of all places of the two sliders
      let best = Infinity;
      let place = [0, 1];
      for (let i = 0; i <= 160; i++) {
        for (let k = 0; k <= 74; k++) {
          const at = [-4 + i / 20, 0.3 + k / 20], value = cost(bell(...at));
          if (value < best) { best = value; place = at; }
        }
      }
      [m.input.value, s.input.value] = place.map((v) => v.toFixed(2));
      draw();
    };
    button(controls, W.least(W.forward), least((q) => kl(teacher, q)));
    button(controls, W.least(W.reverse), least((q) => kl(q, teacher)));
    controls.append(output);
    m.input.addEventListener("input", draw);
    s.input.addEventListener("input", draw);
    replaceTable(box, controls, chart);
    draw();
  }

  document.querySelectorAll("div.kd-temperature").forEach(temperature);
  document.querySelectorAll("div.kd-two-modes").forEach(twoModes);
});
