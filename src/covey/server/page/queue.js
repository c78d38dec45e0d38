// The queue: one question after another, answered with one key each.

import { ask, get } from "./api.js";
import { el, fill } from "./dom.js";
import { keycaps } from "./keys.js";
import { say } from "./notices.js";
import { change, project, refused, sentence, step } from "./project.js";
import { QUESTIONS } from "./questions.js";
import { count, number, percent } from "./words.js";

const AHEAD = 20;
const WAIT = 1500; // milliseconds between looks while suggestions are computed
const unsure = new Set(); // keys of what was skipped since the page was loaded
let skips = [];

export function queue(root, [given]) {
  const kind = QUESTIONS[given] ? given : "merge";
  const asks = QUESTIONS[kind];
  const tabs = el("nav.tabs", { "aria-label": "Kinds of questions" });
  const stage = el("div.stage");
  let now = null;
  let counts = {};
  let over = false;
  let reading = 0;

  function drawTabs() {
    fill(tabs, ...Object.entries(QUESTIONS).map(([name, each]) => el("a", {
      href: `#/merge/${name}`, "aria-current": name === kind ? "page" : null,
    }, each.tab, el("span.tally", {}, counts[name] === undefined ? "" : number(counts[name])))));
  }

  /** Reads until something comes that was not skipped. */
  async function read() {
    const mine = ++reading;
    stage.classList.add("changing"); // no key answers what is about to go
    try {
      let cursor = null;
      do {
        const answer = await get("/v1/suggestions", { kind, limit: AHEAD, cursor });
        if (over || mine !== reading) return;
        counts = answer.counts ?? {};
        drawTabs();
        if (answer.problem) {
          now = null;
          fill(stage, failed(answer.problem));
          return;
        }
        if (answer.ready === false) {
          now = null;
          fill(stage, waiting());
          setTimeout(() => over || mine !== reading || read(), WAIT);
          return;
        }
        const found = answer.suggestions.find((each) => !unsure.has(each.key));
        if (found) return show(found, mine);
        cursor = answer.next;
      } while (cursor);
      now = null;
      stage.classList.remove("changing");
      fill(stage, nothing());
    } catch (error) {
      await refused(error);
    }
  }

  async function show(suggestion, mine) {
    const sides = await asks.sides(suggestion).catch(async (error) => {
      if (error.status !== 404) await refused(error);
      return null;
    });
    if (over || mine !== reading) return;
    if (!sides) return void skip(suggestion); // a group went in the meantime
    now = suggestion;
    stage.classList.remove("changing");
    fill(stage,
      el("h2.question", { tabindex: -1 }, asks.question),
      el("p.soft", {}, `${asks.chance(percent(suggestion.chance))} The answer is worth about ${count(Math.max(1, Math.round(suggestion.gain)), "item")}.`),
      el("div.sides", {}, ...sides.slice(0, 2)), sides[2] ?? null,
      el("div.answers", {},
        answerButton("s", asks.same, same), answerButton("d", asks.different, different),
        answerButton("u", "Unsure", unsureOf),
        answerButton("z", "Undo", undo)));
  }

  function answerButton(key, words, run) {
    return el("button", { onclick: run, class: "sd".includes(key) ? null : "quiet" }, words, keycaps([key])[1]);
  }

  async function give(answer) {
    if (!now || project.busy || stage.classList.contains("changing")) return;
    const asked = now;
    if (await change(...answer(asked))) skips = [];
    else read();
  }

  const same = () => give(asks.onSame);
  const different = () => give(asks.onDifferent);

  function unsureOf() {
    if (now && !stage.classList.contains("changing")) skip(now);
  }

  function skip(suggestion) {
    unsure.add(suggestion.key);
    skips.push(suggestion.key);
    say("Left open; it comes again another time.");
    read();
  }

  function undo() {
    if (!skips.length) return step("undo");
    unsure.delete(skips.pop());
    say("Back to what you were unsure of.");
    return read();
  }

  function failed(problem) {
    stage.classList.remove("changing");
    return el("div.empty", {}, el("h2", {}, "Questions could not be computed"),
      el("p", {}, sentence(problem.detail), " ", el("button", { onclick: again }, "Try again")));
  }

  async function again() {
    await ask("POST", "/v1/suggestions/retry").catch(refused);
    if (!over) read();
  }

  function nothing() {
    const left = [...unsure].filter((key) => key.startsWith(`${kind}:`)).length;
    return el("div.empty", {}, el("h2", {}, asks.none), left
      ? el("p", {}, `You were unsure of ${count(left, "question")}. `,
        el("button", { onclick: () => { unsure.clear(); skips = []; read(); } }, "Ask them again"))
      : el("p", {}, "Every answer was given. After the next run there may be more."));
  }

  drawTabs();
  fill(root, el("div.heading", {}, el("h1", {}, "Queue"),
    el("p.soft", {}, "What is likely to help most comes first.")), tabs, stage);
  fill(stage, waiting("Looking for questions…"));
  read();

  return {
    title: "Queue",
    keys: [
      { keys: ["s"], words: asks.same, run: same },
      { keys: ["d"], words: asks.different, run: different },
      { keys: ["u"], words: "Unsure: leave it open", run: unsureOf },
      { keys: ["z"], words: "Undo the last answer", run: undo },
    ],
    changed: read,
    leave: () => { over = true; },
  };
}

function waiting(words = "Questions are being computed…") {
  return el("div.sides.skeleton", { "aria-busy": "true" },
    el("section.side", {}, el("p.soft", {}, words)), el("section.side"));
}
