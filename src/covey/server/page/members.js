// Items as tiles that can be selected, as many as there are.

import { el, fill } from "./dom.js";
import { cellsOf, Grid } from "./grid.js";
import { openItem } from "./item.js";
import { Pages } from "./pages.js";
import { project, refused } from "./project.js";
import { mark, selectable } from "./selection.js";
import { tileContent, tileLabel } from "./tiles.js";

/** Sizes of tiles: squares of pictures with a line below, or a few lines of text. */
export function tiles() {
  return project.now?.has_pictures
    ? cellsOf(104, (width) => Math.round(width) + 26, 10)
    : cellsOf(220, () => 96, 10);
}

/** One tile; without an item a place that waits for it. */
export function option(item, index, total, selected) {
  const place = { role: "option", "aria-setsize": total, "aria-posinset": index + 1, "data-stop": true };
  if (!item) return el("div.tile.skeleton", { ...place, "aria-label": "is coming" });
  return el("div.tile", {
    ...place, "data-item": item.item, "aria-label": tileLabel(item),
    "aria-selected": String(selected),
  }, ...tileContent(item));
}

/**
 * Tiles of the pages of a path.
 *
 * @param query Gives the query each time it is read.
 * @param given `label` of the list, `empty` words if there is nothing, `open` of an item.
 */
export function members(root, path, field, query, selection, { label, empty = "No items.", open = openItem }) {
  const host = el("div.tiles", { "aria-label": label });
  const none = el("p.empty", { hidden: true }, empty);
  const all = el("div", {}, host, none);
  let pages = null;

  const grid = new Grid(host, {
    layout: tiles(),
    draw: (index) => {
      const item = pages?.at(index);
      return option(item, index, grid.count, item && selection.items.has(item.item));
    },
    need: (index) => pages?.need(index),
  });
  selectable(host, selection, {
    item: (index) => pages.at(index)?.item,
    count: () => pages.rows.length,
    step: (index, key) => grid.step(index, key),
    focus: (index, move) => grid.focus(index, move),
    open,
  });

  const came = (from, answer) => {
    grid.size(answer.total);
    grid.redraw(from, pages.rows.length);
    host.hidden = !answer.total;
    none.hidden = answer.total > 0;
  };

  return {
    host: all,
    mark: () => mark(host, selection),
    rows: () => pages.rows,
    read() {
      pages?.stop();
      pages = new Pages(path, field, query(), came, refused);
      fill(host);
      grid.cells.clear();
      grid.size(24);
      pages.need(0);
    },
    async reload() {
      await pages.reload();
      if (pages.next === null) selection.keep(pages.rows.map((each) => each.item));
    },
    stop() {
      pages?.stop();
      grid.stop();
    },
  };
}
