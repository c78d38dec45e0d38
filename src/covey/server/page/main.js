// Begins: takes the token, reads the project, and shows the view that the address names.

import { takeToken } from "./api.js";
import { curve } from "./curve.js";
import { el, fill } from "./dom.js";
import { group } from "./group.js";
import { groups } from "./groups.js";
import { history } from "./history.js";
import { globalKeys, showKeys, viewKeys } from "./keys.js";
import { map } from "./map.js";
import { none } from "./none.js";
import { onProject, project, refresh, refused, step } from "./project.js";
import { queue } from "./queue.js";
import { followKept } from "./runs.js";
import { search } from "./search.js";
import { split } from "./split.js";
import { here, topbar } from "./topbar.js";

const VIEWS = { groups, group, merge: queue, split, none, map, search, curve, history };

const root = document.getElementById("view");
let shown = null;

/**
 * Shows what the address names: `#/group/12`.
 *
 * A view is a function of its host and the parts of the address after its name. It gives `title`,
 * and may give `keys`, `changed(project, touched)` and `leave()`.
 */
function show() {
  const [name, ...given] = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const view = VIEWS[name] ?? groups;
  shown?.leave?.();
  document.body.classList.remove("selecting");
  fill(root);
  scrollTo({ top: 0, behavior: "instant" });
  shown = view(root, given);
  document.title = `${shown.title} · ${project.now?.name ?? "Covey"}`;
  root.className = `view-${name || "groups"}`;
  root.setAttribute("aria-label", shown.title);
  viewKeys(shown.keys ?? []);
  here(VIEWS[name] ? name : "groups");
}

globalKeys(
  { keys: ["z", "Ctrl+z"], words: "Undo", run: () => step("undo") },
  { keys: ["Shift+z", "Ctrl+Shift+z", "Ctrl+y"], words: "Redo", run: () => step("redo") },
  { keys: ["/"], words: "Search", run: () => (location.hash = "#/search") },
  { keys: ["g"], words: "All groups", run: () => (location.hash = "#/groups") },
  { keys: ["q"], words: "The queue", run: () => (location.hash = "#/merge") },
  { keys: ["?"], words: "Keys", run: showKeys },
);

async function begin() {
  takeToken();
  topbar(document.getElementById("top"));
  try {
    await refresh();
  } catch (error) {
    await refused(error);
    fill(root, el("div.empty", {}, el("h1", {}, "The project cannot be shown"),
      el("p", {}, error.status === 401
        ? "Open the address that “covey review” printed; it holds the key of this session."
        : error.message)));
    document.addEventListener("covey:back", () => location.reload(), { once: true });
    return;
  }
  onProject((now, touched) => touched?.length !== 0 && shown?.changed?.(now, touched));
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault(); // the address names the view, so the focus goes there by hand
    root.focus();
  });
  addEventListener("hashchange", () => {
    show();
    if (!root.contains(document.activeElement)) root.focus({ preventScroll: true });
  });
  const again = () => refresh({ quiet: true }).catch(refused);
  document.addEventListener("covey:back", again);
  addEventListener("focus", again); // others may have written in the meantime
  followKept();
  show();
}

begin();
