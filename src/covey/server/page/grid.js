// A grid of any length of which only what is near the window is in the document.

import { forget } from "./tiles.js";

const AROUND = 400; // pixels above and below the window that are drawn, too

export class Grid {
  /**
   * @param host Where it goes; the window scrolls.
   * @param layout Gives columns, width, height and gap of cells for a width of the host.
   * @param draw Gives the element at an index; it may be an empty one if nothing is known yet.
   * @param need Told the last index in sight, and the first.
   */
  constructor(host, { layout, draw, need = () => {} }) {
    Object.assign(this, { host, layout, draw, need, count: 0, current: 0, cells: new Map() });
    host.classList.add("grid");
    this.shape = layout(host.clientWidth || 320);
    this.onscroll = () => this.soon();
    addEventListener("scroll", this.onscroll, { passive: true });
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(host);
    host.addEventListener("focusin", (event) => this.arrive(event));
  }

  stop() {
    removeEventListener("scroll", this.onscroll);
    this.watch.disconnect();
    cancelAnimationFrame(this.frame);
  }

  /** Says how many there are. */
  size(count) {
    this.count = count;
    this.current = Math.max(0, Math.min(this.current, count - 1));
    for (const [index, cell] of this.cells) if (index >= count) this.drop(index, cell);
    this.resize(true);
  }

  /** Draws some cells anew, all of them if nothing is said. */
  redraw(from = 0, to = Infinity) {
    const held = this.host.contains(document.activeElement) ? this.current : -1;
    for (const [index, cell] of this.cells) if (index >= from && index < to) this.drop(index, cell);
    this.update();
    if (held >= from && held < to && held < this.count) this.focus(held, false);
  }

  resize(force = false) {
    const width = this.host.clientWidth;
    if (!width || (width === this.width && !force)) return;
    this.width = width;
    this.shape = this.layout(width);
    const { columns, height, gap } = this.shape;
    const rows = Math.ceil(this.count / columns);
    this.host.style.height = `${Math.max(0, rows * (height + gap) - gap)}px`;
    for (const [index, cell] of this.cells) this.place(index, cell);
    this.update();
  }

  soon() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.update());
  }

  update() {
    const { columns, height, gap } = this.shape;
    const top = this.host.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor((-top - AROUND) / (height + gap)) * columns);
    const last = Math.ceil((innerHeight - top + AROUND) / (height + gap)) * columns;
    const end = Math.min(this.count, last);
    for (const [index, cell] of this.cells) {
      if ((index < first || index >= end) && index !== this.current) this.drop(index, cell);
    }
    let after = null;
    const wanted = new Set([this.current]);
    for (let index = first; index < end; index++) wanted.add(index);
    for (const index of [...wanted].filter((each) => each < this.count).sort((a, b) => b - a)) {
      let cell = this.cells.get(index);
      if (!cell) {
        cell = this.draw(index);
        cell.dataset.index = index;
        this.place(index, cell);
        this.cells.set(index, cell);
        this.host.insertBefore(cell, after);
        this.stops(cell, index === this.current);
      }
      after = cell;
    }
    if (end > 0) this.need(end - 1, Math.min(first, end - 1));
  }

  place(index, cell) {
    const { columns, width, height, gap } = this.shape;
    const x = (index % columns) * (width + gap);
    const y = Math.floor(index / columns) * (height + gap);
    cell.style.width = `${width}px`;
    cell.style.height = `${height}px`;
    cell.style.transform = `translate(${x}px, ${y}px)`;
  }

  drop(index, cell) {
    forget(cell);
    cell.remove();
    this.cells.delete(index);
  }

  /** The one cell that Tab stops at. */
  stops(cell, whether) {
    const parts = cell.matches("[data-stop]") ? [cell] : cell.querySelectorAll("[data-stop]");
    for (const part of parts) part.tabIndex = whether ? 0 : -1;
  }

  arrive(event) {
    const index = Number(event.target.closest("[data-index]")?.dataset.index ?? this.current);
    if (index === this.current) return;
    const before = this.cells.get(this.current);
    if (before) this.stops(before, false);
    this.current = index;
    this.stops(this.cells.get(index), true);
  }

  /** Puts the focus on a cell, and it into sight. */
  focus(index, move = true) {
    const { columns, height, gap } = this.shape;
    if (move) {
      const { top } = this.host.getBoundingClientRect();
      const y = top + Math.floor(index / columns) * (height + gap);
      const head = document.getElementById("top").offsetHeight + gap;
      const foot = innerHeight - 72;
      if (y < head) scrollBy({ top: y - head, behavior: "instant" });
      else if (y + height > foot) scrollBy({ top: y + height - foot, behavior: "instant" });
    }
    const before = this.cells.get(this.current);
    if (before) this.stops(before, false);
    this.current = index;
    this.update();
    const cell = this.cells.get(index);
    this.stops(cell, true);
    (cell.matches("[data-stop]") ? cell : cell.querySelector("[data-stop]"))
      ?.focus({ preventScroll: true });
  }

  /** Where an arrow leads from an index. */
  step(index, key) {
    const { columns, height, gap } = this.shape;
    const page = columns * Math.max(1, Math.floor((innerHeight - 160) / (height + gap)));
    const by = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns,
      PageUp: -page, PageDown: page, Home: -Infinity, End: Infinity,
    }[key];
    if (by === undefined) return null;
    const to = Math.max(0, Math.min(this.count - 1, index + by));
    return Math.abs(by) === columns && to !== index + by ? index : to;
  }
}

/** Arrow keys in a grid whose cells are links or buttons. */
export function arrows(grid) {
  grid.host.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input")) return;
    const to = grid.step(grid.current, event.key);
    if (to === null) return;
    event.preventDefault();
    grid.focus(to);
  });
}

/** Cells of about a width, as many as fit. */
export function cellsOf(least, heightOf, gap = 12) {
  return (width) => {
    const columns = Math.max(1, Math.floor((width + gap) / (least + gap)));
    const each = (width - gap * (columns - 1)) / columns;
    return { columns, width: each, height: heightOf(each), gap };
  };
}
