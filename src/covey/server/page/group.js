// One group: its members, its name, and what can be said of it.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { lastShown, marks } from "./groups.js";
import { members } from "./members.js";
import { pickGroup } from "./picker.js";
import { change, refused } from "./project.js";
import { selectionBar } from "./selection_bar.js";
import { Selection } from "./selection.js";
import { count, groupName, numbered, percent } from "./words.js";

const ORDERS = [["strength", "strongest first"], ["weakest", "weakest first"], ["item", "as they came"]];
let order = "strength";

export function group(root, [given]) {
  const number = Number(given);
  const head = el("div.heading.skeleton", {}, el("h1", {}, `Group ${number}`));
  const selection = new Selection();
  let known = null;
  const say = (body, words) => change(words, "PATCH", `/v1/groups/${number}`, body);
  const path = `/v1/groups/${number}`;

  const { bar, keys: barKeys } = selectionBar(selection, {
    from: () => number,
    changed: () => list.mark(),
    more: [{ key: "o", words: "Split off", run: splitOff }],
  });
  const list = members(root, `${path}/members`, "members", () => ({ order }), selection, {
    label: `Members of group ${number}`,
  });

  function splitOff(items) {
    const words = (answer) => `${count(items.length, "item")} are now group ${answer.event.about.into[0]}.`;
    return change(words, "POST", `${path}/split`, { parts: [items] });
  }

  function confirm() {
    const now = !known.confirmed;
    return say({ confirmed: now }, now ? `${groupName(known)} is confirmed.` : "It is confirmed no more.");
  }

  function hide() {
    const now = !known.hidden;
    return say({ hidden: now }, now ? `${groupName(known)} is hidden.` : `${groupName(known)} is shown again.`);
  }

  async function join() {
    const other = await pickGroup(`Merge ${numbered(number, known.name)} with`, { except: number });
    if (!other) return;
    const answer = await change(
      (told) => `Merged ${other.number === told.event.about.into ? "into" : "with"} ${groupName(other)}.`,
      "POST", "/v1/groups/merge", { groups: [number, other.number] });
    if (answer && answer.event.about.into !== number) location.hash = `#/group/${answer.event.about.into}`;
  }

  function next(by) {
    const at = lastShown.rows.findIndex((each) => each?.number === number);
    const to = lastShown.rows[at + by];
    if (at >= 0 && to) location.hash = `#/group/${to.number}`;
  }

  function rename() {
    const title = head.querySelector("h1");
    const input = el("input.rename", {
      type: "text", value: known.name, maxlength: 200, "aria-label": "Name of the group", placeholder: "Name",
      autocomplete: "off",
    });
    let over = false;
    const end = async (save) => {
      if (over) return;
      over = true;
      const name = input.value.trim();
      if (save && name !== known.name) {
        await say({ name }, name ? `Group ${number} is called “${name}”.` : "The name is gone.");
      }
      draw();
      head.querySelector(".title")?.focus();
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") end(true);
      else if (event.key === "Escape") end(false);
    });
    input.addEventListener("blur", () => end(true));
    fill(title, input);
    input.select();
  }

  function draw() {
    if (!known) return;
    head.classList.remove("skeleton");
    const order_ = el("select", {
      "aria-label": "Order",
      onchange: () => { order = order_.value; list.read(); },
    }, ...ORDERS.map(([value, words]) => el("option", { value, selected: value === order }, words)));
    const button = (words, key, run, given = {}) =>
      el("button", { onclick: run, title: `Key ${key.toUpperCase()}`, ...given }, words);
    fill(
      head,
      el("h1", {}, el("button.title", { onclick: rename, title: "Rename (N)" }, groupName(known))),
      el("p.soft", {}, known.name ? `no. ${number} · ` : "", count(known.size, "item"),
        ` · strength ${percent(known.strength)} on average`, marks(known),
        known.cannot?.length ? ` · known to differ from ${count(known.cannot.length, "group")}` : ""),
      el("div.actions", {},
        button(known.name ? "Rename" : "Name it", "n", rename),
        button(known.confirmed ? "Confirmed" : "Confirm", "c", confirm, { "aria-pressed": String(known.confirmed) }),
        button(known.hidden ? "Show" : "Hide", "h", hide),
        el("a.button", { href: `#/split/${number}`, title: "Key P" }, "Split…"),
        button("Merge with…", "j", join),
        el("label.choose", {}, el("span", {}, "Order"), order_)));
  }

  async function read() {
    try {
      known = await get(path);
      draw();
    } catch (error) {
      if (error.status !== 404) return refused(error);
      list.stop();
      fill(root, el("div.empty", {}, el("h1", {}, `Group ${number} is not there`),
        el("p", {}, "It may have been merged or undone."), el("a.button", { href: "#/groups" }, "All groups")));
    }
  }

  fill(root, el("p.back", {}, el("a", { href: "#/groups" }, "All groups")), head, list.host, bar);
  list.read();
  read();

  return {
    title: `Group ${number}`,
    keys: [
      { keys: ["n"], words: "Name", run: () => known && rename() },
      { keys: ["c"], words: "Confirm, or not any more", run: () => known && confirm() },
      { keys: ["h"], words: "Hide, or show again", run: () => known && hide() },
      { keys: ["p"], words: "Split", run: () => (location.hash = `#/split/${number}`) },
      { keys: ["j"], words: "Merge with another group", run: () => known && join() },
      { keys: ["."], words: "Next group of the gallery", run: () => next(1) },
      { keys: [","], words: "Group before", run: () => next(-1) },
      ...barKeys,
    ],
    changed(_, touched) {
      if (touched && !touched.includes(number)) return;
      read();
      list.reload();
    },
    leave: () => list.stop(),
  };
}
