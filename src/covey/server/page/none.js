// Items in no group, and where each may belong.

import { get } from "./api.js";
import { el, fill } from "./dom.js";
import { arrows, cellsOf, Grid } from "./grid.js";
import { openItem } from "./item.js";
import { say } from "./notices.js";
import { Pages } from "./pages.js";
import { change, project, refused } from "./project.js";
import { Selection } from "./selection.js";
import { selectionBar } from "./selection_bar.js";
import { face, strip, tileLabel } from "./tiles.js";
import { count, percent } from "./words.js";

const SURE = 0.8; // chance from which homes are accepted together
const NOTHING_SURE = `None shown is ${percent(SURE)} likely`;

export function none(root) {
  const selection = new Selection();
  const homes = new Map(); // group -> promise of what is known of it
  const told = el("p.soft", { "aria-live": "polite" }, "…");
  const host = el("div.homeless", { role: "list", "aria-label": "Items in no group" });
  const empty = el("div.empty", { hidden: true }, el("h2", {}, "Every item is in a group"),
    el("p", {}, "What you take out of a group comes here."));
  const accept = el("button.main", { onclick: acceptSure, disabled: true }, NOTHING_SURE);
  const { bar, keys } = selectionBar(selection, { leave: false, changed: markAll });

  const grid = new Grid(host, {
    layout: cellsOf(270, () => 132, 12),
    draw: (index) => card(pages?.at(index), index),
    need: (index) => { pages?.need(index); countShown(); },
  });
  arrows(grid);
  let pages = null;
  pages = new Pages("/v1/none", "items", {}, came, refused);

  function came(from, answer) {
    told.textContent = answer.total ? count(answer.total, "item") : "";
    empty.hidden = answer.total > 0;
    host.hidden = accept.hidden = !answer.total;
    grid.size(answer.total);
    grid.redraw(from, pages.rows.length);
    countShown();
  }

  /** Those whose card is in the window and whose home is likely enough to be accepted with others. */
  function sureInSight() {
    return [...grid.cells].filter(([, cell]) => {
      const { top, bottom } = cell.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    }).map(([index]) => pages?.at(index)).filter((each) => each?.home?.chance >= SURE);
  }

  function countShown() {
    const found = sureInSight();
    const wrong = found.reduce((sum, each) => sum + 1 - each.home.chance, 0);
    accept.disabled = !found.length;
    accept.textContent = found.length
      ? `Accept ${found.length} of ${percent(SURE)} and more, about ${wrong.toFixed(1)} wrong` : NOTHING_SURE;
  }

  function acceptOne(item) {
    const to = item.home.name || `group ${item.home.group}`;
    return change(`Moved to ${to}.`, "POST", "/v1/items/move", { items: [item.item], group: item.home.group });
  }

  async function acceptSure() {
    const by = Map.groupBy(sureInSight(), (item) => item.home.group);
    let moved = 0;
    for (const [group, items] of by) {
      const body = { items: items.map((each) => each.item), group };
      if (!(await change(`Moved ${count(items.length, "item")}.`, "POST", "/v1/items/move", body))) break;
      moved += items.length;
    }
    if (moved) say(`Moved ${count(moved, "item")} to ${count(by.size, "group")}, an event for each group.`);
  }

  async function refuse(item) {
    const key = `home:${item.item}:${item.home.group}`;
    await change("It is not suggested any more.", "POST", "/v1/suggestions/reject", { key });
  }

  function card(item, index) {
    const place = { role: "listitem", "aria-setsize": grid.count, "aria-posinset": index + 1 };
    if (!item) return el("div.card.skeleton", { ...place, "data-stop": true, "aria-label": "is coming" });
    const pick = el("button.tile", {
      "data-stop": true, "data-item": item.item, "aria-pressed": String(selection.items.has(item.item)),
      "aria-label": `${tileLabel(item)}, select`, onclick: () => selection.toggle(item.item),
      ondblclick: () => openItem(item.item),
    }, face(item));
    return el("div.card", place, pick, item.home ? suggestion(item) : el("div.home", {},
      el("p.soft", {}, "No likely home"), el("p.id", {}, item.id)));
  }

  function suggestion(item) {
    const { group, name, chance } = item.home;
    const faces = el("div.strip");
    if (!homes.has(group)) homes.set(group, get(`/v1/groups/${group}`).catch(() => null));
    homes.get(group).then((known) => {
      if (known) faces.replaceWith(strip(known.exemplars, { pictures: project.now.has_pictures }, 3));
    });
    const where = name || `Group ${group}`;
    return el("div.home", {},
      el("p", {}, el("a", { href: `#/group/${group}`, "data-stop": true }, where), el("span.soft", {}, ` ${percent(chance)}`)),
      faces,
      el("div.actions", {},
        el("button", { "data-stop": true, onclick: () => acceptOne(item), "aria-label": `Accept ${where}` }, "Accept"),
        el("button.quiet", { "data-stop": true, onclick: () => refuse(item), "aria-label": `Not ${where}` }, "No")));
  }

  function markAll() {
    for (const each of host.querySelectorAll("[aria-pressed]")) {
      each.setAttribute("aria-pressed", selection.items.has(Number(each.dataset.item)));
    }
  }

  /** The item whose card has the focus. */
  const focused = (run) => () => {
    const item = host.contains(document.activeElement) && pages.at(grid.current);
    if (item?.home) run(item);
  };

  fill(root, el("div.heading", {}, el("h1", {}, "In no group"), told, el("div.actions", {}, accept)),
    empty, host, bar);
  grid.size(12);
  pages.need(0);
  addEventListener("scroll", countShown, { passive: true });

  return {
    title: "In no group",
    keys: [
      { keys: ["a"], words: "Accept the home of this item", run: focused(acceptOne) },
      { keys: ["x"], words: "Turn it down", run: focused(refuse) },
      { keys: ["Shift+a"], words: `Accept those shown that are ${percent(SURE)} likely`, run: acceptSure },
      ...keys,
    ],
    changed() {
      homes.clear();
      pages.reload();
    },
    leave() {
      removeEventListener("scroll", countShown);
      pages.stop();
      grid.stop();
    },
  };
}
