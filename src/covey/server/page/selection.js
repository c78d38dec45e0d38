// Items that are selected, by mouse and by keyboard, in whatever shows them as options.

export class Selection {
  constructor(onchange = () => {}) {
    this.items = new Set();
    this.onchange = onchange;
    this.anchor = null; // index from which Shift selects
  }

  get list() {
    return [...this.items];
  }

  toggle(item, on = !this.items.has(item)) {
    if (on) this.items.add(item);
    else this.items.delete(item);
    this.onchange();
  }

  add(items) {
    for (const item of items) this.items.add(item);
    this.onchange();
  }

  clear() {
    this.items.clear();
    this.anchor = null;
    this.onchange();
  }

  /** Forgets what is not there any more. */
  keep(items) {
    const there = new Set(items);
    for (const item of this.items) if (!there.has(item)) this.items.delete(item);
    this.onchange();
  }
}

/**
 * Makes options selectable: click, Shift-click, Space, Shift-arrows, Ctrl-A; Enter opens.
 *
 * @param host The listbox; its options have `data-index`.
 * @param selection Of items.
 * @param given `item(index)` or undefined, `count()`, `step(index, key)`, `focus(index)`, `open(item)`.
 */
export function selectable(host, selection, { item, count, step, focus, open }) {
  const indexOf = (target) => {
    const option = target.closest("[role=option]");
    return option ? Number(option.dataset.index) : null;
  };

  const between = (a, b) => {
    const found = [];
    for (let at = Math.min(a, b); at <= Math.max(a, b); at++) {
      const one = item(at);
      if (one !== undefined) found.push(one);
    }
    selection.add(found);
  };

  const pick = (index, far) => {
    const one = item(index);
    if (one === undefined) return;
    if (far && selection.anchor !== null) between(selection.anchor, index);
    else selection.toggle(one);
    selection.anchor = index;
  };

  host.setAttribute("role", "listbox");
  host.setAttribute("aria-multiselectable", "true");

  host.addEventListener("click", (event) => {
    const index = indexOf(event.target);
    if (index === null) return;
    pick(index, event.shiftKey);
    focus(index, false);
  });

  host.addEventListener("mousedown", (event) => {
    if (event.shiftKey) event.preventDefault(); // no text is selected on the way
  });

  host.addEventListener("dblclick", (event) => {
    const index = indexOf(event.target);
    if (index !== null && item(index) !== undefined) open?.(item(index));
  });

  host.addEventListener("keydown", (event) => {
    const index = indexOf(event.target);
    if (index === null || event.altKey) return;
    const control = event.ctrlKey || event.metaKey;
    if (control && event.key.toLowerCase() === "a") between(0, count() - 1);
    else if (control) return;
    else if (event.key === " ") pick(index, event.shiftKey);
    else if (event.key === "Enter" && item(index) !== undefined) open?.(item(index));
    else {
      const to = step(index, event.key);
      if (to === null) return;
      if (event.shiftKey) between(index, to);
      selection.anchor = to;
      focus(to);
    }
    event.preventDefault();
  });
}

/** Shows on the options what is selected. */
export function mark(host, selection) {
  for (const option of host.querySelectorAll("[role=option]")) {
    const on = selection.items.has(Number(option.dataset.item));
    option.setAttribute("aria-selected", on);
  }
}
