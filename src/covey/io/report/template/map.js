"use strict";
(() => {
  const map = JSON.parse(document.getElementById("data").textContent);
  const canvas = document.getElementById("canvas");
  const told = document.getElementById("told");
  const box = canvas.parentElement;
  const pen = canvas.getContext("2d");
  const items = map.items.length;
  const xy = Float32Array.from(map.points, (v) => v / 100);
  const middle = Float32Array.from(map.centre, (v) => v / 100);
  const flagged = new Set(map.flagged);
  let scale = 1, left = 0, top = 0, at = -1, item = -1;

  let x0 = Infinity, x1 = -Infinity, y0 = Infinity, y1 = -Infinity;
  map.radius.forEach((r, c) => {
    x0 = Math.min(x0, middle[2 * c] - r); x1 = Math.max(x1, middle[2 * c] + r);
    y0 = Math.min(y0, middle[2 * c + 1] - r); y1 = Math.max(y1, middle[2 * c + 1] + r);
  });
  const wide = Math.max(x1 - x0, 1), high = Math.max(y1 - y0, 1);

  const first = [];
  for (let i = 0; i < items; i++) (first[map.place[i]] ??= []).push(i);

  const px = (x) => left + (x - x0) * scale;
  const py = (y) => top + (y - y0) * scale;

  function draw() {
    const width = box.clientWidth - 2;
    const height = Math.round(Math.min(Math.max(width * high / wide, 180), width * 1.1, 760));
    const dense = window.devicePixelRatio || 1;
    canvas.style.height = height + "px";
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
    const pad = Math.max(14, width * 0.02);
    scale = Math.min((width - 2 * pad) / wide, (height - 2 * pad) / high, 26);
    left = (width - wide * scale) / 2;
    top = (height - high * scale) / 2;

    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const plain = colour("--data"), accent = colour("--accent"), ink = colour("--ink");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);

    map.radius.forEach((r, c) => {
      if (map.size[c] < 2) return;
      const hot = flagged.has(map.clusters[c]);
      pen.beginPath();
      pen.arc(px(middle[2 * c]), py(middle[2 * c + 1]), r * scale, 0, 2 * Math.PI);
      pen.globalAlpha = c === at ? 0.3 : hot ? 0.2 : 0.1;
      pen.fillStyle = hot ? accent : plain;
      pen.fill();
      if (c === at) {
        pen.globalAlpha = 1;
        pen.lineWidth = 1.5;
        pen.strokeStyle = ink;
        pen.stroke();
      }
    });
    pen.globalAlpha = 0.9;
    pen.lineWidth = 1.25;
    pen.strokeStyle = accent;
    for (const [a, b] of map.bridges) {
      const dx = middle[2 * b] - middle[2 * a], dy = middle[2 * b + 1] - middle[2 * a + 1];
      const long = Math.hypot(dx, dy) || 1;
      const ra = map.radius[a] / long, rb = 1 - map.radius[b] / long;
      pen.beginPath();
      pen.moveTo(px(middle[2 * a] + dx * ra), py(middle[2 * a + 1] + dy * ra));
      pen.lineTo(px(middle[2 * a] + dx * rb), py(middle[2 * a + 1] + dy * rb));
      pen.stroke();
    }
    const dot = Math.max(0.9, Math.min(0.62 * scale, 4));
    for (let i = 0; i < items; i++) {
      const alone = map.size[map.place[i]] < 2, weak = map.loose[i] === 1;
      pen.globalAlpha = alone ? 0.35 : weak ? 0.9 : 0.25 + 0.0065 * map.strength[i];
      pen.fillStyle = weak ? accent : plain;
      pen.beginPath();
      pen.arc(px(xy[2 * i]), py(xy[2 * i + 1]), dot, 0, 2 * Math.PI);
      pen.fill();
    }
    if (item >= 0) {
      pen.globalAlpha = 1;
      pen.lineWidth = 2;
      pen.strokeStyle = ink;
      pen.beginPath();
      pen.arc(px(xy[2 * item]), py(xy[2 * item + 1]), dot + 2.5, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.globalAlpha = 1;
  }

  function show(c, i) {
    if (c === at && i === item) return;
    at = c;
    item = i;
    told.classList.toggle("on", c >= 0);
    if (c >= 0) {
      const size = map.size[c].toLocaleString("en") + (map.size[c] === 1 ? " item" : " items");
      const name = map.names === null ? "item " + map.items[i] : map.names[i];
      told.textContent = name + "\ncluster " + map.clusters[c] + ", " + size +
        "\nstrength " + (map.strength[i] / 100).toFixed(2);
      const x = px(xy[2 * i]), y = py(xy[2 * i + 1]);
      const over = x + told.offsetWidth + 16 > box.clientWidth;
      const below = y + told.offsetHeight + 16 < canvas.clientHeight;
      told.style.transform = "translate(" +
        Math.max(4, over ? x - told.offsetWidth - 12 : x + 12) + "px," +
        Math.max(4, below ? y + 12 : y - told.offsetHeight - 12) + "px)";
    }
    draw();
  }

  canvas.addEventListener("pointermove", (event) => {
    const x = (event.offsetX - left) / scale + x0, y = (event.offsetY - top) / scale + y0;
    let best = -1, near = Infinity;
    map.radius.forEach((r, c) => {
      const d = Math.hypot(middle[2 * c] - x, middle[2 * c + 1] - y) - r;
      if (d < near) { near = d; best = c; }
    });
    if (best < 0 || near * scale > 8) return show(-1, -1);
    let which = -1, distance = Infinity;
    for (const i of first[best]) {
      const d = Math.hypot(xy[2 * i] - x, xy[2 * i + 1] - y);
      if (d < distance) { distance = d; which = i; }
    }
    show(best, which);
  });
  canvas.addEventListener("pointerleave", () => show(-1, -1));
  canvas.addEventListener("blur", () => show(-1, -1));
  canvas.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") return show(-1, -1);
    if (!step || !map.clusters.length) return;
    event.preventDefault();
    const many = map.clusters.length;
    const next = at < 0 ? (step > 0 ? 0 : many - 1) : (at + step + many) % many;
    show(next, first[next][0]);
  });
  window.addEventListener("resize", draw);
  for (const query of ["(prefers-color-scheme: dark)", "print"]) {
    window.matchMedia(query).addEventListener("change", draw);
  }
  window.addEventListener("beforeprint", () => {
    document.querySelectorAll("details").forEach((d) => { d.open = true; });
  });
  draw();
})();
