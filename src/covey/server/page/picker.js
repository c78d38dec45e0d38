// Choosing a group: by a part of its name, or by its number.

import { get } from "./api.js";
import { el, fill, later } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { project } from "./project.js";
import { strip } from "./tiles.js";
import { count, groupName } from "./words.js";

const SHOWN = 8;

/** Opens a dialog; gives the group that was chosen, or null. */
export function pickGroup(title, { except = null } = {}) {
  return new Promise((resolve) => {
    let chosen = null;
    let found = [];
    let at = 0;

    const close = openDialog(title, (body) => {
      const list = el("ul.choices", { id: "choices", role: "listbox", "aria-label": "Groups" });
      const input = el("input", {
        type: "search", autocomplete: "off", role: "combobox", "aria-expanded": "true",
        "aria-controls": "choices", "aria-autocomplete": "list", placeholder: "Name or number",
        "aria-label": "Group, by name or number",
      });

      const show = () => {
        at = Math.max(0, Math.min(at, found.length - 1));
        fill(list, ...found.map((group, index) => el(
          "li.choice", {
            role: "option", id: `choice-${index}`, "aria-selected": String(index === at),
            onclick: () => take(group),
          },
          strip(group.exemplars, { pictures: project.now?.has_pictures }, 3),
          el("span.name", {}, groupName(group)),
          el("span.soft", {}, `${group.name ? `no. ${group.number}, ` : ""}${count(group.size, "item")}`),
        )));
        if (!found.length) fill(list, el("li.soft", {}, "No group is called that."));
        input.setAttribute("aria-activedescendant", found.length ? `choice-${at}` : "");
        list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
      };

      const take = (group) => {
        chosen = group;
        close();
      };

      let looked = null; // what was looked for last
      const look = async () => {
        const words = input.value.trim();
        if (words === looked) return;
        const groups = await search(words).catch(() => []);
        if (words !== input.value.trim()) return; // more was typed since
        looked = words;
        found = groups.filter((group) => group.number !== except);
        at = 0;
        show();
      };

      input.addEventListener("input", later(look, 120));
      input.addEventListener("keydown", async (event) => {
        if (event.key === "ArrowDown") at++;
        else if (event.key === "ArrowUp") at--;
        else if (event.key === "Enter") {
          event.preventDefault();
          await look(); // the last letters may not have been looked for yet
          if (found[at]) take(found[at]);
          return;
        } else return;
        event.preventDefault();
        show();
      });
      body.append(input, list);
      body.closest("dialog").addEventListener("close", () => resolve(chosen));
      look();
      return input;
    });
  });
}

/** Groups by number first, then by name; the largest ones if nothing is asked. */
async function search(words) {
  const number = /^#?(\d+)$/.exec(words)?.[1];
  const [exact, named] = await Promise.all([
    number ? get(`/v1/groups/${number}`).catch(() => null) : null,
    get("/v1/groups", { q: words, order: "size", limit: SHOWN }),
  ]);
  const others = named.groups.filter((group) => group.number !== exact?.number);
  return exact ? [exact, ...others] : others;
}
