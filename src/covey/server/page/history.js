// The journal: everything that happened, the last first.

import { el, fill } from "./dom.js";
import { Pages } from "./pages.js";
import { project, refused } from "./project.js";
import { count, eventGroups, eventWords, when } from "./words.js";

export function history(root) {
  const told = el("p.soft", {}, "…");
  const list = el("ol.events", { "aria-label": "Events, the last first" });
  const more = el("button", { onclick: () => pages.need(pages.rows.length), hidden: true }, "Show earlier ones");
  const pages = new Pages("/v1/events", "events", { order: "newest" }, came, refused);

  function came(from, answer) {
    told.textContent = answer.total ? count(answer.total, "event") : "Nothing happened yet.";
    if (from === 0) fill(list);
    list.append(...pages.rows.slice(from).map(row));
    more.hidden = pages.next === null;
  }

  fill(root, el("div.heading", {}, el("h1", {}, "History"), told), list, more);
  pages.need(0);
  return { title: "History", changed: () => pages.reload(), leave: () => pages.stop() };
}

function row(event) {
  const next = project.now?.undo?.event === event.number;
  return el("li", next ? { class: "next" } : {},
    el("span.number", {}, event.number),
    el("span.what", {}, eventWords(event), next && el("span.mark", {}, "undo goes here")),
    el("span.where", {}, ...eventGroups(event).slice(0, 6).map((group) =>
      el("a", { href: `#/group/${group}`, "aria-label": `Group ${group}` }, group))),
    el("span.who", {}, event.author),
    el("time", { datetime: event.time }, when(event.time)));
}
