// Dialogs: the browser's own, so that the focus stays inside, Esc closes, and the focus goes back
// where it was.

import { el, icon } from "./dom.js";

/**
 * Opens a dialog over the page.
 *
 * @param build Gets the body and a function that closes; may return what is to have the focus.
 */
export function openDialog(title, build, { wide = false } = {}) {
  const head = el("h2", { id: "dialog-title" }, title);
  const shut = el("button.bare", { "aria-label": "Close", onclick: () => close() }, icon("close"));
  const body = el("div.body");
  const dialog = el(
    `dialog${wide ? ".wide" : ""}`, { "aria-labelledby": "dialog-title" },
    el("div.head", {}, head, shut), body);
  const close = () => dialog.close();
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) close();
  });
  document.body.append(dialog);
  const first = build(body, close);
  dialog.showModal();
  (first ?? shut).focus();
  return close;
}

/** Asks for a line of text; gives it, or null. */
export function askLine(title, label, { value = "", done = "Save", hint = "" } = {}) {
  return new Promise((resolve) => {
    let given = null;
    const close = openDialog(title, (body) => {
      const input = el("input", { type: "text", value, maxlength: 200, autocomplete: "off" });
      body.append(el("form", {
        onsubmit: (event) => {
          event.preventDefault();
          given = input.value.trim();
          close();
        },
      }, el("label.field", {}, el("span", {}, label), input), hint && el("p.soft", {}, hint),
      el("div.actions", {}, el("button.main", { type: "submit" }, done))));
      setTimeout(() => input.select());
      body.closest("dialog").addEventListener("close", () => resolve(given));
      return input;
    });
  });
}
