// The gallery: all groups, as many as there are.

import { el, fill, later } from "./dom.js";
import { arrows, cellsOf, Grid } from "./grid.js";
import { Pages } from "./pages.js";
import { project, refused } from "./project.js";
import { strip } from "./tiles.js";
import { count, groupName } from "./words.js";

const ORDERS = [["size", "largest first"], ["name", "by name"], ["changed", "changed last"]];
const SHOWS = [
  ["all", "all"], ["unnamed", "without a name"], ["named", "with a name"],
  ["confirmed", "confirmed"], ["hidden", "hidden"],
];
const kept = { order: "size", show: "all", q: "", at: 0 }; // what was last looked at, to go back to

/** Groups in the order of the gallery, for those who go on from one to the next. */
export const lastShown = { rows: [] };

export function groups(root) {
  const has = () => ({ pictures: project.now.has_pictures });
  const told = el("p.soft", { "aria-live": "polite" }, "…");
  const host = el("div.gallery", { role: "list", "aria-label": "Groups" });
  const empty = el("div.empty", { hidden: true });
  let pages = null;

  const grid = new Grid(host, {
    layout: cellsOf(260, (width) => (has().pictures ? Math.round((width - 42) / 4) : 92) + 76, 16),
    draw: (index) => card(pages?.at(index), index, grid.count, has()),
    need: (index) => pages?.need(index),
  });
  arrows(grid);

  const came = (from, answer) => {
    lastShown.rows = pages.rows;
    told.textContent = count(answer.total, "group");
    empty.hidden = answer.total > 0;
    host.hidden = !answer.total;
    if (!answer.total) fill(empty, ...nothing());
    grid.size(answer.total);
    grid.redraw(from, pages.rows.length);
    if (from === 0 && kept.at) {
      scrollTo({ top: kept.at, behavior: "instant" });
      kept.at = 0;
    }
  };

  const read = () => {
    pages?.stop();
    const { order, show, q } = kept;
    pages = new Pages("/v1/groups", "groups", { order, show, q }, came, refused);
    pages.need(0);
  };

  const filter = el("input", {
    type: "search", value: kept.q, placeholder: "Name or number", "aria-label": "Groups called",
    oninput: later(() => { kept.q = filter.value.trim(); read(); }, 200),
  });
  fill(
    root,
    el("div.heading", {}, el("h1", {}, "Groups"), told,
      el("div.filters", {}, filter, choice("Show", SHOWS, "show", read), choice("Order", ORDERS, "order", read))),
    empty, host);
  grid.size(12); // as long as nothing is known
  read();

  return {
    title: "Groups",
    keys: [{ keys: ["f"], words: "Find a group by its name", run: () => filter.focus() }],
    changed: () => pages.reload().catch(refused),
    leave() {
      kept.at = scrollY;
      pages.stop();
      grid.stop();
    },
  };
}

function choice(words, options, key, then) {
  const select = el("select", {
    "aria-label": words,
    onchange: () => { kept[key] = select.value; then(); },
  }, ...options.map(([value, said]) => el("option", { value, selected: value === kept[key] }, said)));
  return el("label.choose", {}, el("span", {}, words), select);
}

function card(group, index, total, has) {
  const place = { role: "listitem", "aria-setsize": total, "aria-posinset": index + 1 };
  if (!group) return el("div.card.skeleton", { ...place, "data-stop": true, "aria-label": "is coming" });
  return el("div.card", place, el("a", { href: `#/group/${group.number}`, "data-stop": true },
    strip(group.exemplars, has, has.pictures ? 4 : 3),
    el("span.name", { class: group.name ? "name" : "name unnamed" }, groupName(group)),
    el("span.about", {}, group.name ? `no. ${group.number} · ` : "", count(group.size, "item"), marks(group))));
}

/** What somebody said of a group. */
export function marks(group) {
  return [
    group.confirmed && el("span.mark", {}, "confirmed"),
    group.hidden && el("span.mark.quiet", {}, "hidden"),
  ];
}

function nothing() {
  const { now } = project;
  if (kept.q || kept.show !== "all") {
    return [el("h2", {}, "No group is like that"), el("p", {}, "Ask for another name, or show all of them.")];
  }
  if (!now.items) return [el("h2", {}, "No items yet"), el("p", {}, "Add some with “covey add”, then run.")];
  return [
    el("h2", {}, "No groups yet"),
    el("p", {}, `${count(now.items, "item")} wait to be grouped: “Run again” does that.`),
  ];
}
