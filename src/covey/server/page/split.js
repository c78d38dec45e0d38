// Splitting a group: a slider over its hierarchy, the parts as rows, or what was selected.

import { get } from "./api.js";
import { el, fill, later } from "./dom.js";
import { openItem } from "./item.js";
import { option } from "./members.js";
import { change, refused } from "./project.js";
import { mark, selectable, Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { count, groupList } from "./words.js";

const ROWS = 40; // parts that are shown
const IN_ROW = 30; // items of each

export function split(root, [given]) {
  const number = Number(given);
  const path = `/v1/groups/${number}`;
  const about = new Map(); // item -> what is known of it
  const selection = new Selection();
  let parts = [];
  let shown = []; // items in the order of the options

  const title = el("h1", {}, `Split group ${number}`);
  const size = el("p.soft", {}, "…");
  const slider = el("input", { type: "range", min: 1, max: 2, value: 2, id: "parts", disabled: true });
  const told = el("output", { for: "parts" });
  const go = el("button.main", { onclick: splitNow, disabled: true }, "Split like this");
  const rows = el("div.parts", { "aria-label": "Parts" });
  const { bar, keys } = selectionBar(selection, {
    leave: false,
    from: () => number,
    changed: () => mark(rows, selection),
    more: [{ key: "o", words: "Split off", run: (items) => send([items]) }],
  });

  async function send(chosen) {
    const words = (answer) => `Split group ${number}: ${groupList(answer.event.about.into)} came of it.`;
    const answer = await change(words, "POST", `${path}/split`, { parts: chosen });
    if (answer) location.hash = `#/group/${number}`;
    return answer;
  }

  function splitNow() {
    if (parts.length > 1) send(parts.map((part) => part.items));
  }

  let asked = 0;
  async function cut() {
    const mine = ++asked;
    try {
      const wanted = Number(slider.value);
      const answer = await get(`${path}/cut`, { parts: wanted });
      if (mine !== asked) return;
      parts = answer.parts;
      slider.max = answer.most;
      slider.disabled = answer.most < 2;
      await learn(parts.slice(0, ROWS).flatMap((part) => part.items.slice(0, IN_ROW)));
      if (mine === asked) draw();
    } catch (error) {
      if (error.status === 404) gone();
      else await refused(error);
    }
  }

  /** Reads what is not known yet of some items: all members once, as they come in one list. */
  async function learn(items) {
    let cursor = null;
    while (items.some((item) => !about.has(item))) {
      const answer = await get(`${path}/members`, { limit: 500, cursor });
      for (const item of answer.members) about.set(item.item, item);
      cursor = answer.next;
      if (!cursor) break;
    }
  }

  function draw() {
    const least = parts.length > Number(slider.value);
    told.textContent = count(parts.length, "part") + (least ? " at least: nothing ties them" : "");
    go.disabled = parts.length < 2;
    shown = parts.slice(0, ROWS).flatMap((part) => part.items.slice(0, IN_ROW));
    const total = shown.length;
    let at = 0;
    fill(rows, ...parts.slice(0, ROWS).map((part, row) => {
      const items = part.items.slice(0, IN_ROW);
      const more = part.items.length - items.length;
      return el("section.part", { role: "group", "aria-label": `Part ${row + 1}, ${count(part.size, "item")}` },
        el("p.about", { "aria-hidden": "true" }, el("strong", {}, `Part ${row + 1}`), " ",
          el("span.soft", {}, count(part.size, "item"))),
        el("div.row", {}, ...items.map((item) => {
          const made = option(about.get(item) ?? { item, id: `#${item}` }, at, total, selection.items.has(item));
          made.dataset.index = at;
          made.tabIndex = at++ === 0 ? 0 : -1;
          return made;
        }), more > 0 && el("span.more", {}, `and ${count(more, "more", "more")}`)));
    }));
    if (parts.length > ROWS) {
      rows.append(el("p.soft", {}, `and ${count(parts.length - ROWS, "smaller part")}`));
    }
  }

  function focus(index) {
    const options = rows.querySelectorAll("[role=option]");
    for (const each of options) each.tabIndex = -1;
    options[index].tabIndex = 0;
    options[index].focus();
  }

  /** Up and down go to the nearest tile above or below. */
  function stepFrom(index, key) {
    const options = [...rows.querySelectorAll("[role=option]")];
    const ends = { Home: 0, End: options.length - 1, ArrowLeft: index - 1, ArrowRight: index + 1 };
    if (key in ends) return Math.max(0, Math.min(options.length - 1, ends[key]));
    if (key !== "ArrowUp" && key !== "ArrowDown") return null;
    const from = options[index].getBoundingClientRect();
    const far = (box) => (key === "ArrowUp" ? from.top - box.top : box.top - from.top);
    const boxes = options.map((each, at) => ({ at, box: each.getBoundingClientRect() }));
    const beyond = boxes.filter(({ box }) => far(box) > 1);
    beyond.sort((a, b) => far(a.box) - far(b.box) || Math.abs(a.box.left - from.left) - Math.abs(b.box.left - from.left));
    return beyond[0]?.at ?? index;
  }

  function gone() {
    fill(root, el("div.empty", {}, el("h1", {}, `Group ${number} is not there`),
      el("a.button", { href: "#/groups" }, "All groups")));
  }

  const soon = later(cut, 120);
  slider.addEventListener("input", () => {
    told.textContent = count(Number(slider.value), "part");
    soon();
  });
  selectable(rows, selection, {
    item: (index) => shown[index], count: () => shown.length, step: stepFrom, focus, open: openItem,
  });

  async function read() {
    try {
      const group = await get(path);
      title.textContent = `Split ${group.name || `group ${number}`}`;
      size.textContent = `${group.name ? `no. ${number} · ` : ""}${count(group.size, "item")}`;
      about.clear();
      await cut();
    } catch (error) {
      if (error.status === 404) gone();
      else await refused(error);
    }
  }

  fill(root,
    el("p.back", {}, el("a", { href: `#/group/${number}` }, "Back to the group")),
    el("div.heading", {}, title, size),
    el("div.slider", {}, el("label", { for: "parts" }, "How many parts"), slider, told, go),
    rows, bar);
  read();

  return {
    title: `Split group ${number}`,
    keys: [
      { keys: ["+", "="], words: "One part more", repeats: true, run: () => turn(1) },
      { keys: ["-"], words: "One part fewer", repeats: true, run: () => turn(-1) },
      { keys: ["Ctrl+Enter"], words: "Split like this", run: splitNow },
      { keys: ["Escape"], words: "Back to the group", run: () => (location.hash = `#/group/${number}`) },
      ...keys.filter((each) => each.keys[0] !== "Escape"),
    ],
    changed: (_, touched) => (!touched || touched.includes(number)) && read(),
  };

  function turn(by) {
    slider.value = Number(slider.value) + by;
    slider.dispatchEvent(new Event("input"));
  }
}
