// An item as a tile: its picture, or its text, or its id.

import { get, thumbnail } from "./api.js";
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
    for (const [made, show] of waiting) if (made.isConnected) show();
    waiting.clear();
  }, SETTLED);
}, { passive: true, capture: true });

/** The picture of an item; while something scrolls past it is not asked for. */
export function picture(item, { size, alt = "" } = {}) {
  const made = el("img", { alt, loading: "lazy", decoding: "async", draggable: "false" });
  made.addEventListener("load", () => {
    if (made.naturalWidth < SMALL) made.classList.add("pixels");
  });
  made.addEventListener("error", () => made.getAttribute("src") && lose(made, item));
  const show = () => { made.src = thumbnail(item.item, size); };
  if (moving) waiting.set(made, show);
  else show();
  return made;
}

/** Puts the id of an item where its picture cannot be shown. */
async function lose(made, item) {
  const lost = el("span.label.lost", { title: "Its picture is not there any more, or cannot be read" });
  made.replaceWith(lost);
  const known = item.id ? item : await about(item.item).catch(() => item);
  lost.textContent = known.id || `#${item.item}`;
}

/** Stops pictures that are not there yet, when their tile goes. */
export function forget(root) {
  for (const each of root.querySelectorAll("img")) {
    waiting.delete(each);
    if (!each.complete) each.removeAttribute("src");
  }
}

function label(item) {
  return el("span.label", {}, item.text || item.id || `#${item.item}`);
}

/** What stands for an item. Of an exemplar only the number may be known: then its text is read. */
export function face(given, has = {}) {
  if (typeof given === "object") return given.has_picture ? picture(given) : label(given);
  if (has.pictures) return picture({ item: given });
  const made = label({ item: given });
  made.textContent = "";
  const read = () => made.isConnected && about(given).then((item) => {
    made.textContent = item.text || item.id;
  }, () => { made.textContent = `#${given}`; });
  if (moving) waiting.set(made, read);
  else setTimeout(read);
  return made;
}

const READ = 5000; // items whose text is kept
const read = new Map();

/** What is known of an item, asked for once. */
function about(item) {
  if (!read.has(item)) {
    if (read.size >= READ) read.delete(read.keys().next().value);
    read.set(item, get(`/v1/items/${item}`));
    read.get(item).catch(() => read.delete(item));
  }
  return read.get(item);
}

/** Inside of a tile that can be selected. */
export function tileContent(item) {
  const content = [face(item)];
  if (item.has_picture || (item.text && item.id)) content.push(el("span.id", {}, item.id));
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
