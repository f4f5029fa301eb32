// The playground: three small networks (int8 weights, made by the page's own cells) look at a drawn digit.
document.addEventListener("DOMContentLoaded", () => {
  "use strict";
  const { el, softmax, kl, zh } = window.kdBook;
  const W = zh
    ? { teacher: "教师", distilled: "蒸馏学生", labels: "只学标签的学生", digit: "数字", clear: "清除", temperature: "温度", sample: (y) => `样本：${y}`, samples: "测试集样本", field: "画板：用鼠标或手指书写。键盘：方向键移动笔，空格键落笔或抬笔，Delete 键清除。",
        seen: "网络看到的图像", empty: "写一个数字，或者选一个样本。", agree: "三者一致。", differ: "三者不一致。", colon: "：", join: "，", nats: "nat", down: "已落笔", up: "已抬笔" }
    : { teacher: "teacher", distilled: "distilled student", labels: "labels only", digit: "digit", clear: "Clear", temperature: "Temperature", sample: (y) => `Sample: ${y}`, samples: "Samples of the test set", field: "Drawing field: write with mouse or finger. By keyboard: arrows move the pen, space lowers or lifts it, Delete clears.",
        seen: "What the networks see", empty: "Draw a digit or choose a sample.", agree: "All three agree.", differ: "They do not agree.", colon: ": ", join: ", ", nats: "nats", down: "Pen down", up: "Pen up" };
  const SIDE = 14, FIELD = 280, PEN = 22, STEP = 10;

  // ------------------------------------------------ networks
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  function unpack(layer) {
    const whole = new Int8Array(bytes(layer.weight).buffer);
    return { shape: layer.shape, weight: Float64Array.from(whole, (v) => v * layer.scale), bias: new Float32Array(bytes(layer.bias).buffer) };
  }
  const relu = (x) => x.map((v) => Math.max(v, 0));
  function linear({ shape: [out, size], weight, bias }, x) {
    return Float64Array.from({ length: out }, (_, o) => {
      let sum = bias[o];
      for (let i = 0; i < size; i++) sum += weight[o * size + i] * x[i];
      return sum;
    });
  }
  /* 3×3 with a border of zeros; maps are (channel, row, column). */
  function convolution({ shape: [out, channels], weight, bias }, x, side) {
    const y = new Float64Array(out * side * side);
    for (let o = 0; o < out; o++) for (let r = 0; r < side; r++) for (let c = 0; c < side; c++) {
      let sum = bias[o];
      for (let i = 0; i < channels; i++) for (let a = -1; a <= 1; a++) for (let b = -1; b <= 1; b++) {
        if (r + a < 0 || r + a >= side || c + b < 0 || c + b >= side) continue;
        sum += weight[((o * channels + i) * 3 + a + 1) * 3 + b + 1] * x[(i * side + r + a) * side + c + b];
      }
      y[(o * side + r) * side + c] = sum;
    }
    return y;
  }
  /* The largest of each 2×2; an odd last row and column are left out. */
  function pool(x, channels, side) {
    const half = Math.floor(side / 2), y = new Float64Array(channels * half * half);
    for (let k = 0; k < channels; k++) for (let r = 0; r < half; r++) for (let c = 0; c < half; c++) {
      const at = (k * side + 2 * r) * side + 2 * c;
      y[(k * half + r) * half + c] = Math.max(x[at], x[at + 1], x[at + side], x[at + side + 1]);
    }
    return y;
  }
  function logits(layers, image) {
    let x = image, side = SIDE;
    layers.forEach((layer, k) => {
      if (layer.shape.length === 4) {
        x = pool(relu(convolution(layer, x, side)), layer.shape[0], side);
        side = Math.floor(side / 2);
      } else {
        x = linear(layer, x);
        if (k < layers.length - 1) x = relu(x);
      }
    });
    return [...x];
  }

  // ------------------------------------------------ from ink to 14 × 14 pixels
  /* As MNIST's digits: the longer side takes 20 of 28 pixels, the centre of mass is the middle; each pixel is the mean over its square. */
  function prepare(ink, side) {
    let mass = 0, cx = 0, cy = 0, left = side, right = -1, top = side, bottom = -1;
    for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) {
      const v = ink[y * side + x];
      if (v < 0.05) continue;
      mass += v; cx += v * (x + 0.5); cy += v * (y + 0.5);
      left = Math.min(left, x); right = Math.max(right, x + 1); top = Math.min(top, y); bottom = Math.max(bottom, y + 1);
    }
    if (!mass) return null;
    const unit = (Math.max(right - left, bottom - top) / 20) * 2, out = new Float64Array(SIDE * SIDE); // unit: side of a square, in the drawing's pixels
    const shares = (centre) => Array.from({ length: SIDE }, (_, k) => {
      const from = centre + (k - SIDE / 2) * unit, found = [];
      for (let i = Math.max(0, Math.floor(from)); i < Math.min(side, from + unit); i++) found.push([i, Math.min(from + unit, i + 1) - Math.max(from, i)]);
      return found;
    });
    const columns = shares(cx / mass), rows = shares(cy / mass);
    for (let r = 0; r < SIDE; r++) for (let c = 0; c < SIDE; c++) {
      let sum = 0;
      for (const [y, b] of rows[r]) for (const [x, a] of columns[c]) sum += a * b * ink[y * side + x];
      out[r * SIDE + c] = sum / (unit * unit);
    }
    return out;
  }

  // ------------------------------------------------ the page
  function paint(canvas, image) {
    const context = canvas.getContext("2d"), data = context.createImageData(SIDE, SIDE);
    image.forEach((v, i) => data.data.set([255 * v, 255 * v, 255 * v, 255], 4 * i));
    context.putImageData(data, 0, 0);
  }
  function start(box) {
    const content = JSON.parse(document.getElementById("kd-networks").textContent);
    const names = Object.keys(content.networks);
    const networks = names.map((name) => content.networks[name].map(unpack));
    const all = Float64Array.from(bytes(content.samples), (v) => v / 255);
    const samples = content.labels.map((_, i) => all.slice(i * SIDE * SIDE, (i + 1) * SIDE * SIDE));

    const field = el("canvas", { width: FIELD, height: FIELD, tabindex: "0", role: "application", "aria-label": W.field, title: W.field, class: "kd-field" });
    const pen = field.getContext("2d", { willReadFrequently: true });
    const seen = el("canvas", { width: SIDE, height: SIDE, class: "kd-seen", role: "img", "aria-label": W.seen, title: W.seen });
    const status = el("p", { class: "kd-playground-status", role: "status" });
    const controls = el("div", { class: "kd-controls" });
    const label = el("label", { for: "kd-playground-t" });
    const slider = el("input", { type: "range", id: "kd-playground-t", min: "1", max: "10", step: "0.5", value: "1" });
    const clear = el("button", { type: "button", class: "btn btn-sm" }, W.clear);
    controls.append(label, slider, clear);

    const table = el("table", { class: "table kd-says" }), head = el("tr"), body = el("tbody");
    head.append(el("th", { scope: "col" }, W.digit), ...names.map((name) => el("th", { scope: "col" }, W[name])));
    const cells = Array.from({ length: 10 }, (_, digit) => {
      const row = el("tr");
      row.append(el("th", { scope: "row" }, String(digit)));
      const found = names.map(() => el("td"));
      row.append(...found);
      body.append(row);
      return found;
    });
    const top = el("thead");
    top.append(head);
    table.append(top, body);

    let image = null;
    function draw() {
      const t = +slider.value;
      label.textContent = `${W.temperature} T = ${t.toFixed(1)}`;
      slider.setAttribute("aria-valuetext", `T = ${t.toFixed(1)}`);
      paint(seen, image || new Float64Array(SIDE * SIDE));
      if (!image) {
        for (const td of cells.flat()) { td.textContent = ""; td.removeAttribute("data-logit"); td.style.removeProperty("--kd-p"); }
        status.textContent = W.empty;
        return;
      }
      const x = image.map((v) => (v - content.mean) / content.sd), z = networks.map((layers) => logits(layers, x));
      const p = z.map((values) => softmax(values, t)), best = p.map((values) => values.indexOf(Math.max(...values)));
      names.forEach((_, k) => cells.forEach((row, digit) => {
        row[k].textContent = p[k][digit].toFixed(3);
        row[k].dataset.logit = z[k][digit].toFixed(6);
        row[k].style.setProperty("--kd-p", `${(100 * p[k][digit]).toFixed(1)}%`);
        row[k].classList.toggle("kd-best", digit === best[k]);
      }));
      const says = names.map((name, k) => `${W[name]}${W.colon}${best[k]} (${(100 * p[k][best[k]]).toFixed(0)} %)`).join(W.join);
      const apart = names.slice(1).map((name, k) => `KL(${W.teacher} ‖ ${W[name]}) ${kl(p[0], p[k + 1]).toFixed(3)} ${W.nats}`).join(W.join);
      status.textContent = `${says}${zh ? "。" : ". "}${new Set(best).size === 1 ? W.agree : W.differ} ${apart}${zh ? "。" : "."}`;
    }

    // drawing
    let drawn = false, at = null, down = false;
    const place = { x: FIELD / 2, y: FIELD / 2 };
    function wipe() {
      pen.fillStyle = "#000";
      pen.fillRect(0, 0, FIELD, FIELD);
      drawn = false;
      image = null;
    }
    function stroke(from, to) {
      if (!drawn) wipe();
      drawn = true;
      pen.strokeStyle = "#fff";
      pen.lineWidth = PEN;
      pen.lineCap = pen.lineJoin = "round";
      pen.beginPath();
      pen.moveTo(from.x, from.y);
      pen.lineTo(to.x, to.y);
      pen.stroke();
    }
    function look() {
      const data = pen.getImageData(0, 0, FIELD, FIELD).data;
      image = prepare(Float32Array.from({ length: FIELD * FIELD }, (_, i) => data[4 * i] / 255), FIELD);
      draw();
    }
    const where = (event) => {
      const frame = field.getBoundingClientRect();
      return { x: ((event.clientX - frame.left) / frame.width) * FIELD, y: ((event.clientY - frame.top) / frame.height) * FIELD };
    };
    field.addEventListener("pointerdown", (event) => {
      field.setPointerCapture(event.pointerId);
      at = where(event);
      stroke(at, at);
    });
    field.addEventListener("pointermove", (event) => {
      if (!at) return;
      const to = where(event);
      stroke(at, to);
      at = to;
    });
    for (const name of ["pointerup", "pointercancel"]) field.addEventListener(name, () => { if (at) { at = null; look(); } });
    const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
    field.addEventListener("keydown", (event) => {
      const move = MOVES[event.key];
      if (move) {
        const from = { ...place };
        place.x = Math.min(FIELD - PEN / 2, Math.max(PEN / 2, place.x + move[0]));
        place.y = Math.min(FIELD - PEN / 2, Math.max(PEN / 2, place.y + move[1]));
        if (down) { stroke(from, place); look(); }
      } else if (event.key === " ") {
        down = !down;
        if (down) { stroke(place, place); look(); }
        status.textContent = down ? W.down : W.up;
      } else if (event.key === "Delete" || event.key === "Backspace") {
        down = false;
        wipe();
        draw();
      } else return;
      event.preventDefault();
      cursor.style.left = `${(100 * place.x) / FIELD}%`;
      cursor.style.top = `${(100 * place.y) / FIELD}%`;
    });
    const cursor = el("span", { class: "kd-cursor", "aria-hidden": "true" });

    const row = el("div", { class: "kd-samples", role: "group", "aria-label": W.samples });
    samples.forEach((pixels, i) => {
      const button = el("button", { type: "button", "aria-label": W.sample(content.labels[i]), title: W.sample(content.labels[i]) });
      const picture = el("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
      paint(picture, pixels);
      button.append(picture);
      button.addEventListener("click", () => {
        wipe();
        pen.imageSmoothingEnabled = false;
        pen.drawImage(picture, 0, 0, FIELD, FIELD);
        image = pixels;
        draw();
      });
      row.append(button);
    });
    clear.addEventListener("click", () => { wipe(); draw(); });
    slider.addEventListener("input", draw);

    const holder = el("div", { class: "kd-field-holder" }), left = el("div"), wide = el("div", { class: "kd-playground-parts" });
    holder.append(field, cursor);
    left.append(holder, seen);
    wide.append(left, table);
    box.replaceChildren(row, controls, wide, status);
    wipe();
    draw();
  }

  document.querySelectorAll("div.kd-playground").forEach(start);
});
