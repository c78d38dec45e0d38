// Search: an item by its id or text, or what is like an item.

import { get } from "./api.js";
import { el, fill, later } from "./dom.js";
import { inGroup, openItem } from "./item.js";
import { Grid } from "./grid.js";
import { option, tiles } from "./members.js";
import { refused } from "./project.js";
import { mark, selectable, Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { picture } from "./tiles.js";
import { count, percent } from "./words.js";

const FOUND = 60;
const LIKE = 48;

export function search(root, [given]) {
  const like = given !== undefined && given !== "" ? Number(given) : null;
  const selection = new Selection();
  let items = [];
  let over = false;

  const input = el("input", {
    type: "search", placeholder: "Id or text of an item, or #12", "aria-label": "Id or text of an item", autocomplete: "off",
  });
  const about = el("div.about-item");
  const told = el("p.soft", { "aria-live": "polite" });
  const host = el("div.tiles", { "aria-label": like === null ? "Items found" : "Items like this one" });
  const { bar, keys } = selectionBar(selection, { changed: () => mark(host, selection) });
  const grid = new Grid(host, {
    layout: tiles(),
    draw: (index) => option(items[index], index, items.length, selection.items.has(items[index]?.item)),
  });
  selectable(host, selection, {
    item: (index) => items[index]?.item, count: () => items.length,
    step: (index, key) => grid.step(index, key), focus: (index, move) => grid.focus(index, move),
    open: (item) => (location.hash = `#/search/${item}`),
  });

  function show(found) {
    items = found;
    grid.size(items.length);
    grid.redraw();
  }

  let asked = 0;
  async function find() {
    const mine = ++asked;
    const q = input.value.trim();
    if (!q) {
      show([]);
      told.textContent = "Type a part of an id or a text. Enter on an item shows what is like it.";
      return;
    }
    try {
      const answer = await get("/v1/items", { q, limit: FOUND });
      if (mine !== asked || over) return;
      show(answer.items);
      const more = (answer.total ?? 0) > answer.items.length ? ", the first of them" : "";
      told.textContent = answer.items.length
        ? `${count(answer.total ?? answer.items.length, "item")} found${more}`
        : "No item has that in its id or text.";
    } catch (error) {
      await refused(error);
    }
  }

  async function likeThis() {
    told.textContent = "…";
    try {
      const [item, { neighbours }] = await Promise.all([
        get(`/v1/items/${like}`), get(`/v1/items/${like}/neighbours`, { k: LIKE }),
      ]);
      if (over) return;
      drawAbout(item);
      show(neighbours);
      const same = neighbours.filter((each) => each.group === item.group && inGroup(item)).length;
      told.textContent = neighbours.length
        ? `${count(neighbours.length, "item")} like this, the most alike first; ${count(same, "of them is", "of them are")} in its group.`
        : "Nothing is like it.";
    } catch (error) {
      if (error.status !== 404) return refused(error);
      fill(about, el("p.empty", {}, `There is no item ${like}.`));
      told.textContent = "";
    }
  }

  function drawAbout(item) {
    fill(about,
      item.has_picture && el("button.face", { onclick: () => openItem(like), "aria-label": "Look at it" }, picture(item)),
      el("div", {}, el("h2", {}, item.id), item.text && el("p.text", {}, item.text),
        el("p", {}, inGroup(item)
          ? [el("a", { href: `#/group/${item.group}` }, `Group ${item.group}`), el("span.soft", {}, `, strength ${percent(item.strength)}`)]
          : el("span.soft", {}, "In no group"))));
  }

  const look = like === null ? find : likeThis;
  input.addEventListener("input", later(find, 180));
  fill(root, el("div.heading", {}, el("h1", {}, like === null ? "Search" : "More like this"),
    like === null ? input : el("a.button", { href: "#/search" }, "Search by id")), about, told, host, bar);
  if (like === null) setTimeout(() => over || input.focus());
  look();

  return {
    title: like === null ? "Search" : `Like item ${like}`,
    keys,
    changed: look,
    leave() {
      over = true;
      grid.stop();
    },
  };
}
