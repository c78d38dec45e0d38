// What can be done with the items that are selected: a bar at the foot of the window, and keys.

import { el, fill } from "./dom.js";
import { askLine } from "./dialogs.js";
import { openItem } from "./item.js";
import { keycaps } from "./keys.js";
import { pickGroup } from "./picker.js";
import { change } from "./project.js";
import { count } from "./words.js";

/**
 * @param selection Its `onchange` is taken over; `changed` is called in its place.
 * @param more Further actions: `{key, words, run(items)}`.
 * @param leave Whether the items may be taken out of their groups here.
 * @returns The bar, its keys, and what to call when the selection changed.
 */
export function selectionBar(selection, { more = [], leave = true, changed = () => {}, from } = {}) {
  const bar = el("section.selection", { "aria-label": "Selection", hidden: true });
  const done = async (answer) => {
    if (await answer) selection.clear();
  };

  const actions = [
    { key: "m", words: "Move to…", run: () => moveTo(selection.list, from?.()).then(done) },
    { key: "w", words: "New group", run: () => toNew(selection.list).then(done) },
    leave && { key: "r", words: "Remove", run: () => done(takeOut(selection.list)) },
    ...more.map((each) => ({ ...each, run: () => done(each.run(selection.list)) })),
  ].filter(Boolean);

  const only = () => selection.list[0];
  const look = el("button", { onclick: () => openItem(only()) }, "Look");
  const told = el("strong", { "aria-live": "polite" });
  fill(
    bar, told,
    el("div.actions", {}, look, ...actions.map((each) =>
      el("button", { onclick: each.run, title: `Key ${each.key.toUpperCase()}` },
        each.words, el("span.cap", {}, ...keycaps([each.key])))),
    el("button.quiet", { onclick: () => selection.clear() }, "Clear")));

  selection.onchange = () => {
    bar.hidden = selection.items.size === 0;
    document.body.classList.toggle("selecting", !bar.hidden);
    told.textContent = `${count(selection.items.size, "item")} selected`;
    look.hidden = selection.items.size !== 1;
    changed();
  };

  const some = (run) => () => selection.items.size && run();
  const keys = actions.map((each) => ({
    keys: each.key === "r" ? ["r", "Delete"] : [each.key],
    words: `Selection: ${each.words.replace("…", " another group").toLowerCase()}`,
    run: some(each.run),
  }));
  keys.push({ keys: ["Escape"], words: "Select nothing", run: some(() => selection.clear()) });
  return { bar, keys };
}

/** Asks for a group, and moves items to it. */
export async function moveTo(items, from = null) {
  const group = await pickGroup(`Move ${count(items.length, "item")} to`, { except: from });
  if (!group) return null;
  const words = `Moved ${count(items.length, "item")} to ${group.name || `group ${group.number}`}.`;
  return change(words, "POST", "/v1/items/move", { items, group: group.number });
}

/** Makes a group of items; a name may be given. */
export async function toNew(items) {
  const title = `New group of ${count(items.length, "item")}`;
  const name = await askLine(title, "Name (may be left empty)", { done: "Make the group" });
  if (name === null) return null;
  const words = (answer) =>
    `${count(items.length, "item")} are now group ${answer.event.about.into}.`;
  const body = { items, group: null, ...(name && { name }) };
  return change(words, "POST", "/v1/items/move", body);
}

function takeOut(items) {
  const words = `Took ${count(items.length, "item")} out of the group.`;
  return change(words, "POST", "/v1/items/remove", { items });
}
