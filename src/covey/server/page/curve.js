// The curve of cuts: what coarser and finer groups would have promised, and which was taken.

import { get } from "./api.js";
import { el, fill, svg } from "./dom.js";
import { refused } from "./project.js";
import { count, number, percent } from "./words.js";

const HIGH = 270;
const EDGE = { left: 46, right: 16, top: 16, bottom: 40 };

export function curve(root) {
  const stage = el("div.stage.skeleton");
  let found = null;
  const watch = new ResizeObserver(() => found && draw());
  watch.observe(stage);

  async function read() {
    try {
      found = readable(await get("/v1/curve"));
    } catch (error) {
      if (error.status !== 404 && error.status !== 409) await refused(error);
      found = null;
    }
    stage.classList.remove("skeleton");
    if (found?.cut.length) draw();
    else fill(stage, el("div.empty", {}, el("h2", {}, "No cuts to show"),
      el("p", {}, "The curve is made by a full run: “Run again”, “Group all anew”.")));
  }

  function draw() {
    const wide = Math.max(280, stage.clientWidth);
    const { cut, precision, recall, groups, chosen } = found;
    const places = cut.map((_, at) => EDGE.left + ((wide - EDGE.left - EDGE.right) * at) / Math.max(1, cut.length - 1));
    const note = el("p.reading", { "aria-live": "off" });
    const tell = (at) => {
      note.textContent = `Cut ${cutName(cut[at])}${at === chosen ? " (taken)" : ""}: ` +
        `${percent(precision[at])} of what shares a group would belong together, ${percent(recall[at])} of what ` +
        `belongs together would share one; ${count(groups[at], "group")}, with items that are alone.`;
    };
    if (chosen >= 0) tell(chosen);
    fill(stage,
      el("p.legend", {}, el("span.one", {}, "precision"), el("span.two", {}, "recall"), el("span.taken", {}, "taken")),
      chart(wide, places, [["one", precision], ["two", recall]], (value) => value, ["0 %", "50 %", "100 %"], found, tell),
      note, el("h2", {}, "Groups, with items that are alone"),
      chart(wide, places, [["one", groups]], scale(groups), ["0", null, number(Math.max(...groups))], found, tell),
      table(found));
  }

  fill(root, el("div.heading", {}, el("h1", {}, "Cuts"),
    el("p.soft", {}, "What the last full run expected of coarser groups (left) and finer ones (right).")), stage);
  read();
  return { title: "Cuts", changed: (_, touched) => touched === null && read(), leave: () => watch.disconnect() };
}

/** Most cuts that matter are close to 1. */
const cutName = (cut) => cut.toFixed(3);

function scale(values) {
  const most = Math.max(1, ...values);
  return (value) => value / most;
}

function chart(wide, places, lines, share, ticks, { cut, chosen }, tell) {
  const y = (part) => EDGE.top + (1 - part) * (HIGH - EDGE.top - EDGE.bottom);
  const shapes = [];
  [0, 0.5, 1].forEach((part, at) => {
    shapes.push(svg("line", { class: "rule", x1: EDGE.left, x2: wide - EDGE.right, y1: y(part), y2: y(part) }));
    if (ticks[at]) shapes.push(svg("text", { class: "tick", x: EDGE.left - 8, y: y(part) + 4, "text-anchor": "end" }, ticks[at]));
  });
  const every = Math.max(1, Math.ceil(places.length / Math.max(2, Math.floor(wide / 90))));
  places.forEach((x, at) => {
    if (at % every) return;
    shapes.push(svg("text", { class: "tick", x, y: HIGH - 16, "text-anchor": "middle" }, cutName(cut[at])));
  });
  for (const [name, values] of lines) {
    const known = values.map((_, at) => at).filter((at) => Number.isFinite(values[at]));
    const points = known.map((at) => `${places[at]},${y(share(values[at]))}`);
    shapes.push(svg("polyline", { class: `line ${name}`, points: points.join(" ") }));
    for (const at of known) {
      const r = at === chosen ? 5 : 2.5;
      shapes.push(svg("circle", { class: `dot ${name}`, cx: places[at], cy: y(share(values[at])), r }));
    }
  }
  const taken = places[chosen];
  if (taken !== undefined) {
    shapes.push(svg("line", { class: "taken", x1: taken, x2: taken, y1: EDGE.top, y2: HIGH - EDGE.bottom }));
  }
  const drawn = svg("svg", { width: wide, height: HIGH, viewBox: `0 0 ${wide} ${HIGH}`, role: "img",
    "aria-label": "The same figures are in the table below" }, ...shapes);
  drawn.addEventListener("pointermove", (event) => {
    const x = event.clientX - drawn.getBoundingClientRect().left;
    const gaps = places.map((place) => Math.abs(place - x));
    tell(gaps.indexOf(Math.min(...gaps)));
  });
  drawn.addEventListener("pointerleave", () => chosen >= 0 && tell(chosen));
  return drawn;
}

function table({ cut, precision, recall, groups, chosen }) {
  const head = ["cut", "groups", "precision", "recall"].map((word) => el("th", { scope: "col" }, word));
  const rows = cut.map((value, at) => el("tr", at === chosen ? { class: "taken" } : {},
    el("td", {}, cutName(value), at === chosen && el("span.mark", {}, "taken")), el("td", {}, number(groups[at])),
    el("td", {}, percent(precision[at])), el("td", {}, percent(recall[at]))));
  return el("details", {}, el("summary", {}, "As a table"),
    el("table", {}, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
}

/** The answer, with numbers throughout. */
function readable(answer) {
  const shares = (values) => values.map((value) => value ?? NaN); // not foreseen
  return {
    cut: answer.cuts,
    precision: shares(answer.precision),
    recall: shares(answer.recall),
    groups: answer.groups,
    chosen: answer.chosen ?? -1,
  };
}
