// The canvas of the map: points in colours of their groups, moved, made larger, and lassoed.

import { el } from "./dom.js";

const NEAR = 9; // pixels within which a point is pointed at
const CLOSEST = 60;
const HUES = 8; // colours of groups, from the style sheet, used again and again

/** Gives the host and what moves it; see `map.js` for what it calls back. */
export function mapCanvas({ onlasso, onpoint, onopen }) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label":
    "Map of the items. Arrows move it, plus and minus change its size, V selects what is in sight." });
  const host = el("div.map", {}, canvas);
  const pen = canvas.getContext("2d");
  const pointers = new Map();
  let data = { items: [], x: [], y: [], groups: [] };
  let chosen = new Set();
  let view = null; // scale, and where the middle of the map is
  let drawing = false; // whether a drag draws a lasso
  let loop = null;
  let moved = 0;
  let frame = 0;
  let dirty = true;

  const size = () => [host.clientWidth, host.clientHeight];
  const px = (at) => (data.x[at] - view.x) * view.scale + size()[0] / 2;
  const py = (at) => (data.y[at] - view.y) * view.scale + size()[1] / 2;

  function fit() {
    const [wide, high] = size();
    const [x0, x1, y0, y1] = [...ends(data.x), ...ends(data.y)];
    const scale = 0.94 * Math.min(wide / Math.max(1e-9, x1 - x0), high / Math.max(1e-9, y1 - y0));
    view = { x: (x0 + x1) / 2, y: (y0 + y1) / 2, scale: Number.isFinite(scale) ? scale : 1, least: scale / 4 };
    soon();
  }

  function zoom(by, x = size()[0] / 2, y = size()[1] / 2) {
    if (!view) return;
    const [wide, high] = size();
    const scale = Math.max(view.least, Math.min(view.least * 4 * CLOSEST, view.scale * by));
    view.x += (x - wide / 2) * (1 / view.scale - 1 / scale);
    view.y += (y - high / 2) * (1 / view.scale - 1 / scale);
    view.scale = scale;
    soon();
  }

  function pan(x, y) {
    if (!view) return;
    view.x -= x / view.scale;
    view.y -= y / view.scale;
    soon();
  }

  function soon() {
    dirty = true;
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      if (dirty && view) draw();
    });
  }

  function draw() {
    dirty = false;
    const [wide, high] = size();
    const dense = devicePixelRatio || 1;
    if (canvas.width !== Math.round(wide * dense) || canvas.height !== Math.round(high * dense)) {
      canvas.width = Math.round(wide * dense);
      canvas.height = Math.round(high * dense);
    }
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, wide, high);
    const style = getComputedStyle(host);
    const colours = Array.from({ length: HUES }, (_, at) => style.getPropertyValue(`--hue-${at}`).trim());
    const faint = style.getPropertyValue("--faint").trim();
    const r = Math.max(1.6, Math.min(5, 2.2 * Math.sqrt(view.scale / (view.least * 4))));
    const layers = Array.from({ length: HUES + 1 }, () => []);
    for (let at = 0; at < data.items.length; at++) {
      const group = data.groups[at];
      layers[group === null || group < 0 ? HUES : group % HUES].push(at);
    }
    const dots = (some, radius) => {
      pen.beginPath();
      for (const at of some) {
        const x = px(at), y = py(at);
        if (x < -9 || y < -9 || x > wide + 9 || y > high + 9) continue;
        pen.moveTo(x + radius, y);
        pen.arc(x, y, radius, 0, 7);
      }
    };
    pen.globalAlpha = chosen.size ? 0.35 : 0.8;
    layers.forEach((some, hue) => {
      dots(some, r);
      pen.fillStyle = pen.strokeStyle = hue === HUES ? faint : colours[hue];
      if (hue === HUES) pen.stroke();
      else pen.fill();
    });
    pen.globalAlpha = 1;
    if (chosen.size) {
      dots(data.items.flatMap((item, at) => (chosen.has(item) ? [at] : [])), r + 1);
      pen.fillStyle = style.getPropertyValue("--accent").trim();
      pen.fill();
    }
    if (loop) {
      pen.beginPath();
      for (const [x, y] of loop) pen.lineTo(x, y);
      pen.closePath();
      pen.strokeStyle = style.getPropertyValue("--accent").trim();
      pen.lineWidth = 1.5;
      pen.stroke();
      pen.lineWidth = 1;
    }
  }

  function nearest(x, y) {
    let best = -1, least = NEAR * NEAR;
    for (let at = 0; at < data.items.length; at++) {
      const far = (px(at) - x) ** 2 + (py(at) - y) ** 2;
      if (far < least) [best, least] = [at, far];
    }
    return best;
  }

  function inside(line) {
    return data.items.filter((_, at) => {
      const x = px(at), y = py(at);
      let odd = false;
      for (let i = 0, j = line.length - 1; i < line.length; j = i++) {
        const [xi, yi] = line[i], [xj, yj] = line[j];
        if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
      }
      return odd;
    });
  }

  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (!view) return;
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place(event));
    moved = 0;
    loop = pointers.size === 1 && (drawing || event.shiftKey) ? [place(event)] : null;
  });

  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      const at = view ? nearest(x, y) : -1;
      onpoint(at < 0 ? -1 : data.items[at], x, y, at < 0 ? -1 : (data.groups[at] ?? -1));
      return;
    }
    onpoint(-1);
    moved += Math.hypot(x - before[0], y - before[1]);
    if (loop) {
      loop.push([x, y]);
      soon();
    } else if (pointers.size === 2) {
      const [other] = [...pointers].filter(([id]) => id !== event.pointerId).map(([, each]) => each);
      const far = (a) => Math.hypot(a[0] - other[0], a[1] - other[1]);
      zoom(far([x, y]) / Math.max(1, far(before)), (x + other[0]) / 2, (y + other[1]) / 2);
      pan((x - before[0]) / 2, (y - before[1]) / 2);
    } else pan(x - before[0], y - before[1]);
    pointers.set(event.pointerId, [x, y]);
  });

  const up = (event) => {
    if (!pointers.delete(event.pointerId)) return;
    if (loop && event.type === "pointerup" && loop.length > 2) onlasso(inside(loop), event.ctrlKey || event.metaKey);
    else if (moved < 4 && event.type === "pointerup" && pointers.size === 0) {
      const at = nearest(...place(event));
      if (at >= 0) onopen(data.items[at]);
    }
    loop = null;
    soon();
  };
  canvas.addEventListener("pointerup", up);
  canvas.addEventListener("pointercancel", up);
  canvas.addEventListener("pointerleave", () => onpoint(-1));
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * 0.0015), ...place(event));
  }, { passive: false });

  const watch = new ResizeObserver(soon);
  watch.observe(host);
  document.addEventListener("covey:theme", soon);

  return {
    host, fit, zoom, pan,
    show(found) {
      data = found;
      if (!view && data.items.length) fit();
      soon();
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
      const [wide, high] = size();
      if (view) onlasso(inside([[0, 0], [wide, 0], [wide, high], [0, high]]), false);
    },
    stop() {
      watch.disconnect();
      document.removeEventListener("covey:theme", soon);
      cancelAnimationFrame(frame);
    },
  };
}

/** Least and greatest; spreading a long array into Math.min would overflow the stack. */
function ends(values) {
  let least = Infinity, most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
