// Running again: only what is new, or everything; and how far a run is.

import { ask, get } from "./api.js";
import { el, fill } from "./dom.js";
import { openDialog } from "./dialogs.js";
import { say } from "./notices.js";
import { project, refresh, refused, sentence } from "./project.js";
import { jobLine } from "./topbar.js";
import { count, percent } from "./words.js";

const EVERY = 700; // milliseconds between looks at a job
const KEPT = "covey-job";

/** Asks how, and starts. */
export function runAgain() {
  const { new_items: fresh, last_run: last } = project.now ?? {};
  openDialog("Run again", (body, close) => {
    const grow = el("button.main", {
      disabled: !fresh || !last,
      onclick: () => { close(); start({}); },
    }, "Add what is new");
    const full = el("button", {
      onclick: () => { close(); start({ full: true, prefer: prefer.value }); },
    }, "Group all anew");
    const prefer = el("select", {},
      el("option", { value: "balanced" }, "as good as possible in all"),
      el("option", { value: "precision" }, "purer"),
      el("option", { value: "recall" }, "more complete"));
    body.append(
      el("section", {},
        el("h3", {}, "Add what is new"),
        el("p", {}, fresh
          ? `${count(fresh, "item")} came since the last run. They join the groups that are there, or make new ones.`
          : "No items came since the last run."),
        el("div.actions", {}, grow)),
      el("section", {},
        el("h3", {}, "Group all anew"),
        el("p", {}, "All items are grouped again, with what you taught: what you merged stays together, " +
          "what you split stays apart, and named and confirmed groups stay as they are. After that, " +
          "what you did before cannot be undone."),
        el("label.field", {}, el("span", {}, "Groups should be"), prefer),
        el("div.actions", {}, full)));
    return grow.disabled ? full : grow;
  });
}

async function start(asked) {
  try {
    const { job } = await ask("POST", "/v1/runs", { body: asked });
    sessionStorage.setItem(KEPT, job);
    follow(job);
  } catch (error) {
    await refused(error);
  }
}

async function follow(job) {
  const line = jobLine();
  const bar = el("progress", { max: 1, "aria-label": "Run" });
  const words = el("span", {}, "Starting");
  line.hidden = false;
  fill(line, words, bar);
  for (;;) {
    let now;
    try {
      now = await get(`/v1/jobs/${job}`);
    } catch (error) {
      if (!error.status) { // the server is lost; it may come back
        await pause();
        continue;
      }
      end();
      if (error.status !== 404) await refused(error);
      return;
    }
    if (now.state === "done" || now.state === "failed") {
      end();
      await refresh({ quiet: true }).catch(refused);
      if (now.state === "done") say(`The run is done. ${outcome(now.outcome)}`);
      else await refused(new Error(sentence(told(now.problem))));
      return;
    }
    words.textContent = `${now.stage ?? "Running"} · ${percent(now.share ?? 0)}`;
    bar.value = now.share ?? 0;
    await pause();
  }

  function end() {
    sessionStorage.removeItem(KEPT);
    line.hidden = true;
    fill(line);
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, EVERY));

function told(problem) {
  return problem?.detail ?? problem ?? "The run failed";
}

function outcome(found) {
  if (!found) return "";
  const groups = found.groups ?? {};
  const said = Object.entries(groups).filter(([, value]) => Number.isInteger(value) && value > 0);
  const became = said.map(([word, value]) => `${value} ${word.replaceAll("_", " ")}`).join(", ");
  return found.report ? `${became}. Its report: ${found.report}` : became;
}

/** Goes on following a run that was started before the page was loaded again. */
export function followKept() {
  const job = sessionStorage.getItem(KEPT);
  if (job) follow(job);
}
