// The canvas of the map: points in colours of their groups, moved, made larger, and lassoed.

import { el } from "./dom.js";
import { Camera, inside, nearest } from "./map_camera.js";

const NEAR = 9; // pixels within which a point is pointed at
const STILL = 4; // pixels that a click may move
const HUES = 8; // colours of groups, from the style sheet, used again and again

/** Gives the host and what moves it; see `map.js` for what it calls back. */
export function mapCanvas({ onlasso, onpoint, onopen }) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label":
    "Map of the items. Arrows move it, plus and minus change its size, V selects what is in sight." });
  const host = el("div.map", {}, canvas);
  const pen = canvas.getContext("2d");
  const camera = new Camera(() => [host.clientWidth, host.clientHeight]);
  const pointers = new Map();
  let data = { items: [], x: [], y: [], groups: [] };
  let pixels = new Float32Array();
  let chosen = new Set();
  let drawing = false; // whether a drag draws a lasso
  let loop = null;
  let moved = 0;
  let frame = 0;

  function soon() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (camera.ready) draw();
    });
  }

  /** After the camera was moved. */
  function look() {
    pixels = camera.project(data);
    soon();
  }

  function draw() {
    const [wide, high] = camera.size();
    const dense = devicePixelRatio || 1;
    canvas.width = Math.round(wide * dense);
    canvas.height = Math.round(high * dense);
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    const style = getComputedStyle(host);
    const colour = (name) => style.getPropertyValue(name).trim();
    const layers = Array.from({ length: HUES + 1 }, () => []);
    data.groups.forEach((group, at) => layers[group < 0 ? HUES : group % HUES].push(at));
    const r = Math.max(1.6, Math.min(5, 2.2 * Math.sqrt(camera.closeness)));
    pen.globalAlpha = chosen.size ? 0.35 : 0.8;
    layers.forEach((some, hue) => {
      dots(some, r, wide, high);
      pen.fillStyle = pen.strokeStyle = colour(hue === HUES ? "--faint" : `--hue-${hue}`);
      if (hue === HUES) pen.stroke();
      else pen.fill();
    });
    pen.globalAlpha = 1;
    pen.fillStyle = pen.strokeStyle = colour("--accent");
    dots(data.items.flatMap((item, at) => (chosen.has(item) ? [at] : [])), r + 1, wide, high);
    pen.fill();
    pen.beginPath();
    for (const [x, y] of loop ?? []) pen.lineTo(x, y);
    pen.closePath();
    pen.lineWidth = 1.5;
    pen.stroke();
  }

  function dots(some, radius, wide, high) {
    pen.beginPath();
    for (const at of some) {
      const x = pixels[2 * at], y = pixels[2 * at + 1];
      if (x < -NEAR || y < -NEAR || x > wide + NEAR || y > high + NEAR) continue;
      pen.moveTo(x + radius, y);
      pen.arc(x, y, radius, 0, 7);
    }
  }

  const itemsIn = (line) => inside(line, pixels).map((at) => data.items[at]);
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (!camera.ready) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = 0;
    loop = pointers.size === 1 && (drawing || event.shiftKey) ? [place(event)] : null;
  });

  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) return point(x, y);
    onpoint(-1);
    moved += Math.hypot(x - before[0], y - before[1]);
    pointers.set(event.pointerId, [x, y]);
    if (loop) {
      loop.push([x, y]);
      return soon();
    }
    if (pointers.size === 2) {
      const [, other] = [...pointers].find(([id]) => id !== event.pointerId);
      const far = (a) => Math.max(1, Math.hypot(a[0] - other[0], a[1] - other[1]));
      camera.zoom(far([x, y]) / far(before), (x + other[0]) / 2, (y + other[1]) / 2);
    }
    camera.pan((x - before[0]) / pointers.size, (y - before[1]) / pointers.size);
    look();
  });

  function point(x, y) {
    const at = nearest(x, y, pixels, NEAR);
    if (at < 0) onpoint(-1);
    else onpoint(data.items[at], x, y, data.groups[at]);
  }

  function up(event) {
    if (!pointers.delete(event.pointerId)) return;
    const ended = event.type === "pointerup";
    if (ended && loop?.length > 2) onlasso(itemsIn(loop), event.ctrlKey || event.metaKey);
    else if (ended && moved < STILL && !pointers.size) {
      const at = nearest(...place(event), pixels, NEAR);
      if (at >= 0) onopen(data.items[at]);
    }
    loop = null;
    soon();
  }
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => onpoint(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    if (!camera.ready) return;
    camera.zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
    look();
  }, { passive: false });

  const watch = new ResizeObserver(() => camera.ready && look());
  watch.observe(host);
  document.addEventListener("covey:theme", soon);
  const scheme = matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", soon);
  const moving = (run) => (...given) => {
    if (!camera.ready) return;
    run(...given);
    look();
  };

  return {
    host,
    fit: moving(() => camera.fit(data)),
    zoom: moving((by) => camera.zoom(by)),
    pan: moving((x, y) => camera.pan(x, y)),
    show(found) {
      data = found;
      if (!camera.ready && data.items.length) camera.fit(data);
      look();
    },
    select(items) {
      chosen = new Set(items);
      soon();
    },
    lasso(on) {
      drawing = on;
      host.classList.toggle("drawing", on);
    },
    selectInSight() {
      const [wide, high] = camera.size();
      if (camera.ready) onlasso(itemsIn([[0, 0], [wide, 0], [wide, high], [0, high]]), false);
    },
    stop() {
      watch.disconnect();
      document.removeEventListener("covey:theme", soon);
      scheme.removeEventListener("change", soon);
      cancelAnimationFrame(frame);
    },
  };
}
