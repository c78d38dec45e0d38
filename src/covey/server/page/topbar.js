// What is always there: the project, how far it is, undo and redo, the views, and the menu.

import { el, fill, icon } from "./dom.js";
import { showKeys } from "./keys.js";
import { onProject, step } from "./project.js";
import { runAgain } from "./runs.js";
import { count, number, percent } from "./words.js";

const TABS = [
  ["groups", "Groups"], ["merge", "Queue"], ["none", "No group"], ["map", "Map"],
  ["search", "Search"], ["curve", "Cuts"], ["history", "History"],
];
const EXPORTS = [
  ["csv", "CSV table"], ["parquet", "Parquet table"], ["json", "JSON"],
  ["fiftyone", "FiftyOne"], ["coco", "COCO"],
];

const parts = {};

/** Builds it; it follows the project. */
export function topbar(host) {
  parts.name = el("a.project", { href: "#/groups" }, "Covey");
  parts.progress = el("div.progress", { role: "progressbar", "aria-valuemin": 0, "aria-valuemax": 100 });
  parts.done = el("span.share");
  parts.undo = stepButton("undo", "Undo");
  parts.redo = stepButton("redo", "Redo");
  parts.job = el("div.job", { hidden: true });
  parts.tabs = TABS.map(([view, words]) => el("a", { href: `#/${view}` }, words, el("span.tally")));
  fill(
    host,
    el("div.line", {},
      parts.name,
      el("div.reviewed", {}, parts.progress, parts.done),
      el("div.tools", {}, parts.undo, parts.redo,
        el("button", { onclick: runAgain }, "Run again"), exportMenu(),
        el("button.bare", { onclick: switchTheme, "aria-label": "Dark or light", title: "Dark or light" },
          icon("half")),
        el("button.bare", { onclick: showKeys, "aria-label": "Keys", title: "Keys (?)" }, icon("keys")))),
    el("nav", { "aria-label": "Views" }, ...parts.tabs), parts.job);
  onProject(follow);
}

/** Where jobs tell how far they are. */
export const jobLine = () => parts.job;

/** Says which view is shown. */
export function here(view) {
  const tab = { group: "groups", split: "groups" }[view] ?? view;
  TABS.forEach(([name], at) => {
    if (name === tab) {
      parts.tabs[at].setAttribute("aria-current", "page");
      parts.tabs[at].scrollIntoView({ block: "nearest", inline: "nearest" });
    } else parts.tabs[at].removeAttribute("aria-current");
  });
}

function follow(now) {
  document.body.classList.toggle("texts", !now.has_pictures);
  parts.name.textContent = now.name;
  parts.name.title = `${count(now.items, "item")} in ${count(now.groups, "group")}`;
  const share = now.reviewed_share ?? 0;
  parts.progress.setAttribute("aria-valuenow", Math.round(100 * share));
  parts.progress.setAttribute("aria-label", "Items reviewed");
  parts.progress.style.setProperty("--share", share);
  fill(parts.done, percent(share), el("span.wide", {}, " of items reviewed"));
  parts.done.title = `${number(now.reviewed_items)} of ${count(now.items, "item")} are in groups that ` +
    "have a name, are confirmed or hidden";
  tally("groups", now.groups);
  tally("none", now.in_no_group);
  for (const which of ["undo", "redo"]) {
    const button = parts[which];
    const of = now[which];
    const words = which === "undo" ? "Undo" : "Redo";
    button.disabled = !of;
    button.title = of ? `${words}: ${of.kind} (${which === "undo" ? "Z" : "Shift Z"})` : `${words} (nothing)`;
    button.setAttribute("aria-label", of ? `${words}: ${of.kind}` : words);
    button.querySelector(".kind").textContent = of ? of.kind : "";
  }
}

function tally(view, value) {
  const at = TABS.findIndex(([name]) => name === view);
  parts.tabs[at].querySelector(".tally").textContent = number(value);
}

function stepButton(which, words) {
  return el("button.step", { onclick: () => step(which), disabled: true, "aria-label": words },
    icon(which), el("span.wide", {}, words), el("span.kind.wide"));
}

function exportMenu() {
  const list = el("ul", {}, ...EXPORTS.map(([kind, words]) => el("li", {},
    el("a", { href: `/v1/exports/${kind}`, download: "" }, words))));
  const menu = el("details.menu", {}, el("summary", {}, "Export"), list);
  const shut = () => menu.removeAttribute("open");
  document.addEventListener("click", (event) => menu.contains(event.target) || shut());
  list.addEventListener("click", () => setTimeout(shut));
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    event.stopPropagation();
    shut();
    menu.firstChild.focus();
  });
  return menu;
}

function switchTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  localStorage.setItem("covey-theme", next);
  document.dispatchEvent(new Event("covey:theme"));
}
