// An item as a tile: its picture, or its text, or its id.

import { thumbnail } from "./api.js";
import { el } from "./dom.js";
import { percent } from "./words.js";

const SMALL = 48; // pixels below which a picture is shown with its own pixels
const SETTLED = 90; // milliseconds without scrolling after which pictures are asked for

const waiting = new Map();
let moving = 0;

addEventListener("scroll", () => {
  clearTimeout(moving);
  moving = setTimeout(() => {
    moving = 0;
    for (const [picture, source] of waiting) if (picture.isConnected) picture.src = source;
    waiting.clear();
  }, SETTLED);
}, { passive: true, capture: true });

/** The picture of an item; while something scrolls past it is not asked for. */
export function picture(item, { size = 160, alt = "" } = {}) {
  const made = el("img", { alt, loading: "lazy", decoding: "async", draggable: "false" });
  made.addEventListener("load", () => {
    if (made.naturalWidth < SMALL) made.classList.add("pixels");
  });
  made.addEventListener("error", () => {
    if (made.getAttribute("src")) made.replaceWith(label(item, "The picture cannot be shown"));
  });
  if (moving) waiting.set(made, thumbnail(item.item, size));
  else made.src = thumbnail(item.item, size);
  return made;
}

/** Stops pictures that are not there yet, when their tile goes. */
export function forget(root) {
  for (const each of root.querySelectorAll("img")) {
    waiting.delete(each);
    if (!each.complete) each.removeAttribute("src");
  }
}

function label(item, title) {
  return el("span.label", { title: title ?? null }, item.text || item.id || `#${item.item}`);
}

/** What stands for an item: an exemplar may come as a number only. */
export function face(given, has = {}) {
  const item = typeof given === "object" ? given : { item: given, has_picture: has.pictures };
  return item.has_picture ? picture(item) : label(item);
}

/** Inside of a tile that can be selected. */
export function tileContent(item) {
  const content = [face(item)];
  if (item.has_picture || item.text) content.push(el("span.id", {}, item.id));
  if (item.strength !== undefined && item.strength !== null) {
    const bar = el("span.bar");
    bar.style.setProperty("--share", item.strength);
    content.push(el("span.strength", { title: `Strength ${percent(item.strength)}` }, bar));
  }
  if (item.similarity !== undefined) {
    content.push(el("span.figure", {}, item.similarity.toFixed(2)));
  }
  return content;
}

/** How an item is told to those who do not see it. */
export function tileLabel(item) {
  const parts = [item.text || item.id || `item ${item.item}`];
  if (item.strength !== undefined && item.strength !== null) {
    parts.push(`strength ${percent(item.strength)}`);
  }
  if (item.similarity !== undefined) parts.push(`similarity ${item.similarity.toFixed(2)}`);
  return parts.join(", ");
}

/** A row of faces, for groups. */
export function strip(items, has, most = 4) {
  return el("div.strip", {}, ...items.slice(0, most).map((each) => el("span.face", {}, face(each, has))));
}
