// The map: items as points, near ones alike; a lasso selects.

import { ask, get } from "./api.js";
import { el, fill } from "./dom.js";
import { Grid } from "./grid.js";
import { openItem } from "./item.js";
import { mapCanvas } from "./map_canvas.js";
import { option, tiles } from "./members.js";
import { say } from "./notices.js";
import { refused, sentence } from "./project.js";
import { mark, selectable, Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { face } from "./tiles.js";
import { count } from "./words.js";

const WAIT = 1500; // milliseconds between looks while the map is made

export function map(root) {
  const selection = new Selection();
  const known = new Map(); // item -> what is known of it, or a promise
  let listed = [];
  let over = false;

  const told = el("p.soft", { "aria-live": "polite" }, "…");
  const tip = el("div.tip", { hidden: true });
  const host = el("div.tiles", { "aria-label": "Items that are selected" });
  const canvas = mapCanvas({
    onlasso: (items, more) => {
      if (!more) selection.items.clear();
      selection.add(items);
      say(`${count(selection.items.size, "item")} selected.`);
    },
    onpoint: point,
    onopen: openItem,
  });

  const { bar, keys } = selectionBar(selection, { changed: showSelected });
  const grid = new Grid(host, {
    layout: tiles(),
    draw: (index) => option(ready(listed[index]), index, listed.length, true),
    need: (last, first) => learn(first, last + 1),
  });
  selectable(host, selection, {
    item: (index) => listed[index], count: () => listed.length,
    step: (index, key) => grid.step(index, key), focus: (index, move) => grid.focus(index, move), open: openItem,
  });

  function ready(item) {
    const found = known.get(item);
    return found instanceof Promise ? undefined : found;
  }

  /** Reads what is not known of some of the list. */
  async function learn(from, to) {
    const missing = listed.slice(from, to).filter((item) => !known.has(item));
    if (!missing.length) return;
    for (const item of missing) {
      known.set(item, get(`/v1/items/${item}`).then((found) => known.set(item, found), () => known.delete(item)));
    }
    await Promise.all(missing.map((item) => known.get(item)));
    if (!over) grid.redraw();
  }

  /** The list keeps what was taken out of the selection until the next lasso, to put it back. */
  function showSelected() {
    canvas.select(selection.items);
    if (!selection.list.every((item) => listed.includes(item)) || !selection.items.size) {
      listed = selection.list;
      grid.size(listed.length);
      grid.redraw();
    }
    mark(host, selection);
  }

  let pointed = -1;
  async function point(item, x, y, group) {
    pointed = item;
    tip.hidden = item < 0;
    if (item < 0) return;
    tip.style.transform = `translate(${Math.round(x + 14)}px, ${Math.round(y + 14)}px)`;
    if (!known.has(item)) known.set(item, get(`/v1/items/${item}`).then((found) => known.set(item, found)));
    await known.get(item);
    if (pointed !== item || over) return;
    const about = ready(item);
    if (about) fill(tip, face(about), el("p", {}, about.id, el("br"), group < 0 ? "in no group" : `group ${group}`));
  }

  async function read() {
    try {
      const found = await get("/v1/map");
      if (over) return;
      if (found.problem) {
        fill(told, sentence(`The map could not be made: ${found.problem.detail}`), " ",
          el("button", { onclick: again }, "Try again"));
        return;
      }
      if (found.ready === false) {
        told.textContent = "The map is being made…";
        setTimeout(() => over || read(), WAIT);
        return;
      }
      canvas.host.classList.remove("skeleton");
      canvas.show(found);
      told.textContent = found.items.length
        ? `${count(found.items.length, "item")}; near ones are alike`
        : "No items yet.";
    } catch (error) {
      told.textContent = error.status === 409 || error.status === 404 || error.status === 422 ? error.message : "";
      if (!told.textContent) await refused(error);
    }
  }

  async function again() {
    await ask("POST", "/v1/map/retry").catch(refused);
    if (!over) read();
  }

  const lasso = el("button", {
    "aria-pressed": "false",
    title: "Key L",
    onclick: () => {
      const on = lasso.getAttribute("aria-pressed") !== "true";
      lasso.setAttribute("aria-pressed", on);
      canvas.lasso(on);
    },
  }, "Lasso");
  const button = (words, key, run) => el("button", { onclick: run, title: `Key ${key}` }, words);
  canvas.host.classList.add("skeleton");
  canvas.host.append(tip);
  fill(root,
    el("div.heading", {}, el("h1", {}, "Map"), told,
      el("div.actions", {}, lasso, button("Select what is in sight", "V", () => canvas.selectInSight()),
        button("Closer", "+", () => canvas.zoom(1.4)), button("Farther", "−", () => canvas.zoom(1 / 1.4)),
        button("All", "0", () => canvas.fit()))),
    canvas.host, host, bar);
  read();

  const pan = (x, y) => () => canvas.pan(x, y);
  const on = (run) => () => !host.contains(document.activeElement) && run();
  return {
    title: "Map",
    keys: [
      { keys: ["l"], words: "Lasso: draw around items (or hold Shift)", run: () => lasso.click() },
      { keys: ["v"], words: "Select what is in sight", run: () => canvas.selectInSight() },
      { keys: ["+", "="], words: "Closer", repeats: true, run: () => canvas.zoom(1.25) },
      { keys: ["-"], words: "Farther", repeats: true, run: () => canvas.zoom(0.8) },
      { keys: ["0"], words: "All of it", run: () => canvas.fit() },
      { keys: ["ArrowLeft"], words: "Go left", repeats: true, run: on(pan(60, 0)) },
      { keys: ["ArrowRight"], words: "Go right", repeats: true, run: on(pan(-60, 0)) },
      { keys: ["ArrowUp"], words: "Go up", repeats: true, run: on(pan(0, 60)) },
      { keys: ["ArrowDown"], words: "Go down", repeats: true, run: on(pan(0, -60)) },
      ...keys,
    ],
    changed: read,
    leave() {
      over = true;
      canvas.stop();
      grid.stop();
    },
  };
}
