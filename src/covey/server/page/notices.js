// What happened, seen and heard: one line that goes, and one for problems that stays.

import { el, fill, icon } from "./dom.js";

const SHOWN = 7000;
let timer = 0;

/** Says what was done. */
export function say(words) {
  const told = document.getElementById("told");
  fill(document.getElementById("wrong"));
  fill(told, el("p", {}, words));
  clearTimeout(timer);
  timer = setTimeout(() => fill(told), SHOWN);
}

/** Says what went wrong, until somebody has read it. */
export function complain(words) {
  const wrong = document.getElementById("wrong");
  const close = el("button.bare", { "aria-label": "Close", onclick: () => fill(wrong) }, icon("close"));
  fill(document.getElementById("told"));
  fill(wrong, el("p", {}, words), close);
}
