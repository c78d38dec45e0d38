// The project as the page last saw it, and the one way to change it.

import { ask, get, Lost } from "./api.js";
import { complain, say } from "./notices.js";
import { groupList } from "./words.js";

/** `now` is the answer of /v1/project; null until it came. */
export const project = { now: null, busy: false };

const listeners = new Set();

/** Calls back when the project was read anew; `touched` are groups that changed, null if unknown. */
export function onProject(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Reads the project, and has what shows it drawn again if something happened since. */
export async function refresh({ touched = null, quiet = false } = {}) {
  const before = project.now?.revision;
  project.now = await get("/v1/project");
  const moved = before !== undefined && before !== project.now.revision;
  if (quiet && !moved) touched = [];
  for (const listener of [...listeners]) listener(project.now, touched);
}

/**
 * Changes the project, tells what happened, and refreshes what is shown.
 *
 * Only one change is made at a time: a key that is held down does nothing twice.
 *
 * @param words What to say when it is done; the notes of the server are added.
 * @returns The answer, or null if it was refused or another change was under way.
 */
export async function change(words, method, path, body = {}) {
  if (project.busy) return null;
  project.busy = true;
  try {
    const answer = await ask(method, path, { body, seen: project.now?.revision });
    const said = typeof words === "function" ? words(answer) : words;
    await refresh({ touched: answer.touched ?? null });
    say([said, ...(answer.notes ?? []).map(sentence)].join(" "));
    return answer;
  } catch (error) {
    await refused(error);
    return null;
  } finally {
    project.busy = false;
    for (const go of ready.splice(0)) go();
  }
}

const ready = [];

/** Until no change is under way. */
async function settled() {
  while (project.busy) await new Promise((go) => ready.push(go));
}

/** Takes the last change back, or makes it again; asked for twice, it goes back twice. */
export async function step(which) {
  await settled();
  const of = project.now?.[which];
  if (!of) {
    say(which === "undo" ? "There is nothing to undo." : "There is nothing to redo.");
    return null;
  }
  const words = (answer) => {
    const where = answer.touched?.length ? ` (${groupList(answer.touched)})` : "";
    return `${which === "undo" ? "Undone" : "Done again"}: ${of.kind}${where}.`;
  };
  return change(words, "POST", `/v1/${which}`);
}

/** Tells in words why something was refused; after a conflict everything is read anew. */
export async function refused(error) {
  if (error.name === "AbortError" || error instanceof Lost) return;
  if (error.status === 401) {
    complain("This page has no key any more. Open the address that “covey review” printed.");
  } else if (error.conflict) {
    complain(`${sentence(error.message)} This page is up to date again.`);
    await refresh().catch(() => {});
  } else {
    complain(sentence(error.message));
    if (!error.status) console.error(error);
  }
}

/** With a capital and a full stop. */
export function sentence(words) {
  const full = /[.!?…]$/.test(words) ? words : `${words}.`;
  return full.charAt(0).toUpperCase() + full.slice(1);
}
