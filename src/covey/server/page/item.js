// One item, large: what it is, where it is, and what is like it.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { picture } from "./tiles.js";
import { count, percent } from "./words.js";

/** Opens it over the page. */
export function openItem(number) {
  openDialog(`Item ${number}`, (body, close) => {
    fill(body, el("p.soft", {}, "…"));
    get(`/v1/items/${number}`).then((item) => fill(body, ...content(item, close)), (error) => {
      fill(body, el("p", {}, error.message));
    });
  }, { wide: true });
}

function content(item, close) {
  const links = el("div.actions", {},
    el("a.button", { href: `#/search/${item.item}`, onclick: close }, "More like this"),
    inGroup(item) && el("a.button", { href: `#/group/${item.group}`, onclick: close }, `Group ${item.group}`));
  return [
    item.has_picture && el("div.large", {}, picture(item, { size: 640, alt: item.text || item.id })),
    item.text && el("p.text", {}, item.text),
    el("dl.facts", {},
      fact("Id", item.id),
      fact("In", inGroup(item) ? `group ${item.group}` : "no group"),
      inGroup(item) && fact("Strength", percent(item.strength)),
      item.must?.length > 0 && fact("Must be with", count(item.must.length, "item")),
      item.cannot?.length > 0 && fact("Cannot be with", count(item.cannot.length, "item"))),
    links,
  ].filter(Boolean);
}

/** Whether it is in a group at all. */
export function inGroup(item) {
  return item.group !== null && item.group !== undefined && item.group >= 0;
}

function fact(word, value) {
  return el("div", {}, el("dt", {}, word), el("dd", {}, value));
}
