// Keys of the page and of the view that is shown, and the list of them behind "?".

import { openDialog } from "./dialogs.js";
import { el } from "./dom.js";

const OFF = "covey-keys-off";
const everywhere = [];
let here = [];

/** Keys that work in every view: `{keys: ["z"], words: "Undo", run}`. */
export function globalKeys(...bindings) {
  everywhere.push(...bindings);
}

/** Keys of the view, in place of those of the one before. */
export function viewKeys(bindings = []) {
  here = bindings;
}

const off = () => localStorage.getItem(OFF) === "1";

/** Whether letters belong to what has the focus. */
function typing(target) {
  return Boolean(target.closest?.("input:not([type=range]), textarea, select, dialog"));
}

function pressed(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const control = event.ctrlKey || event.metaKey ? "Ctrl+" : "";
  const shift = event.shiftKey && (event.key.length > 1 || /[a-z]/i.test(event.key)) ? "Shift+" : "";
  return control + shift + key;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || event.isComposing || typing(event.target)) return;
  const name = pressed(event);
  if (off() && name.length === 1 && name !== "?") return;
  const found = [...here, ...everywhere].find((each) => each.keys.includes(name));
  if (!found) return;
  event.preventDefault();
  if (!event.repeat || found.repeats) found.run(event);
});

/** Keys as they are printed on them. */
export function keycaps(names) {
  return names.flatMap((name, at) => [
    at ? " or " : null,
    ...name.split(/(?<=.)\+(?=.)/).map((part) => el("kbd", {}, CAPS[part] ?? part.toUpperCase())),
  ]);
}

const CAPS = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc",
  Ctrl: "Ctrl", Shift: "Shift", Enter: "Enter", Delete: "Del", " ": "Space", "arrows": "Arrows",
};

function table(title, bindings) {
  const rows = bindings.map((each) =>
    el("div", {}, el("dt", {}, ...keycaps(each.keys)), el("dd", {}, each.words)));
  return rows.length ? [el("h3", {}, title), el("dl.keylist", {}, ...rows)] : [];
}

const IN_GRIDS = [
  { keys: ["arrows"], words: "Go to the next item" },
  { keys: [" "], words: "Select it, or not" },
  { keys: ["Shift+arrows"], words: "Select on the way" },
  { keys: ["Ctrl+a"], words: "Select all that are loaded" },
  { keys: ["Enter"], words: "Look at it" },
];

/** The list of keys. */
export function showKeys() {
  const box = el("input", {
    type: "checkbox", checked: !off(),
    onchange: () => localStorage.setItem(OFF, box.checked ? "0" : "1"),
  });
  openDialog("Keys", (body) => body.append(
    ...table("Here", here), ...table("Everywhere", everywhere), ...table("Among items", IN_GRIDS),
    el("label.check", {}, box, " Single letters do something"),
  ));
}
