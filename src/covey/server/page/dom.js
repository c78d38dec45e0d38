// Elements without a framework. Text is only ever set as text, so no name or id can become markup.

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "textContent", "tabIndex"]);

/** `el("button.quiet", {onclick, "aria-label": "…"}, "Text", child)`; null and false are left out. */
export function el(name, given = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag);
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (PROPERTIES.has(key)) made[key] = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...kept(children));
  return made;
}

/** The same in SVG. */
export function svg(tag, given = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(given)) made.setAttribute(key, value);
  made.append(...kept(children));
  return made;
}

/** Puts children in the place of those that are there. */
export function fill(host, ...children) {
  host.replaceChildren(...kept(children));
  return host;
}

function kept(children) {
  return children.flat(2).filter((each) => each !== null && each !== undefined && each !== false);
}

const SHAPES = {
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  redo: "m15 14 5-5-5-5M20 9H10a6 6 0 0 0 0 12h3",
  check: "m5 13 4 4L19 7",
  half: "M12 3a9 9 0 1 0 0 18 9 9 0 1 0 0-18M12 3v18M12 7l6-1M12 11l8-1M12 15l8-1M12 19l5-2",
  keys: "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
  close: "M6 6l12 12M18 6 6 18",
};

/** A small picture that is hidden from screen readers. */
export function icon(name) {
  const path = svg("path", { d: SHAPES[name] });
  return svg("svg", { class: `icon ${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, path);
}

/** Calls `run` once, `wait` milliseconds after the last of many calls. */
export function later(run, wait) {
  let timer = 0;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(...given), wait);
  };
}
